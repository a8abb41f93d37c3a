// The map of a way: the outline of each stop with its number in the order of travel, and where one stands. The style has no
// text, so that no fonts are needed; the numbers are buttons of the page, which a keyboard reaches.
import type { Feature } from "geojson";
import { type GeoJSONSource, type GeoJSONSourceSpecification, LngLatBounds, Map as GlMap, Marker, NavigationControl, ScaleControl, type StyleSpecification, setWorkerUrl } from "maplibre-gl";
import { element } from "./letter";
import { type Place, ring } from "./place";

type Bounds = [number, number, number, number];

export interface Told {
  stops: { id: string; at: [number, number]; outline: Feature["geometry"] }[];
  grounds: { tiles: string; bounds: Bounds }[];
  leastZoom: number;
  mostZoom: number;
}

const LINE = "#1d2323";
const OUTLINE = "#ffd23f";
const HERE = "#0b5fce";
const CLOSE = 18;

export class Way {
  /** Told which stop was chosen on the map. */
  onChoose: (id: string) => void = () => undefined;
  private readonly map: GlMap;
  private readonly marks = new Map<string, HTMLElement>();
  private here: Marker | null = null;

  /** Throws where the browser cannot draw maps. */
  constructor(
    private readonly box: HTMLElement,
    private readonly told: Told,
    names: Map<string, string>,
  ) {
    setWorkerUrl(new URL(box.dataset.worker ?? "", location.origin).href);
    this.map = new GlMap({
      container: box,
      style: style(told),
      bounds: whole(told),
      fitBoundsOptions: { padding: 48, maxZoom: CLOSE - 1 },
      maxZoom: CLOSE + 3,
      attributionControl: false,
      dragRotate: false,
      pitchWithRotate: false,
      fadeDuration: 0,
      locale: JSON.parse(box.dataset.words ?? "{}") as Record<string, string>,
      cooperativeGestures: matchMedia("(pointer: coarse)").matches,
    });
    this.map.touchZoomRotate.disableRotation();
    this.map.addControl(new NavigationControl({ showCompass: false }));
    this.map.addControl(new ScaleControl({ maxWidth: 120 }));
    this.map.on("error", () => undefined); // ground that was not kept is paper; the outlines are there
    this.map.on("idle", () => (box.dataset.drawn = "yes"));
    told.stops.forEach((stop, index) => this.mark(stop, index + 1, names.get(stop.id) ?? ""));
  }

  /** Go to a stop and mark it. */
  show(id: string): void {
    const stop = this.told.stops.find((one) => one.id === id);
    if (!stop) return;
    this.choose(id);
    const animate = !matchMedia("(prefers-reduced-motion: reduce)").matches;
    this.map.easeTo({ center: stop.at, zoom: CLOSE, animate });
    this.box.scrollIntoView({ block: "nearest", behavior: animate ? "smooth" : "auto" });
  }

  choose(id: string): void {
    for (const [one, mark] of this.marks) mark.toggleAttribute("aria-current", one === id);
  }

  stand(place: Place): void {
    this.here?.remove();
    const dot = element("span", { className: "here-dot" });
    this.here = new Marker({ element: dot }).setLngLat(place.at).addTo(this.map);
    const area: Feature = { type: "Feature", properties: {}, geometry: { type: "Polygon", coordinates: [ring(place.at, place.accuracy)] } };
    void (this.map.getSource("here") as GeoJSONSource | undefined)?.setData(area);
    this.map.fitBounds(whole(this.told).extend(place.at), { padding: 48, maxZoom: CLOSE, animate: false });
  }

  private mark(stop: Told["stops"][number], place: number, name: string): void {
    const button = element("button", { type: "button", className: "stop-mark", textContent: String(place) });
    button.setAttribute("aria-label", name);
    button.addEventListener("click", () => {
      this.choose(stop.id);
      this.onChoose(stop.id);
    });
    this.marks.set(stop.id, button);
    new Marker({ element: button, anchor: "bottom", offset: [0, -14] }).setLngLat(stop.at).addTo(this.map);
    button.setAttribute("aria-label", name); // MapLibre writes a name of its own
    button.removeAttribute("role");
  }
}

function whole({ stops }: Told): LngLatBounds {
  return stops.reduce((bounds, { at }) => bounds.extend(at), new LngLatBounds());
}

function style({ stops, grounds, leastZoom, mostZoom }: Told): StyleSpecification {
  const outlines = stops.map(({ outline, id }) => ({ type: "Feature", properties: { id }, geometry: outline }) as const);
  const tiles = grounds.map(({ tiles, bounds }, index) => [
    `ground-${index}`,
    { type: "raster", tileSize: 512, tiles: [`${location.origin}${tiles}`], bounds, minzoom: leastZoom, maxzoom: mostZoom } as const,
  ] as const);
  const empty: GeoJSONSourceSpecification = { type: "geojson", data: { type: "FeatureCollection", features: [] } };
  const way = { type: "Feature", properties: {}, geometry: { type: "LineString", coordinates: stops.map(({ at }) => at) } } as const;
  return {
    version: 8,
    sources: {
      ...Object.fromEntries(tiles),
      way: { type: "geojson", data: way },
      outlines: { type: "geojson", data: { type: "FeatureCollection", features: [...outlines] } },
      here: empty,
    },
    layers: [
      { id: "paper", type: "background", paint: { "background-color": "#eeeeea" } },
      ...tiles.map(([id]) => ({ id, type: "raster", source: id, paint: { "raster-fade-duration": 0 } }) as const),
      { id: "way", type: "line", source: "way", paint: { "line-color": "#566060", "line-width": 1.5, "line-dasharray": [2, 3] } },
      { id: "outlines-edge", type: "line", source: "outlines", paint: { "line-color": LINE, "line-width": 5 } },
      { id: "outlines", type: "line", source: "outlines", paint: { "line-color": OUTLINE, "line-width": 2.5 } },
      { id: "here", type: "fill", source: "here", paint: { "fill-color": HERE, "fill-opacity": 0.18 } },
    ],
  };
}
