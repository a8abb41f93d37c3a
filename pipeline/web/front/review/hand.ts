// What lies in the reader's hands: the item on the screen is taken from here, and the next ones load meanwhile.
import { DOORS, post } from "./doors";
import { Item } from "./item";
import { patiently } from "./line";
import type { Offer } from "./reading";

const WANTED = 4;
/** An item whose time is nearly over is not begun: it goes back by itself. */
const LEAST_LEFT_MS = 60_000;

export class Hand {
  left: Offer["left"] = { waiting: 0, mine_today: 0 };
  current: Item | null = null;
  private items: Item[] = [];
  /** Judged or given back here; the server may not know it yet. */
  private readonly done = new Set<string>();
  private asking: Promise<void> | null = null;

  /** Whether an item is here that needs no question to the server. */
  get isReady(): boolean {
    this.dropLate();
    return this.items.length > 0;
  }

  /** The next item becomes the current one; null where nothing waits. */
  async next(): Promise<Item | null> {
    this.current = null;
    this.dropLate();
    if (!this.items.length) await this.fill();
    this.dropLate();
    this.current = this.items.shift() ?? null;
    return this.current;
  }

  /** `item`, which was finished, becomes the current one again; the one on the screen waits behind it. */
  takeBack(item: Item): void {
    if (this.current) this.items.unshift(this.current);
    this.current = item;
  }

  /** Nothing more is to be done with `item`. */
  finish(item: Item): void {
    this.done.add(item.reading.id);
    if (this.current === item) this.current = null;
  }

  /** Forget everything that was not begun: the server may have given it to others. */
  clear(): void {
    for (const item of this.items) item.forget();
    this.items = [];
  }

  /** Take from the server what is missing; one question at a time. */
  fill(): Promise<void> {
    this.asking ??= this.ask().finally(() => (this.asking = null));
    return this.asking;
  }

  private async ask(): Promise<void> {
    const { content, at } = await patiently(() => post<Offer>(`${DOORS}/next`, { want: WANTED }));
    this.left = content.left;
    const ahead = Date.now() - at;
    const known = new Set([this.current, ...this.items].map((item) => item?.reading.id));
    for (const reading of content.readings) {
      if (known.has(reading.id) || this.done.has(reading.id)) continue;
      this.items.push(new Item(reading, Date.parse(reading.expires_at) + ahead));
    }
  }

  private dropLate(): void {
    const least = Date.now() + LEAST_LEFT_MS;
    for (const item of this.items) if (item.expiresAt < least) item.forget();
    this.items = this.items.filter((item) => item.expiresAt >= least);
  }
}
