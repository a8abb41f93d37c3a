// Sign-out takes everything off the phone: what was kept, what was not sent and what was begun, of which one is told before.
import { discardAll, drafts } from "./draft";
import { forget } from "./kept";
import { isMarked, unmark } from "./marked";
import { letters, removeAll } from "./queue";
import { whileNothingIsSent } from "./sending";

/** Lets `form`, which signs out, take everything along; where nothing is kept it is an ordinary form. */
export function clearOnLeaving(form: HTMLFormElement): void {
  form.addEventListener("submit", (event) => {
    if (!isMarked()) return;
    event.preventDefault();
    void whileNothingIsSent(() => leave(form));
  });
}

/** Shows `words` where findings wait on this phone for somebody to sign in. */
export async function tellWhatWaits(words: HTMLElement): Promise<void> {
  const all = isMarked() ? await letters().catch(() => []) : [];
  words.hidden = !all.some((letter) => letter.state === "waiting");
}

async function leave(form: HTMLFormElement): Promise<void> {
  const all = await letters().catch(() => []);
  const waiting = all.filter((letter) => letter.state === "waiting" || letter.state === "refused").length;
  const begun = (await drafts().catch(() => [])).length;
  const lost = [counted(waiting, form.dataset.waitingOne, form.dataset.waiting), counted(begun, form.dataset.draftsOne, form.dataset.drafts)];
  if (waiting + begun && !confirm([...lost, form.dataset.sure].filter(Boolean).join("\n"))) return;
  const content = new FormData(form);
  const ended = await fetch(form.action, { method: "POST", body: content, redirect: "manual" }).catch(() => null);
  if (!ended && !confirm(form.dataset.noSignal ?? "")) return;
  await removeAll().catch(() => undefined);
  await discardAll().catch(() => undefined);
  await forget();
  unmark();
  location.assign("/sign-in");
}

function counted(n: number, one = "", many = ""): string {
  return n === 0 ? "" : (n === 1 ? one : many).replace("{n}", String(n));
}
