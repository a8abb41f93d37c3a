// The ground on the screen: the plot's picture at once, its surroundings under it, tiles where one looks closer. The
// style is written here and has no text, so that no fonts are needed.
import type { FeatureCollection, Geometry, Position } from "geojson";
import { type GeoJSONSource, Map as GlMap, type ImageSource, NavigationControl, ScaleControl, setWorkerUrl } from "maplibre-gl";
import { growerLabels } from "./growers";
import { type Item, shoot } from "./item";
import type { Bounds, Reading, Tiles } from "./reading";
import { bounds } from "./shapes";

export const LINE = "#1d2323";
export const OUTLINE = "#ffd23f";
const GROWERS = "#7ad0ff";
const NOWHERE: Bounds = [-1e-4, -1e-4, 1e-4, 1e-4];
export const NOTHING: FeatureCollection = { type: "FeatureCollection", features: [] };

/** The least that is shown at first, in pixels of the flight. */
const LEAST_PX = 300;
const METRES_A_DEGREE = 111_319.49;

export type Layer = "outline" | "growers" | "relief";
const LAYERS: Record<Layer, string[]> = {
  outline: ["outline-edge", "outline"],
  growers: ["growers-edge", "growers"],
  relief: ["relief"],
};

export class Ground {
  readonly map: GlMap;
  /** The style is there and everything has its place in it; it is asked for once, since tiles make a map "not loaded". */
  private readonly furnished: Promise<void>;
  private reading: Reading | null = null;
  private readonly visible: Record<Layer, boolean> = { outline: false, growers: true, relief: false };
  private labels = growerLabels();
  private isWhole = false;

  /** Throws where the browser cannot draw maps. */
  constructor(box: HTMLElement) {
    setWorkerUrl(new URL(box.dataset.worker ?? "", location.origin).href);
    this.map = new GlMap({
      container: box,
      style: { version: 8, sources: {}, layers: [{ id: "paper", type: "background", paint: { "background-color": "#20262a" } }] },
      center: [0, 0],
      zoom: 18,
      maxZoom: 25, // MapLibre has no tiles beyond, not even for a background
      minZoom: 10,
      fadeDuration: 0,
      attributionControl: false,
      dragRotate: false,
      pitchWithRotate: false,
      touchPitch: false,
      locale: JSON.parse(box.dataset.words ?? "{}") as Record<string, string>,
    });
    this.map.touchZoomRotate.disableRotation();
    this.map.keyboard.disableRotation();
    this.map.addControl(new NavigationControl({ showCompass: false }), "top-right");
    this.map.addControl(new ScaleControl({ maxWidth: 120 }), "bottom-right");
    this.furnished = this.map.once("load").then(() => furnish(this.map));
  }

  /** Draw an item; settles when it is on the screen. */
  async show(item: Item): Promise<void> {
    const [{ picture, overview }] = await Promise.all([item.evidence, this.furnished]);
    this.reading = item.reading;
    (this.map.getSource("overview") as ImageSource).updateImage({ image: overview.bitmap, coordinates: corners(overview.bounds) });
    (this.map.getSource("picture") as ImageSource).updateImage({ image: picture.bitmap, coordinates: corners(picture.bounds) });
    this.data("outline", { type: "Feature", properties: {}, geometry: item.reading.outline });
    this.data("growers", item.reading.growers ?? NOTHING);
    this.labels.show(this.map, item.reading.growers ?? NOTHING, item.reading.picture.bounds);
    this.toggle("outline", false);
    this.toggle("relief", false);
    this.toggle("growers", this.visible.growers);
    layTiles(this.map, item.reading.tiles, overview.bounds);
    this.isWhole = true;
    this.fit();
    const drawn = this.map.once("render");
    this.map.triggerRepaint();
    await drawn;
  }

  /** The plot and a little around it; once more, the whole picture. */
  fit(): void {
    if (!this.reading) return;
    this.isWhole = !this.isWhole;
    const whole = this.reading.picture.bounds;
    this.map.fitBounds(this.isWhole ? whole : around(this.reading), { animate: false, padding: 8 });
  }

  toggle(layer: Layer, on: boolean): void {
    this.visible[layer] = on;
    for (const id of LAYERS[layer]) this.map.setLayoutProperty(id, "visibility", on ? "visible" : "none");
    if (layer === "growers") this.labels.toggle(on);
    if (layer === "relief" && on) void this.fetchRelief();
  }

  /** Points and a line that are being measured or drawn by the keyboard. */
  sketch(line: Position[], isClosed: boolean): void {
    const shape: Geometry | null =
      line.length < 2 ? null : isClosed ? { type: "Polygon", coordinates: [[...line, line[0]]] } : { type: "LineString", coordinates: line };
    const points: Geometry = { type: "MultiPoint", coordinates: line };
    const features = [...(shape ? [shape] : []), points].map((geometry) => ({ type: "Feature", properties: {}, geometry }) as const);
    this.data("sketch", { type: "FeatureCollection", features: [...features] });
  }

  get middle(): Position {
    return this.map.getCenter().toArray();
  }

  dash(on: boolean): void {
    this.map.setPaintProperty("outline", "line-dasharray", on ? [2, 2] : undefined);
  }

  private async fetchRelief(): Promise<void> {
    const wanted = this.reading;
    if (!wanted?.relief) return;
    const shot = await shoot(wanted.relief);
    if (wanted !== this.reading) return;
    (this.map.getSource("relief") as ImageSource).updateImage({ image: shot.bitmap, coordinates: corners(shot.bounds) });
    this.map.triggerRepaint();
  }

  private data(source: string, content: Parameters<GeoJSONSource["setData"]>[0]): void {
    void (this.map.getSource(source) as GeoJSONSource).setData(content);
  }
}

/** The middle of a picture: six times the plot, and so much that a pixel of the flight is not blown up without end. */
function around({ outline, gsd_m, picture }: Reading): Bounds {
  const largest = Math.max(...bounds(outline).map(Math.abs), (LEAST_PX * gsd_m) / METRES_A_DEGREE / 6);
  const half = Math.min(3 * largest, (picture.bounds[2] - picture.bounds[0]) / 2);
  return [-half, -half, half, half];
}

export function corners([west, south, east, north]: Bounds): [[number, number], [number, number], [number, number], [number, number]] {
  return [[west, north], [east, north], [east, south], [west, south]];
}

/** Tiles lie over the pictures: they are the same ground, only sharper. */
export function layTiles(map: GlMap, tiles: Tiles, within: Bounds): void {
  if (map.getLayer("tiles")) map.removeLayer("tiles");
  if (map.getSource("tiles")) map.removeSource("tiles");
  const { url, minzoom, maxzoom } = tiles;
  map.addSource("tiles", { type: "raster", tiles: [`${location.origin}${url}`], tileSize: 512, bounds: within, minzoom, maxzoom });
  const above = map.getLayer("relief") ? "relief" : undefined;
  map.addLayer({ id: "tiles", type: "raster", source: "tiles", paint: { "raster-fade-duration": 0 } }, above);
}

export function layPicture(map: GlMap, id: string, place: Bounds = NOWHERE, opacity = 1): void {
  map.addSource(id, { type: "image", coordinates: corners(place) });
  map.addLayer({ id, type: "raster", source: id, paint: { "raster-fade-duration": 0, "raster-opacity": opacity } });
}

function furnish(map: GlMap): void {
  for (const id of ["overview", "picture"]) layPicture(map, id);
  layPicture(map, "relief", NOWHERE, 0.65);
  for (const id of ["growers", "outline", "sketch"]) map.addSource(id, { type: "geojson", data: NOTHING });
  const edge = (id: string, source: string) => map.addLayer({ id, type: "line", source, paint: { "line-color": LINE, "line-width": 4.5 } });
  edge("growers-edge", "growers");
  map.addLayer({ id: "growers", type: "line", source: "growers", paint: { "line-color": GROWERS, "line-width": 2, "line-dasharray": [4, 2] } });
  edge("outline-edge", "outline");
  map.addLayer({ id: "outline", type: "line", source: "outline", paint: { "line-color": OUTLINE, "line-width": 2 } });
  edge("sketch-edge", "sketch");
  map.addLayer({ id: "sketch", type: "line", source: "sketch", paint: { "line-color": "#ffffff", "line-width": 2 } });
  const dot = { "circle-radius": 4.5, "circle-color": "#ffffff", "circle-stroke-color": LINE, "circle-stroke-width": 2 };
  map.addLayer({ id: "sketch-points", type: "circle", source: "sketch", filter: ["==", ["geometry-type"], "Point"], paint: dot });
}
