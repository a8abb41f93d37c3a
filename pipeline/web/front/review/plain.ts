// Where the browser cannot draw maps: the plot's picture as it is, with the outline over it. A verdict can be given all the same.
import type { Geometry } from "geojson";
import type { Layer } from "./ground";
import type { Item } from "./item";
import type { Bounds } from "./reading";
import { rings } from "./shapes";

const SVG = "http://www.w3.org/2000/svg";

export class Plain {
  constructor(private readonly box: HTMLElement) {
    box.hidden = false;
  }

  async show(item: Item): Promise<void> {
    const { picture } = await item.evidence;
    const image = this.box.querySelector("img") as HTMLImageElement;
    image.src = picture.address;
    await image.decode();
    trace(this.box.querySelector("svg") as SVGSVGElement, picture.bounds, item.reading.outline);
    this.toggle("outline", false);
  }

  fit(): void {
    this.box.scrollTo(0, 0);
  }

  toggle(layer: Layer, on: boolean): void {
    if (layer === "outline") this.box.querySelector("svg")?.toggleAttribute("hidden", !on);
  }
}

/** An outline over a picture of these bounds, which the drawing fills. */
export function trace(drawing: SVGSVGElement, [west, south, east, north]: Bounds, outline: Geometry): void {
  drawing.setAttribute("viewBox", "0 0 1000 1000");
  drawing.setAttribute("preserveAspectRatio", "none");
  const place = ([x, y]: number[]) => `${(1000 * (x - west)) / (east - west)},${(1000 * (north - y)) / (north - south)}`;
  const lines = rings(outline).map((ring) => {
    const line = document.createElementNS(SVG, "polygon");
    line.setAttribute("points", ring.map(place).join(" "));
    return line;
  });
  drawing.replaceChildren(...lines);
}
