// The map of a flight: its orthomosaic, the state of its ground, its flags, and what to fly again. Everything comes from
// this server; the style is written here and has no text, so that no fonts are needed.
import { FullscreenControl, LngLatBounds, Map as GlMap, NavigationControl, ScaleControl, setWorkerUrl } from "maplibre-gl";
import type { FeatureCollection } from "geojson";
import type { StyleSpecification } from "maplibre-gl";
import { growerLabels } from "./review/growers";

interface Told {
  bounds: [number, number, number, number];
  leastZoom: number;
  mostZoom: number;
  orthomosaic: string;
  ground: string;
  flags: string | null;
  again: string | null;
  growers: string | null;
}

const FLAG = "#ff7a1a";
const LINE = "#1d2323";
const AGAIN = "#5b2a86";
const GROWERS = "#7ad0ff";

const place = document.querySelector<HTMLElement>("[data-map]");
if (place) draw(place, JSON.parse(place.dataset.map ?? "{}") as Told);

function draw(box: HTMLElement, told: Told): void {
  setWorkerUrl(new URL(box.dataset.worker ?? "", location.origin).href);
  const [west, south, east, north] = told.bounds;
  const bounds = new LngLatBounds([west, south], [east, north]);
  let map: GlMap;
  try {
    map = new GlMap({
      container: box,
      style: style(told),
      bounds,
      fitBoundsOptions: { padding: 24 },
      maxZoom: told.mostZoom + 3,
      minZoom: Math.max(0, told.leastZoom - 3),
      attributionControl: false,
      dragRotate: false,
      pitchWithRotate: false,
      locale: JSON.parse(box.dataset.words ?? "{}") as Record<string, string>,
      cooperativeGestures: matchMedia("(pointer: coarse)").matches,
    });
  } catch {
    box.hidden = true;
    document.querySelector<HTMLElement>("[data-no-map]")?.removeAttribute("hidden");
    return;
  }
  map.touchZoomRotate.disableRotation();
  map.addControl(new NavigationControl({ showCompass: false }));
  map.addControl(new FullscreenControl());
  map.addControl(new ScaleControl({ maxWidth: 120 }));
  map.once("idle", () => (box.dataset.drawn = "yes"));
  map.on("click", "flags-inside", ({ features }) => features?.[0] && point(String(features[0].properties.id)));
  listen(map, bounds, told.growers ? named(map, told.growers) : () => undefined);
}

/** Puts what each licence is for beside its ground; what it returns shows and hides the words. */
function named(map: GlMap, address: string): (on: boolean) => void {
  const labels = growerLabels();
  void fetch(address)
    .then((answer) => answer.json() as Promise<FeatureCollection>)
    .then((growers) => labels.show(map, growers))
    .catch(() => undefined); // the outlines stand without words, and the legend says what they are
  return labels.toggle;
}

function style(told: Told): StyleSpecification {
  const here = (path: string) => `${location.origin}${path}`;
  const zooms = { minzoom: told.leastZoom, maxzoom: told.mostZoom };
  const tiles = { type: "raster", tileSize: 512, bounds: told.bounds, ...zooms } as const;
  const nothing: FeatureCollection = { type: "FeatureCollection", features: [] };
  return {
    version: 8,
    sources: {
      orthomosaic: { ...tiles, tiles: [here(told.orthomosaic)] },
      ground: { ...tiles, tiles: [here(told.ground)] },
      flags: { type: "geojson", data: told.flags ? here(told.flags) : nothing },
      again: { type: "geojson", data: told.again ? here(told.again) : nothing },
      growers: { type: "geojson", data: told.growers ? here(told.growers) : nothing },
    },
    layers: [
      { id: "paper", type: "background", paint: { "background-color": "#eeeeea" } },
      { id: "orthomosaic", type: "raster", source: "orthomosaic", paint: { "raster-fade-duration": 0 } },
      { id: "ground", type: "raster", source: "ground", paint: { "raster-fade-duration": 0 } },
      { id: "again", type: "line", source: "again", paint: { "line-color": AGAIN, "line-width": 2, "line-dasharray": [3, 2] } },
      { id: "growers-edge", type: "line", source: "growers", paint: { "line-color": LINE, "line-width": 4.5 } },
      { id: "growers", type: "line", source: "growers", paint: { "line-color": GROWERS, "line-width": 2, "line-dasharray": [4, 2] } },
      { id: "flags-inside", type: "fill", source: "flags", paint: { "fill-color": FLAG, "fill-opacity": 0.12 } },
      { id: "flags-edge", type: "line", source: "flags", paint: { "line-color": LINE, "line-width": 5 } },
      { id: "flags", type: "line", source: "flags", paint: { "line-color": FLAG, "line-width": 2.5 } },
    ],
  };
}

const LAYERS: Record<string, string[]> = {
  ground: ["ground"],
  flags: ["flags", "flags-edge", "flags-inside"],
  again: ["again"],
  growers: ["growers-edge", "growers"],
};

function listen(map: GlMap, whole: LngLatBounds, name: (on: boolean) => void): void {
  for (const box of document.querySelectorAll<HTMLInputElement>("input[data-layer]")) {
    const show = () => {
      if (box.dataset.layer === "growers") name(box.checked);
      for (const layer of LAYERS[box.dataset.layer ?? ""] ?? []) {
        map.setLayoutProperty(layer, "visibility", box.checked ? "visible" : "none");
      }
    };
    box.addEventListener("change", show);
    if (!box.checked) map.once("load", show);
  }
  document.addEventListener("click", (event) => {
    const button = (event.target as HTMLElement).closest<HTMLElement>("[data-bounds]");
    if (!button) return;
    const [west, south, east, north] = (button.dataset.bounds ?? "").split(",").map(Number);
    const to = button.dataset.bounds === "all" ? whole : new LngLatBounds([west, south], [east, north]);
    const animate = !matchMedia("(prefers-reduced-motion: reduce)").matches;
    map.fitBounds(to, { padding: 60, maxZoom: map.getMaxZoom() - 2, animate });
    map.getContainer().scrollIntoView({ block: "nearest", behavior: animate ? "smooth" : "auto" });
  });
}

function point(id: string): void {
  for (const row of document.querySelectorAll<HTMLElement>("[data-flag]")) {
    row.classList.toggle("here", row.dataset.flag === id);
    if (row.dataset.flag === id) row.scrollIntoView({ block: "nearest" });
  }
}
