// Tiles of our own making: which ones a view needs, and what was loaded of them.
import type { Map as GlMap } from "maplibre-gl";

const KEPT = 48;

export interface Square {
  zoom: number;
  column: number;
  row: number;
}

/** A square that is there, and which part of it is asked for: where that begins, and how long its sides are (1: all). */
export interface Part<T> {
  held: T;
  left: number;
  top: number;
  side: number;
}

export class Squares<T> {
  onChange = (): void => {};
  onLost = (): void => {};
  private readonly kept = new Map<string, T | null>();
  private readonly running = new Map<string, AbortController>();

  constructor(
    private readonly map: GlMap,
    private readonly address: string,
    private readonly zooms: [number, number],
    private readonly bounds: [number, number, number, number],
    private readonly read: (answer: Response) => Promise<T>,
    private readonly drop: (held: T) => void = () => {},
  ) {
    map.on("move", () => {
      if (!map.isZooming()) this.look();
    });
    map.on("moveend", () => this.look());
  }

  get loading(): boolean {
    return this.running.size > 0;
  }

  /** The squares of this view that may hold anything. */
  needed(): Square[] {
    const zoom = Math.max(this.zooms[0], Math.min(this.zooms[1], Math.floor(this.map.getZoom())));
    const view = this.map.getBounds();
    const [west, south, east, north] = this.bounds;
    const first = squareAt(Math.max(west, view.getWest()), Math.min(north, view.getNorth()), zoom);
    const last = squareAt(Math.min(east, view.getEast()), Math.max(south, view.getSouth()), zoom);
    const found: Square[] = [];
    for (let column = first.column; column <= last.column; column++) {
      for (let row = first.row; row <= last.row; row++) found.push({ zoom, column, row });
    }
    return found;
  }

  /** Load what this view needs, and let go of what it does not need any more. */
  look(): void {
    const needed = new Map(this.needed().map((square) => [name(square), square]));
    for (const [key, running] of this.running) if (!needed.has(key)) running.abort();
    for (const [key, square] of needed) if (!this.kept.has(key) && !this.running.has(key)) void this.load(key, square);
  }

  /** What is held of a square; null for nothing there, undefined for not known yet. */
  get(square: Square): T | null | undefined {
    return this.kept.get(name(square));
  }

  /** All that is held. */
  all(): T[] {
    return [...this.kept.values()].filter((held) => held !== null);
  }

  /** The square, or that part of a larger one which lies there. */
  nearest(square: Square): Part<T> | null {
    for (let up = 0; up <= square.zoom; up++) {
      const held = this.get({ zoom: square.zoom - up, column: square.column >> up, row: square.row >> up });
      if (held === null) return null;
      const side = 1 / 2 ** up;
      if (held) return { held, left: (square.column * side) % 1, top: (square.row * side) % 1, side };
    }
    return null;
  }

  /** What is held of the next zoom, to be shown until the square itself is there. */
  quarters({ zoom, column, row }: Square): (Part<T> & { square: Square })[] {
    return [0, 1, 2, 3].flatMap((quarter) => {
      const square = { zoom: zoom + 1, column: 2 * column + (quarter & 1), row: 2 * row + (quarter >> 1) };
      const held = this.get(square);
      return held ? [{ square, held, left: 0, top: 0, side: 1 }] : [];
    });
  }

  private async load(key: string, square: Square): Promise<void> {
    const abort = new AbortController();
    this.running.set(key, abort);
    const address = this.address.replace("{z}", String(square.zoom)).replace("{x}", String(square.column)).replace("{y}", String(square.row));
    try {
      const answer = await fetch(address, { signal: abort.signal });
      if (!answer.ok) throw new Error(String(answer.status));
      this.keep(key, answer.status === 204 ? null : await this.read(answer));
    } catch (error) {
      if ((error as Error).name !== "AbortError") this.onLost();
    } finally {
      this.running.delete(key);
      this.onChange();
    }
  }

  private keep(key: string, held: T | null): void {
    this.kept.set(key, held);
    const needed = new Set(this.needed().map(name));
    for (const [old, given] of this.kept) {
      if (this.kept.size <= KEPT) return;
      if (needed.has(old)) continue;
      if (given) this.drop(given);
      this.kept.delete(old);
    }
  }
}

function name({ zoom, column, row }: Square): string {
  return `${zoom}/${column}/${row}`;
}

function squareAt(longitude: number, latitude: number, zoom: number): Square {
  const side = 2 ** zoom;
  const y = (1 - Math.asinh(Math.tan((latitude * Math.PI) / 180)) / Math.PI) / 2;
  const within = (number: number) => Math.max(0, Math.min(side - 1, Math.floor(number * side)));
  return { zoom, column: within((longitude + 180) / 360), row: within(y) };
}

/** Longitude and latitude of the north-west corner of a square; of the next one, its south-east. */
export function cornerOf({ zoom, column, row }: Square): [number, number] {
  const side = 2 ** zoom;
  return [(column / side) * 360 - 180, (Math.atan(Math.sinh(Math.PI * (1 - (2 * row) / side))) * 180) / Math.PI];
}
