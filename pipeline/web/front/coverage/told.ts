// What the page tells its map.

export interface Told {
  /** Addresses of tiles, with {z}, {x} and {y}. */
  tiles: Record<"areas" | "ground" | "flags" | "marks" | "imagery", string>;
  /** The first and the last zoom of tiles of a layer; `outlined` is the one from which flags have outlines. */
  zooms: Record<"areas" | "ground" | "flags" | "marks" | "imagery", [number, number]> & { outlined: number };
  table: string;
  bounds: [number, number, number, number];
  from: number;
  to: number;
}

/** Days since 1970, both included. */
export interface Window {
  from: number;
  to: number;
}

/** Ages in days at which seen ground looks different, and how it looks. */
export const AGES = [31, 91, 181];
export const COLOURS = ["#0b5d4a", "#3f8f78", "#8fbfad", "#cfe3da"];

/** Which of the colours a day has at the end of a window. */
export function ageOf(day: number, { to }: Window): number {
  return AGES.filter((age) => to - day >= age).length;
}
