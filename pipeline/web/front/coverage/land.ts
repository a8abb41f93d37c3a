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
const OF_DAYS = ["seen", "imaged", "skipped", "flags-inside", "flags-edge", "flags"];

type Filter = ExpressionSpecification;

function inWindow(from: number, to: number): Filter {
  return ["all", [">=", ["get", "day"], from], ["<=", ["get", "day"], to]];
}

function byAge(to: number): Filter {
  return ["step", ["-", to, ["get", "day"]], AGES[0], 31, AGES[1], 91, AGES[2], 181, AGES[3]];
}

export function windowOf(map: GlMap, from: number, to: number): void {
  for (const layer of OF_DAYS) map.setFilter(layer, layerFilter(layer, from, to));
  map.setPaintProperty("seen", "fill-color", byAge(to));
}

function layerFilter(layer: string, from: number, to: number): Filter {
  const areas: Filter = ["==", ["geometry-type"], "Polygon"];
  return layer === "flags-inside" || layer === "flags-edge" ? ["all", areas, inWindow(from, to)] : inWindow(from, to);
}

export function style(told: Told): StyleSpecification {
  const here = (path: string) => `${location.origin}${path}`;
  const source = (tiles: string) => ({ type: "vector", tiles: [here(tiles)], maxzoom: told.mostZoom, bounds: told.bounds }) as const;
  const filter = (layer: string) => layerFilter(layer, told.from, told.to);
  const group = (open: string, confirmed: string, found: string, nothing: string): Filter => [
    "match", ["get", "group"], "open", open, "confirmed", confirmed, "found", found, nothing,
  ];
  return {
    version: 8,
    sources: { ground: source(told.ground), flags: source(told.flags) },
    layers: [
      { id: "paper", type: "background", paint: { "background-color": "#f7f7f3" } },
      { id: "areas", type: "fill", source: "ground", "source-layer": "areas", paint: { "fill-pattern": "not-flown" } },
      { id: "skipped", type: "fill", source: "ground", "source-layer": "skipped", filter: filter("skipped"), paint: { "fill-pattern": "skipped", "fill-antialias": false } },
      { id: "imaged", type: "fill", source: "ground", "source-layer": "imaged", filter: filter("imaged"), paint: { "fill-pattern": "not-assessable", "fill-antialias": false } },
      {
        id: "seen", type: "fill", source: "ground", "source-layer": "seen", filter: filter("seen"),
        layout: { "fill-sort-key": ["get", "day"] },
        paint: { "fill-color": byAge(told.to), "fill-antialias": false },
      },
      { id: "areas-edge", type: "line", source: "ground", "source-layer": "areas", paint: { "line-color": LINE, "line-width": 1.5 } },
      {
        id: "growers", type: "line", source: "flags", "source-layer": "growers",
        paint: { "line-color": "#1f6f9f", "line-width": 2.5, "line-dasharray": [3, 2] },
      },
      {
        id: "flags-inside", type: "fill", source: "flags", "source-layer": "flags", filter: filter("flags-inside"),
        paint: { "fill-color": group("#ffd23f", "#ff7a1a", "#a3231f", "#ffffff"), "fill-opacity": 0.6 },
      },
      {
        id: "flags-edge", type: "line", source: "flags", "source-layer": "flags", filter: filter("flags-edge"),
        paint: { "line-color": LINE, "line-width": 1.5 },
      },
      {
        id: "flags", type: "symbol", source: "flags", "source-layer": "flags", filter: filter("flags"),
        layout: {
          "icon-image": group("mark-open", "mark-confirmed", "mark-found", "mark-nothing"),
          "icon-size": ["interpolate", ["linear"], ["zoom"], 8, 0.35, 12, 0.55, 16, 1],
          "icon-allow-overlap": true, // a mark that is left out would be a flag that nobody sees
          "symbol-sort-key": ["match", ["get", "group"], "found", 0, "confirmed", 1, "open", 2, 3],
        },
      },
    ],
  };
}
