// The board at the head of the pages of visits: how the line is, what waits, what lies ready, and what needs somebody.
import { moment, number, say, size } from "../language/words";
import { asDraft } from "./draft";
import { SignedOut, canKeep, forget, kept, prepare } from "./kept";
import { type State } from "./larder";
import { isSafe, letterCard } from "./letter";
import { know } from "./marked";
import { type Letter, letters, remove } from "./queue";
import { type Line, sendAll } from "./sending";

const AGAIN_MS = 20_000;

export class Board {
  /** Told whenever findings on this phone changed. */
  onChange: (mine: Letter[]) => Promise<void> | void = () => undefined;
  /** Told when a finding of this phone became a draft again. */
  onTakenBack: () => Promise<void> | void = () => undefined;
  private readonly person: string;
  private line: Line | null = null;
  private busy = false;
  /** Somebody asked to send while it was being sent: what they wrote down may not be on its way yet. */
  private wanted = false;

  constructor(
    private readonly root: HTMLElement,
    /** The visit of the page, or empty where it is about all of them. */
    private readonly visit: string,
  ) {
    this.person = root.dataset.person ?? "";
    root.hidden = false;
    this.part("prepare")?.addEventListener("click", () => void this.prepare());
    window.addEventListener("online", () => void this.send());
    window.addEventListener("offline", () => void this.send());
    if (canKeep()) navigator.serviceWorker.addEventListener("message", () => void this.send());
    document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && void this.send());
    // Asked on a good line without need, the server would take it for somebody who is there.
    setInterval(() => (this.root.dataset.waiting !== "0" || this.line?.state === "none") && void this.send(), AGAIN_MS);
  }

  async begin(): Promise<void> {
    await this.draw();
    await this.send();
  }

  /** Send what waits, and say how that went. */
  async send(): Promise<Line | null> {
    this.wanted = true;
    if (this.busy) return this.line;
    this.busy = true;
    try {
      while (this.wanted) {
        this.wanted = false;
        this.line = await sendAll(() => this.draw());
      }
      if (this.line?.state === "good") know(this.line.person);
      // Whoever else was here left nothing that this person could see without a signal.
      if (this.line?.state === "good") await this.clearOf(this.line.person);
    } finally {
      this.busy = false;
    }
    await this.draw();
    return this.line;
  }

  async draw(): Promise<void> {
    const all = await letters().catch(() => []);
    const mine = all.filter((letter) => letter.person === this.person);
    const waiting = mine.filter((letter) => letter.state === "waiting").length;
    const theirs = all.filter((letter) => letter.person !== this.person && letter.state === "waiting").length;
    this.root.dataset.line = this.line?.state ?? "unknown";
    this.root.dataset.waiting = String(waiting);
    this.tell("line", this.lineWords(waiting));
    this.tell("theirs", theirs ? counted("theirs", theirs) : "");
    this.part("sign-in")?.toggleAttribute("hidden", this.line?.state !== "signed-out");
    this.part("signal-lost")?.toggleAttribute("hidden", this.line?.state !== "none");
    this.drawLetters(mine);
    await this.drawKept();
    await this.onChange(mine);
  }

  private lineWords(waiting: number): string {
    if (this.line?.state === "signed-out") return waiting ? counted("signed-out", waiting) : say("signed-out-none");
    if (this.line?.state === "none") return waiting ? counted("no-signal", waiting) : say("no-signal-none");
    return waiting ? counted("sending", waiting) : "";
  }

  private drawLetters(mine: Letter[]): void {
    const shown = this.visit ? mine.filter((letter) => letter.visit === this.visit) : mine;
    const cards = shown.map((letter) => letterCard(letter, !this.visit, () => void this.takeAway(letter)));
    this.part("letters")?.replaceChildren(...cards);
  }

  /** What the server does not have becomes a draft again. */
  private async takeAway(letter: Letter): Promise<void> {
    if (!isSafe(letter)) await asDraft(letter);
    await remove(letter.id);
    await this.onTakenBack();
    await this.draw();
  }

  private async drawKept(): Promise<void> {
    const button = this.part("prepare");
    const state = canKeep() ? await kept() : null;
    if (!button) {
      this.tell("kept", state && this.line?.state === "none" ? ready(state) : "");
      return;
    }
    this.tell("kept", canKeep() ? (state ? ready(state) : say("not-kept")) : say("cannot-keep"));
    this.tell("lacking", state ? lacking(state) : "");
    this.tell("loose", state && !state.isLasting ? say("loose") : "");
    button.textContent = say(state ? "prepare-again" : "prepare");
    button.hidden = !canKeep() || this.line?.state !== "good" || !this.root.dataset.query;
  }

  private async prepare(): Promise<void> {
    const button = this.part<HTMLButtonElement>("prepare");
    if (!button || button.disabled) return;
    button.disabled = true;
    try {
      await prepare(this.person, this.root.dataset.query ?? "", (done, of) => this.tell("progress", say("keeping", { done: number(done, 0), of: number(of, 0) })));
      this.tell("progress", "");
      for (const { id, state } of await letters()) if (state === "sent") await remove(id);
    } catch (error) {
      const why = error instanceof SignedOut ? "signed-out-none" : (error as Error).name === "QuotaExceededError" ? "no-room" : "broke-off";
      this.tell("progress", say(why));
    } finally {
      button.disabled = false;
    }
    await this.draw();
  }

  private async clearOf(person: string): Promise<void> {
    const state = await kept();
    if (state && state.person !== person) await forget();
    // On a slow line the worker may have shown the page of whoever prepared this phone.
    if (person !== this.person) location.reload();
  }

  private tell(name: string, words: string): void {
    const place = this.part(name);
    if (!place || place.textContent === words) return;
    place.textContent = words;
    place.hidden = !words;
  }

  private part<Kind extends HTMLElement>(name: string): Kind | null {
    return this.root.querySelector<Kind>(`[data-part="${name}"]`);
  }
}

/** Words that differ for one and for many. */
function counted(name: string, n: number): string {
  return say(n === 1 ? `${name}-one` : name, { n: number(n, 0) });
}

function ready(state: State): string {
  const at = new Date(state.at);
  const time = moment(at, at.toDateString() === new Date().toDateString());
  return say(state.visits === 1 ? "kept-one" : "kept", { visits: number(state.visits, 0), size: size(state.bytes), time });
}

function lacking(state: State): string {
  const parts = Object.entries(state.missing).map(([kind, n]) => say(`lacking-${kind}`, { n: number(n, 0) }));
  if (state.leftOut) parts.push(say("lacking-visits", { n: number(state.leftOut, 0) }));
  return parts.length ? say("lacking", { what: new Intl.ListFormat(document.documentElement.lang).format(parts) }) : "";
}
