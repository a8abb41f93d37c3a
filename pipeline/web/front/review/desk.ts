// The desk: one item after the other, a verdict on each, and what goes wrong on the way said in words.
import { say } from "../language/words";
import { DOORS, Refused, SignedOut, post } from "./doors";
import type { Ground } from "./ground";
import { Hand } from "./hand";
import type { Inset } from "./inset";
import type { Item } from "./item";
import { LeaseClock } from "./lease";
import { patiently } from "./line";
import type { ModelsOpinion } from "./opinion";
import { Outbox, newDecision } from "./outbox";
import { Panel } from "./panel";
import type { Plain } from "./plain";
import type { Judged, Reason, Verdict } from "./reading";
import type { Stage } from "./stage";
import { beforeTheEyes } from "./tab";
import type { Tools } from "./tools";

interface Last {
  item: Item;
  verdict: Verdict;
  reason: string;
  sent: Promise<Judged>;
  /** The model's opinion was shown: the verdict stands. */
  isFinal: boolean;
}

export interface Room {
  view: Ground | Plain;
  tools: Tools;
  stage: Stage;
  inset: Inset;
  opinion: ModelsOpinion;
}

export class Desk {
  readonly panel: Panel;
  private readonly hand = new Hand();
  private readonly outbox = new Outbox();
  private readonly clock: LeaseClock;
  /** What is before the reader's eyes: nothing else is judged, however fast somebody presses. */
  private onScreen: Item | null = null;
  private last: Last | null = null;
  /** What is being changed, while its item is on the screen again. */
  private correcting: Last | null = null;
  /** Settles when the server is ready to take another verdict on it. */
  private reopened: Promise<unknown> = Promise.resolve();
  private turn = 0;

  constructor(
    private readonly root: HTMLElement,
    private readonly room: Room,
    reasons: Reason[],
  ) {
    this.panel = new Panel(root, reasons, (verdict, reason, note) => this.judge(verdict, reason, note));
    this.clock = new LeaseClock(
      this.part("time-left"),
      () => room.stage.announce(say("time-short")),
      () => this.lose(""),
    );
  }

  get waiting(): number {
    return this.outbox.waiting;
  }

  async begin(): Promise<void> {
    const kept = await this.outbox.sendKept();
    if (kept.length) this.room.stage.notice(kept.every(({ status }) => status === "fulfilled") ? "kept-sent" : "kept-refused");
    await this.next();
  }

  /** The next item on the screen; or why there is none. */
  async next(): Promise<void> {
    const turn = ++this.turn;
    this.onScreen = null;
    this.clock.begin(null);
    if (!this.hand.isReady) this.enter("loading");
    try {
      let item = await this.hand.next();
      // What the server still counts among those in hand may only be on its way back there.
      if (!item && this.outbox.waiting) {
        await this.outbox.settled;
        item = await this.hand.next();
      }
      if (turn !== this.turn) return;
      if (item) await this.open(item);
      else this.enter("nothing");
    } catch (error) {
      if (turn === this.turn) this.fail(error);
    }
  }

  skip(): void {
    const item = this.room.stage.state === "gone" ? this.hand.current : this.onScreen;
    if (!item) return;
    this.hand.finish(item);
    // A verdict that was about to be changed stands: there is nothing to give back.
    if (!this.correcting) void patiently(() => post(item.address("skip"))).catch(() => undefined);
    this.room.stage.announce(say(this.correcting ? "unchanged" : "skipped"));
    this.correcting = null;
    void this.next();
  }

  /** Put the item that was judged last on the screen again; what was said of it stands until something else is. */
  async change(): Promise<void> {
    const last = this.last;
    if (!last || last.isFinal || this.correcting) return;
    this.turn++;
    this.onScreen = null;
    this.correcting = last;
    this.reopened = last.sent.then(() => patiently(() => post(last.item.address("undo"))));
    this.reopened.catch((error: unknown) => this.leaveAsItWas(last, error));
    this.hand.takeBack(last.item);
    await this.open(last.item);
    this.room.stage.announce(say("changing", this.named(last)));
  }

  async reveal(): Promise<void> {
    const last = this.last;
    if (!last || this.correcting) return;
    try {
      await last.sent;
      await this.room.opinion.open(last.item, last.verdict);
      last.isFinal = true;
      this.part("change").hidden = true;
    } catch (error) {
      this.complain("opinion-refused", error);
    }
  }

  /** The page goes away: what was not judged goes back, unless a verdict is still on its way. */
  leave(): void {
    if (!this.outbox.waiting) void post(`${DOORS}/release`).catch(() => undefined);
  }

  stay(): void {
    this.hand.clear();
    if (this.room.stage.state === "reading") void this.next();
  }

  enter(state: string, detail = ""): void {
    this.panel.count(this.hand.left);
    this.room.stage.enter(state, detail);
  }

  private async open(item: Item): Promise<void> {
    const turn = this.turn;
    if (!item.isLoaded) this.enter("loading");
    await this.room.view.show(item);
    if (turn !== this.turn) return;
    this.tellHowLong();
    this.onScreen = item;
    this.enter("reading");
    this.root.dataset.reading = item.reading.id;
    this.part("changing").hidden = !this.correcting;
    this.room.tools.begin(item);
    this.panel.begin(item.reading, this.hand.left);
    this.clock.begin(item);
    void this.room.inset.begin(item);
    this.room.stage.announce(this.part("asks").innerText);
    await beforeTheEyes();
    if (turn !== this.turn || this.hand.current !== item) return;
    item.shown().catch((error: unknown) => this.hand.current === item && this.lose(error instanceof Refused ? error.detail : ""));
    this.hand.fill().catch((error: unknown) => this.fail(error));
  }

  private judge(verdict: Verdict, { code, name }: Reason, note: string): void {
    const item = this.onScreen;
    if (!item || this.room.stage.state !== "reading") return;
    performance.mark("verdict");
    const isChange = this.correcting !== null;
    const outline = this.room.tools.redrawing?.drawn ?? null;
    const said = { decision: newDecision(), verdict, reason: code, note, outline };
    this.hand.finish(item);
    if (!isChange) this.hand.left = { waiting: Math.max(0, this.hand.left.waiting - 1), mine_today: this.hand.left.mine_today + 1 };
    const sent = this.outbox.send({ address: item.address("verdict"), said }, isChange ? this.reopened : item.seen);
    this.correcting = null;
    this.keep({ item, verdict, reason: name, sent, isFinal: false });
    sent.then(
      () => this.hand.fill().catch((error: unknown) => this.fail(error)),
      (error: unknown) => this.refuse(item, isChange ? "change-refused" : "verdict-refused", error),
    );
    this.room.stage.announce(say("sent", { verdict: say(`said-${verdict}`), reason: name }));
    void this.next();
  }

  /** A verdict that was given does not count. */
  private refuse(item: Item, word: string, error: unknown): void {
    if (this.last?.item === item) this.keep(null);
    this.complain(word, error);
  }

  /** It is too late for a change: on to the next. */
  private leaveAsItWas(last: Last, error: unknown): void {
    if (this.correcting !== last) return; // another verdict is on its way, and is refused for the same reason
    this.correcting = null;
    this.hand.finish(last.item);
    this.complain("change-refused", error);
    void this.next();
  }

  private keep(last: Last | null): void {
    if (this.last && this.last.item !== last?.item) this.last.item.forget();
    this.last = last;
    this.part("last").hidden = !last;
    this.part("change").hidden = false;
    this.part("last-said").textContent = last ? say("last", this.named(last)) : "";
  }

  private named({ verdict, reason }: Last): Record<string, string> {
    return { verdict: say(`said-${verdict}`), reason };
  }

  private lose(detail: string): void {
    if (this.hand.current) this.hand.finish(this.hand.current);
    this.turn++;
    this.onScreen = this.correcting = null;
    this.clock.begin(null);
    this.enter("lost", detail);
  }

  private fail(error: unknown): void {
    if (error instanceof SignedOut) this.enter("signed-out");
    else if (!(error instanceof Refused)) throw error;
    else if (error.status === 403) this.enter("forbidden", error.detail);
    else if (error.status === 409 && this.hand.current === null) this.enter("stopped", error.detail);
    else if (error.status === 409) this.room.stage.notice("stopped-soon", error.detail);
    else this.enter("gone", error.detail);
  }

  private complain(word: string, error: unknown): void {
    if (error instanceof SignedOut) this.enter("signed-out");
    else if (error instanceof Refused) this.room.stage.notice(word, error.detail);
    else throw error;
  }

  /** From a verdict to the next picture: for whoever looks with the tools of the browser. */
  private tellHowLong(): void {
    if (performance.getEntriesByName("verdict").length) performance.measure("next picture", "verdict");
    performance.clearMarks("verdict");
  }

  private part(name: string): HTMLElement {
    return this.root.querySelector(`[data-part="${name}"]`) as HTMLElement;
  }
}
