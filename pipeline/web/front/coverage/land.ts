// How coverage is drawn: what was not flown lies under what could not be, that under imagery, that under what was seen,
// and of what was seen the newest look lies on top. So every place shows the one state it is in.
import type { ExpressionSpecification, Map as GlMap, StyleSpecification } from "maplibre-gl";

export interface Told {
  ground: string;
  flags: string;
  table: string;
  bounds: [number, number, number, number];
  mostZoom: number;
  from: number;
  to: number;
}

export const AGES = ["#0b5d4a", "#3f8f78", "#8fbfad", "#cfe3da"];
const LINE = "#1d2323";
const OF_DAYS = { ground: ["seen", "imaged", "skipped"], flags: ["flags"] };
const OUTSIDE = -1;

type Expression = ExpressionSpecification;

/** How old a feature's look is in the window of the page, until a state says how old it is in another one. */
function age(told: Told): Expression {
  const day: Expression = ["get", "day"];
  const atFirst: Expression = ["case", ["any", ["<", day, told.from], [">", day, told.to]], OUTSIDE, ["step", ["-", told.to, day], 0, 31, 1, 91, 2, 181, 3]];
  return ["coalesce", ["feature-state", "age"], atFirst];
}

/** How old a look of a day is at the end of a window: the number of its colour, or outside. */
function ageOf(day: number, from: number, to: number): number {
  if (day < from || day > to) return OUTSIDE;
  return [31, 91, 181].filter((age) => to - day >= age).length;
}

/**
 * Paints a window of days. Features of a tile are known by their day: of each, its state says whether it is in the
 * window and how old it is. So only days that change are painted anew, and no tile is laid out again, as a filter asks.
 */
export class Days {
  private readonly shown = new Map<number, number>();

  constructor(private readonly map: GlMap, private readonly told: Told, private readonly first: number) {}

  paint(from: number, to: number): void {
    for (let day = Math.min(this.first, this.told.from, from); day <= Math.max(to, this.told.to, ...this.shown.keys()); day++) this.set(day, ageOf(day, from, to));
  }

  private set(day: number, age: number): void {
    if ((this.shown.get(day) ?? ageOf(day, this.told.from, this.told.to)) === age) return;
    this.shown.set(day, age);
    for (const [source, layers] of Object.entries(OF_DAYS)) {
      for (const sourceLayer of layers) this.map.setFeatureState({ source, sourceLayer, id: day }, { age });
    }
  }
}

export function style(told: Told): StyleSpecification {
  const here = (path: string) => `${location.origin}${path}`;
  const source = (tiles: string, layers: string[]) =>
    ({ type: "vector", tiles: [here(tiles)], maxzoom: told.mostZoom, bounds: told.bounds, promoteId: Object.fromEntries(layers.map((layer) => [layer, "day"])) }) as const;
  const shown = age(told);
  const inWindow = (opacity: number): Expression => ["case", [">=", shown, 0], opacity, 0];
  const areas: Expression = ["==", ["geometry-type"], "Polygon"];
  const group = (open: string, confirmed: string, found: string, nothing: string): Expression => [
    "match", ["get", "group"], "open", open, "confirmed", confirmed, "found", found, nothing,
  ];
  return {
    version: 8,
    sources: { ground: source(told.ground, OF_DAYS.ground), flags: source(told.flags, OF_DAYS.flags) },
    layers: [
      { id: "paper", type: "background", paint: { "background-color": "#f7f7f3" } },
      { id: "areas", type: "fill", source: "ground", "source-layer": "areas", paint: { "fill-pattern": "not-flown" } },
      { id: "skipped", type: "fill", source: "ground", "source-layer": "skipped", paint: { "fill-opacity": inWindow(1), "fill-pattern": "skipped", "fill-antialias": false } },
      { id: "imaged", type: "fill", source: "ground", "source-layer": "imaged", paint: { "fill-opacity": inWindow(1), "fill-pattern": "not-assessable", "fill-antialias": false } },
      {
        id: "seen", type: "fill", source: "ground", "source-layer": "seen",
        layout: { "fill-sort-key": ["get", "day"] },
        paint: { "fill-color": ["match", shown, 0, AGES[0], 1, AGES[1], 2, AGES[2], 3, AGES[3], "rgba(0,0,0,0)"], "fill-antialias": false },
      },
      { id: "areas-edge", type: "line", source: "ground", "source-layer": "areas", paint: { "line-color": LINE, "line-width": 1.5 } },
      {
        id: "growers", type: "line", source: "flags", "source-layer": "growers",
        paint: { "line-color": "#1f6f9f", "line-width": 2.5, "line-dasharray": [3, 2] },
      },
      {
        id: "flags-inside", type: "fill", source: "flags", "source-layer": "flags", filter: areas,
        paint: { "fill-color": group("#ffd23f", "#ff7a1a", "#a3231f", "#ffffff"), "fill-opacity": inWindow(0.6) },
      },
      {
        id: "flags-edge", type: "line", source: "flags", "source-layer": "flags", filter: areas,
        paint: { "line-color": LINE, "line-width": 1.5, "line-opacity": inWindow(1) },
      },
      {
        id: "flags", type: "symbol", source: "flags", "source-layer": "flags",
        layout: {
          "icon-image": group("mark-open", "mark-confirmed", "mark-found", "mark-nothing"),
          "icon-size": ["interpolate", ["linear"], ["zoom"], 8, 0.35, 12, 0.55, 16, 1],
          "icon-allow-overlap": true, // a mark that is left out would be a flag that nobody sees
          "symbol-sort-key": ["match", ["get", "group"], "found", 0, "confirmed", 1, "open", 2, 3],
        },
        paint: { "icon-opacity": inWindow(1) },
      },
    ],
  };
}
