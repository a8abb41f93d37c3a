// Beside the ground: what is asked, the three verdicts, and their reasons. Nothing is chosen beforehand, and whatever has
// the focus when a step begins is no button, so that Enter decides nothing by accident.
import { number, say } from "../language/words";
import { written } from "./earlier";
import { squareMetres } from "./measuring";
import type { Offer, Opinion, Reading, Reason, Verdict } from "./reading";

export class Panel {
  verdict: Verdict | null = null;

  constructor(
    private readonly root: HTMLElement,
    private readonly reasons: Reason[],
    private readonly judged: (verdict: Verdict, reason: Reason, note: string) => void,
  ) {
    for (const button of root.querySelectorAll<HTMLButtonElement>("[data-verdict]")) {
      button.addEventListener("click", () => this.choose(button.dataset.verdict as Verdict));
    }
    this.part("back").addEventListener("click", () => this.back());
  }

  /** Another item: its facts, and no verdict. */
  begin(reading: Reading, left: Offer["left"]): void {
    this.close();
    this.part<HTMLTextAreaElement>("note").value = "";
    this.part("asked").textContent = reading.asked;
    this.part("area").textContent = squareMetres(reading.area_m2);
    this.part("gsd").textContent = say("gsd", { cm: number(100 * reading.gsd_m, 1) });
    const slope = this.part("slope");
    slope.hidden = !reading.relief;
    if (reading.relief) slope.textContent = say("slope", { degrees: number(reading.relief.slope_deg, 0) });
    this.part("flown").textContent = reading.flown_on ? written(reading.flown_on) : say("no-day");
    this.count(left);
    this.tellOpinions(reading.opinions ?? null);
    this.part("title").focus({ preventScroll: true });
    this.root.querySelector("[data-part=side]")?.scrollTo(0, 0);
  }

  count(left: Offer["left"]): void {
    const counts = { waiting: number(left.waiting, 0), mine: number(left.mine_today, 0) };
    for (const place of this.root.querySelectorAll("[data-part=left]")) place.textContent = say("left", counts);
  }

  /** The first step: it decides nothing yet. */
  choose(verdict: Verdict): void {
    this.verdict = verdict;
    for (const button of this.root.querySelectorAll<HTMLElement>("[data-verdict]")) {
      button.setAttribute("aria-pressed", String(button.dataset.verdict === verdict));
    }
    const fitting = this.fitting(verdict);
    this.part("why").textContent = say(`why-${verdict}`);
    this.part("reasons").replaceChildren(...fitting.map((reason, index) => this.button(reason, index + 1)));
    this.part("step").hidden = false;
    this.root.dataset.step = "reason";
    this.part("why").focus({ preventScroll: true });
    this.part("step").scrollIntoView({ block: "nearest" });
  }

  /** Back from the reasons to the three verdicts. */
  back(): void {
    this.close();
    this.part("title").focus({ preventScroll: true });
  }

  /** The reason with this number, counted from 1, where reasons are asked for. */
  press(digit: number): boolean {
    const reason = this.verdict && this.fitting(this.verdict)[digit - 1];
    if (reason) this.give(reason);
    return Boolean(reason);
  }

  writeNote(): void {
    if (this.verdict) this.part<HTMLTextAreaElement>("note").focus();
  }

  name(verdict: Verdict, code: string): string {
    return this.reasons.find((reason) => reason.verdict === verdict && reason.code === code)?.name ?? code;
  }

  private fitting(verdict: Verdict): Reason[] {
    return this.reasons.filter((reason) => reason.verdict === verdict).slice(0, 9);
  }

  private give(reason: Reason): void {
    const verdict = this.verdict;
    if (!verdict) return;
    const note = this.part<HTMLTextAreaElement>("note").value.trim();
    this.close();
    this.judged(verdict, reason, note);
  }

  private close(): void {
    this.verdict = null;
    this.part("step").hidden = true;
    this.root.dataset.step = "verdict";
    for (const button of this.root.querySelectorAll("[data-verdict]")) button.setAttribute("aria-pressed", "false");
  }

  private button(reason: Reason, digit: number): HTMLElement {
    const item = document.createElement("li");
    const button = document.createElement("button");
    const key = document.createElement("kbd");
    key.textContent = String(digit);
    key.setAttribute("aria-hidden", "true");
    button.type = "button";
    button.setAttribute("aria-keyshortcuts", String(digit));
    button.append(key, reason.name);
    button.addEventListener("click", () => this.give(reason));
    item.append(button);
    return item;
  }

  private tellOpinions(opinions: Opinion[] | null): void {
    this.part("opinions").hidden = !opinions?.length;
    const lines = (opinions ?? []).map(({ verdict, reason, note }) => {
      const line = document.createElement("li");
      const said = document.createElement("strong");
      said.textContent = say(`said-${verdict}`);
      line.append(said, ` · ${this.name(verdict, reason)}`);
      if (note) line.append(document.createElement("br"), `“${note}”`);
      return line;
    });
    this.part("opinion-list").replaceChildren(...lines);
  }

  private part<Kind extends HTMLElement>(name: string): Kind {
    return this.root.querySelector(`[data-part="${name}"]`) as Kind;
  }
}
