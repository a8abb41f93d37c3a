// A tile of ground as the server tells it: cells share stories, chains of steps, and a window is worked out step by step.
import { ageOf, type Window } from "./told";

export const SIDE = 512;
/** What a cell shows; from SEEN on the age of what was seen is added. */
export const NOTHING = 0, NOT_FLOWN = 1, SKIPPED = 2, BLIND = 3, SEEN = 4;
const LEVELS = 3;
const INSIDE = 1;
const NEVER = -1;

export class Story {
  readonly codes = new Uint8Array(SIDE * SIDE);
  private readonly count: number;
  private readonly parents: Int32Array;
  private readonly levels: Int32Array;
  private readonly days: Int32Array;
  private readonly since: Int32Array;
  private readonly cells: Int32Array;

  constructor(bytes: ArrayBuffer) {
    this.count = new DataView(bytes).getInt32(0, true);
    const column = (number: number, length: number) => new Int32Array(bytes, 4 + 4 * number * this.count, length);
    [this.parents, this.levels, this.days, this.since] = [0, 1, 2, 3].map((number) => column(number, this.count)) as [Int32Array, Int32Array, Int32Array, Int32Array];
    this.cells = column(4, SIDE * SIDE);
  }

  /** Work out what each cell shows of a window. */
  tell(window: Window): void {
    const shown = this.shown(window);
    const { cells, codes } = this;
    for (let cell = 0; cell < cells.length; cell++) codes[cell] = shown[cells[cell]!]!;
  }

  /** What a cell shows after each step: a parent comes before its children, so once through is enough. */
  private shown(window: Window): Uint8Array {
    const { parents, levels, days, since, count } = this;
    const newest = new Int32Array(LEVELS * count).fill(NEVER);
    const inside = new Uint8Array(count);
    inside[INSIDE] = 1;
    const shown = new Uint8Array(count);
    for (let step = 0; step < count; step++) {
      const parent = parents[step]!;
      if (parent !== step) {
        for (let level = 0; level < LEVELS; level++) newest[LEVELS * step + level] = newest[LEVELS * parent + level]!;
        inside[step] = inside[parent]!;
        if (days[step]! <= window.to) newest[LEVELS * step + levels[step]!] = since[step]!;
      }
      const [seen, blind, skipped] = [newest[LEVELS * step]!, newest[LEVELS * step + 1]!, newest[LEVELS * step + 2]!];
      const first = Math.max(window.from, 0);
      if (seen >= first) shown[step] = SEEN + ageOf(seen, window);
      else if (blind >= first) shown[step] = BLIND;
      else if (skipped >= first) shown[step] = SKIPPED;
      else shown[step] = inside[step] ? NOT_FLOWN : NOTHING;
    }
    return shown;
  }
}
