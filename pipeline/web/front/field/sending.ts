// Findings on their way: one after the other, by one page at a time, and each as often as it takes.
import { refresh } from "./kept";
import { type Letter, type Told, letters, settle } from "./queue";

const PATIENCE_MS = 60_000;
const LOCK = "plotwatch findings";

/** How the line is, and who is signed in where it is good. */
export type Line = { state: "good"; person: string } | { state: "none" } | { state: "signed-out" };

interface Reader {
  person: string;
  name: string;
  csrf: string;
}

/** Send what waits of whoever is signed in; says how the line is. Another page that sends already is left to it. */
export async function sendAll(tell: () => Promise<void>): Promise<Line> {
  const reader = await ask();
  if (!("csrf" in reader)) return reader;
  const good = { state: "good", person: reader.person } as const;
  if (!navigator.locks) return (await carryAll(reader, tell)) ?? good;
  return navigator.locks.request(LOCK, { ifAvailable: true }, async (lock) => (lock && (await carryAll(reader, tell))) ?? good);
}

/** Do something while nothing is sent; what is on its way already is not waited for. */
export async function whileNothingIsSent(what: () => Promise<void>): Promise<void> {
  if (!navigator.locks) return what();
  await navigator.locks.request(LOCK, { ifAvailable: true }, what);
}

async function carryAll(reader: Reader, tell: () => Promise<void>): Promise<Line | null> {
  for (const letter of await letters()) {
    if (letter.state !== "waiting" || letter.person !== reader.person) continue;
    const line = await carry(letter, reader.csrf);
    if (line) return line;
    await refresh(`/visits/${letter.visit}`);
    await tell();
  }
  return null;
}

/** Null when it is answered, else how the line is. */
async function carry(letter: Letter, csrf: string): Promise<Line | null> {
  const form = new FormData();
  for (const [name, value] of Object.entries({ ...letter.fields, visit: letter.visit, finding: letter.id, made_at: letter.madeAt })) form.set(name, value);
  if (letter.photograph) form.set("photograph", new Blob([letter.photograph], { type: "image/jpeg" }), "photograph.jpg");
  const answer = await reach("/visits/findings/sent", { method: "POST", body: form, headers: { "X-CSRF-Token": csrf } });
  if (!(answer instanceof Response)) return answer;
  const said = (await answer.json().catch(() => ({}))) as { came?: string; mine?: Told; standing?: Told; detail?: string };
  if (said.came) {
    const { mine, standing } = said;
    await settle({ ...letter, photograph: null, state: said.came === "beside" ? "beside" : "sent", mine, standing });
  } else if (answer.ok) return { state: "none" };
  else await settle({ ...letter, state: "refused", why: said.detail ?? "" });
  return null;
}

async function ask(): Promise<Reader | Line> {
  const answer = await reach("/visits/reader", { cache: "no-store" });
  if (!(answer instanceof Response)) return answer;
  const reader = answer.ok ? ((await answer.json().catch(() => null)) as Reader | null) : null;
  return reader ?? { state: "signed-out" };
}

async function reach(address: string, how: RequestInit): Promise<Response | Line> {
  const headers = { Accept: "application/json", ...how.headers };
  const answer = await fetch(address, { ...how, headers, redirect: "manual", signal: AbortSignal.timeout(PATIENCE_MS) }).catch(() => null);
  if (!answer || answer.status === 429 || answer.status >= 500) return { state: "none" };
  if (answer.type === "opaqueredirect" || answer.status === 401) return { state: "signed-out" };
  return answer;
}
