// The time that is left with an item: said calmly, once more before it runs out, and when it is over.
import { duration, say } from "../language/words";
import type { Item } from "./item";

const WARNING_MS = 2 * 60_000;

export class LeaseClock {
  private item: Item | null = null;
  private warned = false;

  constructor(
    private readonly place: HTMLElement,
    private readonly warn: () => void,
    private readonly over: () => void,
  ) {
    setInterval(() => this.tick(), 1_000);
  }

  begin(item: Item | null): void {
    this.item = item;
    this.warned = false;
    this.tick();
  }

  private tick(): void {
    if (!this.item) return;
    const left = this.item.expiresAt - Date.now();
    this.place.textContent = left > 0 ? say("time-left", { time: duration(Math.ceil(left / 1000)) }) : "";
    this.place.classList.toggle("short", left < WARNING_MS);
    if (left <= 0) {
      this.item = null;
      this.over();
    } else if (left < WARNING_MS && !this.warned) {
      this.warned = true;
      this.warn();
    }
  }
}
