// The overview: the plot's surroundings in small, with a frame around what the map shows.
import type { LngLatBounds } from "maplibre-gl";
import type { Item } from "./item";
import type { Bounds } from "./reading";

export class Inset {
  private whole: Bounds = [0, 0, 1, 1];

  constructor(private readonly box: HTMLElement) {}

  async begin(item: Item): Promise<void> {
    const { overview, picture } = await item.evidence;
    this.whole = overview.bounds;
    (this.box.querySelector("img") as HTMLImageElement).src = overview.address;
    this.frame(picture.bounds);
  }

  follow(view: LngLatBounds): void {
    this.frame(view.toArray().flat() as Bounds);
  }

  private frame([west, south, east, north]: Bounds): void {
    const [left, bottom, right, top] = this.whole;
    const within = (share: number) => 100 * Math.min(1, Math.max(0, share));
    const [x1, x2] = [within((west - left) / (right - left)), within((east - left) / (right - left))];
    const [y1, y2] = [within((top - north) / (top - bottom)), within((top - south) / (top - bottom))];
    const place = { x: x1, y: y1, width: Math.max(2, x2 - x1), height: Math.max(2, y2 - y1) };
    for (const rectangle of this.box.querySelectorAll("rect")) {
      for (const [name, value] of Object.entries(place)) rectangle.setAttribute(name, String(value));
    }
  }
}
