// The measure tool: points by click or tap, or by the keyboard under the cross in the middle of the map.
import type { Position } from "geojson";
import type { MapMouseEvent } from "maplibre-gl";
import { number, say } from "../language/words";
import type { Ground } from "./ground";
import { area, distance } from "./metres";

export class Measuring {
  active = false;
  private line: Position[] = [];

  constructor(
    private readonly ground: Ground,
    private readonly changed: (active: boolean, said: string) => void,
  ) {
    ground.map.on("click", (event: MapMouseEvent) => this.active && this.add(event.lngLat.toArray()));
  }

  toggle(on = !this.active): void {
    if (on === this.active) return;
    this.active = on;
    this.line = [];
    this.ground.map.doubleClickZoom[on ? "disable" : "enable"]();
    this.ground.map.getCanvas().classList.toggle("measures", on);
    this.tell();
  }

  addMiddle(): void {
    this.add(this.ground.middle);
  }

  takeBack(): void {
    this.line.pop();
    this.tell();
  }

  private add(point: Position): void {
    this.line.push(point);
    this.tell();
  }

  private tell(): void {
    this.ground.sketch(this.line, this.line.length > 2);
    if (!this.active) this.changed(false, "");
    else this.changed(true, this.line.length < 2 ? say("measure-begin") : measured(this.line));
  }
}

function measured(line: Position[]): string {
  const along = say("metres", { metres: number(distance(line), 2) });
  if (line.length < 3) return along;
  return say("measured", { metres: along, area: squareMetres(area(line)) });
}

/** Three digits are what a picture of a few centimetres a pixel can tell. */
export function squareMetres(value: number): string {
  return say("square-metres", { metres: number(value, value < 10 ? 2 : value < 100 ? 1 : 0) });
}
