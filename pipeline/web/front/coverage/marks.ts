// Marks: flags from afar and visits, added up for the window of days from what tiles say of each place.
import type { GeoJSONSource, Map as GlMap } from "maplibre-gl";
import { Squares } from "./squares";
import type { Told, Window } from "./told";

/** Longitude, latitude, kind, and day, until (0: for ever) and number, one after the other. */
type Mark = [number, number, string, number[]];
type Feature = GeoJSON.Feature<GeoJSON.Point, { kind: string; group: string; image: string }>;

const SIDE = 20; // of a mark in pixels of the page
const RATIO = 2;
const BELOW = 11; // for its number

export class Marks {
  readonly squares: Squares<Mark[]>;
  private shown = "";
  private window: Window;
  private readonly groups = new Map<string, string>();

  constructor(private readonly map: GlMap, told: Told) {
    this.window = { from: told.from, to: told.to };
    this.squares = new Squares(map, told.tiles.marks, told.zooms.marks, told.bounds, async (answer) => ((await answer.json()) as { marks: Mark[] }).marks);
    for (const sign of document.querySelectorAll<SVGElement>("svg[data-mark]")) this.groups.set(sign.dataset.mark!, sign.closest<HTMLElement>("[data-marks]")?.dataset.marks ?? "");
    map.on("moveend", () => this.draw());
  }

  /** Show another window of days. */
  paint(window: Window): void {
    this.window = window;
    this.draw();
  }

  /** Draw anew if anything changed; while tiles are missing, what is there stays. */
  draw(): void {
    if (this.squares.loading) return;
    const features = this.squares.needed().flatMap((square) => (this.squares.get(square) ?? []).flatMap((mark) => this.feature(mark)));
    const said = JSON.stringify(features);
    if (said === this.shown) return;
    this.shown = said;
    this.map.getSource<GeoJSONSource>("marks")?.setData({ type: "FeatureCollection", features });
  }

  private feature([longitude, latitude, kind, counts]: Mark): Feature[] {
    const number = this.count(counts);
    if (!number) return [];
    const image = this.image(kind, number);
    return [{ type: "Feature", geometry: { type: "Point", coordinates: [longitude, latitude] }, properties: { kind, group: this.groups.get(kind) ?? "", image } }];
  }

  private count(counts: number[]): number {
    let number = 0;
    for (let at = 0; at < counts.length; at += 3) {
      const [day, until, many] = [counts[at]!, counts[at + 1]!, counts[at + 2]!];
      if (day >= this.window.from && day <= this.window.to && (!until || this.window.to < until)) number += many;
    }
    return number;
  }

  /** The name of a mark with a number; it is drawn when it is needed for the first time. */
  private image(kind: string, number: number): string {
    const words = number === 1 ? "" : number < 1000 ? String(number) : `${Math.floor(number / 1000)}k`;
    const name = `${kind}-${words}`;
    if (!this.map.hasImage(name)) this.map.addImage(name, drawn(kind, words), { pixelRatio: RATIO });
    return name;
  }
}

/** A mark as the legend has it, with a number below it; told apart by form as well as by colour. */
export function drawn(kind: string, words: string): ImageData {
  const canvas = document.createElement("canvas");
  canvas.width = RATIO * (SIDE + 8);
  canvas.height = RATIO * (SIDE + (words ? BELOW : 0));
  const pen = canvas.getContext("2d")!;
  pen.scale(RATIO, RATIO);
  pen.lineJoin = pen.lineCap = "round";
  if (words) write(pen, words);
  pen.translate(4, 0);
  const sign = document.querySelector<SVGElement>(`svg[data-mark="${CSS.escape(kind)}"]`);
  if (sign) sketch(pen, new Path2D(sign.querySelector("path")?.getAttribute("d") ?? ""), getComputedStyle(sign).fill);
  return pen.getImageData(0, 0, canvas.width, canvas.height);
}

function sketch(pen: CanvasRenderingContext2D, path: Path2D, fill: string): void {
  pen.strokeStyle = "#ffffff";
  pen.lineWidth = 4.5;
  pen.stroke(path);
  if (fill !== "none") {
    pen.fillStyle = fill;
    pen.fill(path);
  }
  pen.strokeStyle = "#1d2323";
  pen.lineWidth = 1.8;
  pen.stroke(path);
}

function write(pen: CanvasRenderingContext2D, words: string): void {
  pen.font = "700 11px sans-serif";
  pen.textAlign = "center";
  pen.textBaseline = "alphabetic";
  pen.strokeStyle = "#ffffff";
  pen.lineWidth = 3.5;
  pen.strokeText(words, SIDE / 2 + 4, SIDE + 8.5);
  pen.fillStyle = "#1d2323";
  pen.fillText(words, SIDE / 2 + 4, SIDE + 8.5);
}
