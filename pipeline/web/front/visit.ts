// A visit: what was found is written down on the phone first, and sent from there as soon as the line allows.
import { sendInBackground } from "./field/background";
import { Board } from "./field/board";
import { discard, draftOf } from "./field/draft";
import { Drafting, photographIn, read } from "./field/drafting";
import { draftCard } from "./field/letter";
import { isKnown } from "./field/marked";
import { locate } from "./field/place";
import { type Letter, newId, put } from "./field/queue";
import { learn, number, say } from "./language/words";

const MOST_BYTES = 12 * 1024 ** 2;
const root = document.querySelector<HTMLElement>("[data-field]") as HTMLElement;
const visit = root.dataset.visit ?? "";
const person = root.dataset.person ?? "";
const form = document.querySelector<HTMLFormElement>("[data-finding]");
learn(root);

const drafting = form && new Drafting(form, person, visit, MOST_BYTES);
const board = new Board(root, visit);
let hadSent = false;
board.onChange = (mine) => {
  const letter = mine.find((one) => one.visit === visit);
  if (form) form.hidden = Boolean(letter);
  if (!letter) void (drafting ? drafting.restore(isKnown(person)) : showLate());
  // The page from before it was sent still asks for a finding: the server has a newer one.
  if (form && letter && letter.state !== "waiting" && letter.state !== "refused" && hadSent && root.dataset.line === "good") location.reload();
};
board.onTakenBack = () => drafting?.restoreAgain();
void board.begin();

form?.addEventListener("submit", (event) => {
  event.preventDefault();
  void write(form);
});

async function write(form: HTMLFormElement): Promise<void> {
  const { fields, outcome } = read(form, person, visit);
  const photograph = (await photographIn(form)?.arrayBuffer()) ?? null;
  const wrong = complaint(fields, photograph);
  complain(wrong);
  if (wrong) return;
  const letter: Letter = {
    id: newId(),
    visit,
    title: root.dataset.title ?? "",
    person,
    name: root.dataset.name ?? "",
    madeAt: new Date().toISOString(),
    fields,
    outcome,
    photograph,
    state: "waiting",
  };
  try {
    await put(letter);
  } catch {
    // A browser that stores nothing sends it as it always did; without a signal what was typed stays where it is.
    if (root.dataset.line === "none") complain(say("no-room-here"));
    else form.submit();
    return;
  }
  hadSent = true;
  void sendInBackground();
  await drafting?.over();
  await board.draw();
  root.scrollIntoView({ block: "start" });
  await board.send();
}

/** What the server would refuse is said before it is put aside for hours. */
function complaint(fields: Record<string, string>, photograph: ArrayBuffer | null): string {
  if (fields.outcome === "look_alike" && !fields.look_alike.trim()) return say("which-look-alike");
  if (fields.outcome !== "look_alike" && fields.look_alike.trim()) return say("no-look-alike");
  const accuracy = Number(fields.accuracy_m);
  if (fields.accuracy_m.trim() && !(accuracy >= 0.1 && accuracy <= 10_000)) return say("no-accuracy");
  return photograph ? complaintOf(photograph) : "";
}

function complaintOf(photograph: ArrayBuffer): string {
  if (photograph.byteLength > MOST_BYTES) return say("heavy-photograph");
  const start = new Uint8Array(photograph.slice(0, 3));
  return [0xff, 0xd8, 0xff].every((byte, index) => start[index] === byte) ? "" : say("no-photograph");
}

form?.querySelector("#photograph")?.addEventListener("change", () => void look(form));

/** A photograph that would be refused is told when it is chosen: no draft keeps one that is too large. */
async function look(form: HTMLFormElement): Promise<void> {
  const photograph = await photographIn(form)?.arrayBuffer();
  complain(photograph ? complaintOf(photograph) : "");
}

/** A draft of a visit that was recorded meanwhile has no form any more to be in. */
async function showLate(): Promise<void> {
  const place = root.querySelector<HTMLElement>("[data-part=late]");
  const kept = isKnown(person) ? await draftOf(person, visit).catch(() => null) : null;
  if (!place) return;
  const away = () => void discard(person, visit).then(showLate);
  place.replaceChildren(...(kept ? [draftCard(kept.draft, kept.photograph?.bytes ?? null, away)] : []));
}

function complain(words: string): void {
  const place = document.querySelector<HTMLElement>("[data-wrong]");
  if (!place) return;
  place.hidden = !words;
  place.querySelector("p")!.textContent = words;
  if (words) place.scrollIntoView({ block: "center" });
}

const locator = document.querySelector<HTMLButtonElement>("[data-locate]");
if (locator) locator.hidden = false;
locator?.addEventListener("click", () => void fill());

async function fill(): Promise<void> {
  const field = document.querySelector<HTMLInputElement>("#accuracy_m");
  const words = document.querySelector<HTMLElement>("[data-place]");
  if (!field || !words) return;
  words.textContent = say("locating");
  try {
    const { accuracy } = await locate();
    field.value = (Math.round(accuracy * 10) / 10).toString();
    field.dispatchEvent(new Event("input", { bubbles: true }));
    words.textContent = say("standing", { metres: number(accuracy, 1) });
  } catch {
    words.textContent = say("no-place");
  }
}
