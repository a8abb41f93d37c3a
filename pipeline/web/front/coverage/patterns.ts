// How ground looks, by what its cells show: patterns told apart by form as well as by colour, as in the legend.
import { BLIND, NOT_FLOWN, SEEN, SKIPPED } from "./story";
import { COLOURS } from "./told";

/** All patterns repeat after so many pixels of the page. */
export const PERIOD = 14;
const KINDS = SEEN + COLOURS.length;

export interface Looks {
  /** Pixels along the side of a pattern; those of all kinds stand one below the other. */
  side: number;
  height: number;
  pixels: Uint8Array;
}

/** Patterns for a screen with `ratio` pixels to one of the page; `weight` says how much of a kind is shown, 0 to 1. */
export function looks(ratio: number, weight: (kind: number) => number): Looks {
  const side = Math.max(1, Math.round(PERIOD * ratio));
  const height = side * KINDS;
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [side, height];
  const pen = canvas.getContext("2d")!;
  for (let kind = NOT_FLOWN; kind < KINDS; kind++) {
    pen.save();
    pen.setTransform(side / PERIOD, 0, 0, side / PERIOD, 0, kind * side);
    pen.beginPath();
    pen.rect(0, 0, PERIOD, PERIOD);
    pen.clip();
    draw(pen, kind);
    pen.restore();
  }
  return { side, height, pixels: weighed(pen.getImageData(0, 0, side, height).data, side, weight) };
}

function draw(pen: CanvasRenderingContext2D, kind: number): void {
  if (kind === NOT_FLOWN) strokes(pen, "#ecede9", "#3c424a", [1]);
  else if (kind === BLIND) strokes(pen, "#e6def0", "#4a286e", [1, -1]);
  else if (kind === SKIPPED) dots(pen);
  else fill(pen, COLOURS[kind - SEEN]!);
}

function fill(pen: CanvasRenderingContext2D, colour: string): void {
  pen.fillStyle = colour;
  pen.fillRect(0, 0, PERIOD, PERIOD);
}

/** Diagonals that run on from one repeat to the next. */
function strokes(pen: CanvasRenderingContext2D, paper: string, ink: string, slopes: number[]): void {
  fill(pen, paper);
  pen.strokeStyle = ink;
  pen.lineWidth = 1.2;
  for (const slope of slopes) {
    for (let shift = -PERIOD; shift <= 2 * PERIOD; shift += PERIOD / 2) {
      pen.beginPath();
      pen.moveTo(shift - PERIOD, slope > 0 ? 2 * PERIOD : -PERIOD);
      pen.lineTo(shift + 2 * PERIOD, slope > 0 ? -PERIOD : 2 * PERIOD);
      pen.stroke();
    }
  }
}

function dots(pen: CanvasRenderingContext2D): void {
  fill(pen, "#fdf0e6");
  pen.fillStyle = "#8a3b00";
  for (const middle of [PERIOD / 4, (3 * PERIOD) / 4]) {
    pen.beginPath();
    pen.arc(middle, middle, 1.7, 0, 2 * Math.PI);
    pen.fill();
  }
}

/** Opaque pixels with as much of each kind as is shown, premultiplied. */
function weighed(pixels: Uint8ClampedArray, side: number, weight: (kind: number) => number): Uint8Array {
  const found = new Uint8Array(pixels.length);
  for (let at = 0; at < pixels.length; at++) {
    const kind = Math.floor(at / (4 * side * side));
    found[at] = kind < NOT_FLOWN ? 0 : Math.round(pixels[at]! * weight(kind));
  }
  return found;
}
