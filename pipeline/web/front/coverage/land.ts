// How coverage is drawn: ground, then imagery, what of the ground was not seen, areas, licences, flags and visits.
import type { ExpressionSpecification, Map as GlMap, StyleSpecification } from "maplibre-gl";
import type { Told, Window } from "./told";

const LINE = "#1d2323";
const OUTSIDE = 0;
const INSIDE = 1;
/** Below this layer ground that was not seen is added, once more above imagery. */
export const ABOVE_GROUND = "areas-edge";

type Expression = ExpressionSpecification;

/**
 * Shows the outlined flags of a window of days. They are known by their day: of each day, a state says whether it is in
 * the window. So only days that change are painted anew, and no tile is laid out again, as a filter asks.
 */
export class Days {
  private readonly shown = new Map<number, number>();

  constructor(private readonly map: GlMap, private readonly told: Told, private readonly first: number) {}

  /** What was said of days went with the style. */
  forget(): void {
    this.shown.clear();
  }

  paint({ from, to }: Window): void {
    for (let day = Math.min(this.first, this.told.from, from); day <= Math.max(to, this.told.to, ...this.shown.keys()); day++) this.set(day, day >= from && day <= to ? INSIDE : OUTSIDE);
  }

  private set(day: number, inside: number): void {
    const before = day >= this.told.from && day <= this.told.to ? INSIDE : OUTSIDE;
    if ((this.shown.get(day) ?? before) === inside) return;
    this.shown.set(day, inside);
    this.map.setFeatureState({ source: "flags", sourceLayer: "flags", id: day }, { inside });
  }
}

/** Where the imagery of a window is. */
export function imageryOf(told: Told, from: string, to: string): string {
  const address = `${location.origin}${told.tiles.imagery}`;
  return `${address}${address.endsWith("?") ? "" : "&"}from=${from}&to=${to}`;
}

export function style(told: Told, from: string, to: string): StyleSpecification {
  const source = (layer: "areas" | "flags", more: { promoteId?: Record<string, string> } = {}) => ({
    type: "vector" as const,
    tiles: [`${location.origin}${told.tiles[layer]}`],
    minzoom: told.zooms[layer][0],
    maxzoom: told.zooms[layer][1],
    bounds: told.bounds,
    ...more,
  });
  const day: Expression = ["get", "day"];
  const atFirst: Expression = ["case", ["any", ["<", day, told.from], [">", day, told.to]], OUTSIDE, INSIDE];
  const inWindow = (opacity: number): Expression => ["*", opacity, ["coalesce", ["feature-state", "inside"], atFirst]];
  const group = (open: string, confirmed: string, found: string, nothing: string): Expression => [
    "match", ["get", "group"], "open", open, "confirmed", confirmed, "found", found, nothing,
  ];
  const marks = (group: string, of: string, aside: [number, number]): StyleSpecification["layers"][number] => ({
    id: of, type: "symbol", source: "marks", filter: ["==", ["get", "group"], group],
    layout: {
      "icon-image": ["get", "image"],
      "icon-offset": aside,
      "icon-allow-overlap": true, // a mark that is left out would be a flag that nobody sees
      "icon-ignore-placement": true,
      "symbol-sort-key": ["match", ["get", "kind"], "found", 0, "confirmed", 1, "open", 2, 3],
    },
  });
  const near = { source: "flags", "source-layer": "flags", minzoom: told.zooms.outlined } as const;
  return {
    version: 8,
    sources: {
      areas: source("areas"),
      flags: source("flags", { promoteId: { flags: "day" } }),
      marks: { type: "geojson", data: { type: "FeatureCollection", features: [] } },
      imagery: { type: "raster", tiles: [imageryOf(told, from, to)], tileSize: 512, minzoom: told.zooms.imagery[0], maxzoom: told.zooms.imagery[1], bounds: told.bounds },
    },
    layers: [
      { id: "paper", type: "background", paint: { "background-color": "#f7f7f3" } },
      { id: "imagery", type: "raster", source: "imagery", layout: { visibility: "none" }, paint: { "raster-fade-duration": 0 } },
      { id: "areas", type: "fill", source: "areas", "source-layer": "areas", paint: { "fill-opacity": 0 } }, // for the pointer
      { id: ABOVE_GROUND, type: "line", source: "areas", "source-layer": "areas", paint: { "line-color": LINE, "line-width": 1.5 } },
      { id: "growers", type: "line", source: "flags", "source-layer": "growers", paint: { "line-color": "#1f6f9f", "line-width": 2.5, "line-dasharray": [3, 2] } },
      { id: "zones", type: "line", source: "flags", "source-layer": "zones", paint: { "line-color": "#8e1b5a", "line-width": 3.5, "line-dasharray": [0.6, 0.6] } },
      { id: "flags-inside", type: "fill", ...near, paint: { "fill-color": group("#ffd23f", "#ff7a1a", "#a3231f", "#ffffff"), "fill-opacity": inWindow(0.6) } },
      { id: "flags-edge", type: "line", ...near, paint: { "line-color": LINE, "line-width": 1.5, "line-opacity": inWindow(1) } },
      {
        id: "flags", type: "symbol", ...near,
        layout: {
          "icon-image": group("open-", "confirmed-", "found-", "nothing-"),
          "icon-size": ["interpolate", ["linear"], ["zoom"], 15, 0.7, 17, 1],
          "icon-allow-overlap": true,
          "icon-ignore-placement": true,
          "symbol-sort-key": ["match", ["get", "group"], "found", 0, "confirmed", 1, "open", 2, 3],
        },
        paint: { "icon-opacity": inWindow(1) },
      },
      marks("flags", "marks-flags", [0, 0]),
      marks("visits", "marks-visits", [9, -9]),
    ],
  };
}
