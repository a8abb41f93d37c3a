// The managers' map of coverage. Its tiles hold all days: moving the window paints anew and asks for nothing but the
// table, which the server writes; what the pointer rests on is shown with the words of that table.
import { LngLatBounds, Map as GlMap, NavigationControl, ScaleControl, setWorkerUrl } from "maplibre-gl";
import { Days, style, type Told } from "./coverage/land";
import { marks, patterns } from "./coverage/patterns";
import { Rows } from "./coverage/rows";
import { ofDays } from "./language/words";

const DAY_MS = 86_400_000;
const LAYERS: Record<string, string[]> = {
  areas: ["areas", "areas-edge"],
  seen: ["seen"],
  imaged: ["imaged"],
  skipped: ["skipped"],
  growers: ["growers"],
  flags: ["flags-inside", "flags-edge", "flags"],
};

const box = document.querySelector<HTMLElement>("[data-map]");
if (box) draw(box, JSON.parse(box.dataset.map ?? "{}") as Told);

function draw(box: HTMLElement, told: Told): void {
  const rows = new Rows(told.table);
  const map = open(box, told);
  slide(rows, map && painter(map, told));
  if (!map) return;
  map.touchZoomRotate.disableRotation();
  map.addControl(new NavigationControl({ showCompass: false }));
  map.addControl(new ScaleControl({ maxWidth: 120 }), "bottom-left");
  for (const [name, image] of [...patterns(), ...marks()]) map.addImage(name, image, { pixelRatio: 2 });
  map.on("idle", () => {
    box.dataset.drawn = "yes";
    document.querySelector("[data-drawing]")?.setAttribute("hidden", "");
  });
  map.on("error", () => document.querySelector("[data-lost]")?.removeAttribute("hidden"));
  map.on("mousemove", ({ point }) => rows.under(map.queryRenderedFeatures(point)));
  map.on("mouseout", () => rows.under([]));
  map.on("click", ({ point }) => rows.under(map.queryRenderedFeatures(point)));
  rows.onChange = () => choose(map);
  listen(map);
  choose(map);
  fitToPaper(map);
}

/** A printed map is as wide as the paper, and shows what the screen showed. */
function fitToPaper(map: GlMap): void {
  const fit = () => {
    const shown = map.getBounds();
    map.resize();
    map.fitBounds(shown, { animate: false });
    map.redraw();
  };
  window.addEventListener("beforeprint", fit);
  window.addEventListener("afterprint", fit);
}

function open(box: HTMLElement, told: Told): GlMap | null {
  setWorkerUrl(new URL(box.dataset.worker ?? "", location.origin).href);
  const [west, south, east, north] = told.bounds;
  try {
    return new GlMap({
      container: box,
      style: style(told),
      bounds: new LngLatBounds([west, south], [east, north]),
      fitBoundsOptions: { padding: 40, maxZoom: 17 },
      maxZoom: 20,
      attributionControl: false,
      dragRotate: false,
      pitchWithRotate: false,
      fadeDuration: 0,
      canvasContextAttributes: { preserveDrawingBuffer: true }, // or a printed map is empty
      locale: JSON.parse(box.dataset.words ?? "{}") as Record<string, string>,
      cooperativeGestures: matchMedia("(pointer: coarse)").matches,
    });
  } catch {
    box.hidden = true;
    document.querySelector("[data-no-map]")?.removeAttribute("hidden");
    document.querySelector("[data-drawing]")?.setAttribute("hidden", "");
    return null;
  }
}

function slide(rows: Rows, paint: ((first: number, last: number) => void) | null): void {
  const field = document.querySelector<HTMLElement>("[data-slide]");
  const range = field?.querySelector("input");
  const to = document.querySelector<HTMLInputElement>("#to");
  const from = document.querySelector<HTMLInputElement>("#from");
  if (!field || !range || !to || !from) return;
  field.hidden = false;
  const say = () => {
    const words = new Intl.DateTimeFormat(ofDays, { dateStyle: "medium", timeZone: "UTC" });
    field.querySelector("output")!.textContent = words.format(new Date(range.valueAsNumber * DAY_MS));
  };
  const move = () => {
    const [first, last] = [from.valueAsNumber / DAY_MS, to.valueAsNumber / DAY_MS];
    if (!Number.isFinite(first) || !Number.isFinite(last) || first > last) return;
    paint?.(first, last);
    rows.fetch(from.value, to.value);
  };
  range.addEventListener("input", () => {
    to.valueAsNumber = range.valueAsNumber * DAY_MS;
    if (from.valueAsNumber > to.valueAsNumber) from.valueAsNumber = to.valueAsNumber;
    say();
    move();
  });
  for (const day of [from, to]) {
    day.addEventListener("change", () => {
      if (Number.isFinite(to.valueAsNumber)) range.valueAsNumber = to.valueAsNumber / DAY_MS;
      say();
      move();
    });
  }
  document.querySelector("#district")?.addEventListener("change", () => range.form?.requestSubmit());
  say();
}

/** Painter of windows: at most one for each picture, and of several in a row the last one. */
function painter(map: GlMap, told: Told): (first: number, last: number) => void {
  const days = new Days(map, told, Number(document.querySelector<HTMLInputElement>("[data-slide] input")?.min ?? told.from));
  let wanted: [number, number] = [told.from, told.to];
  let waiting = true; // until the map can be told
  const paint = () => {
    waiting = false;
    days.paint(...wanted);
  };
  map.once("style.load", paint);
  return (first, last) => {
    wanted = [first, last];
    if (waiting) return;
    waiting = true;
    requestAnimationFrame(paint);
  };
}

function choose(map: GlMap): void {
  for (const field of document.querySelectorAll<HTMLInputElement>("input[data-layer]")) show(map, field);
}

function show(map: GlMap, field: HTMLInputElement): void {
  for (const layer of LAYERS[field.dataset.layer ?? ""] ?? []) {
    if (map.getLayer(layer)) map.setLayoutProperty(layer, "visibility", field.checked ? "visible" : "none");
  }
}

function listen(map: GlMap): void {
  document.addEventListener("change", (event) => {
    const field = event.target as HTMLInputElement;
    if (field.dataset.layer) show(map, field);
  });
  document.addEventListener("click", (event) => {
    const button = (event.target as HTMLElement).closest<HTMLElement>("[data-bounds]");
    if (!button) return;
    const [west, south, east, north] = (button.dataset.bounds ?? "").split(",").map(Number);
    const animate = !matchMedia("(prefers-reduced-motion: reduce)").matches;
    map.fitBounds(new LngLatBounds([west, south], [east, north]), { padding: 40, maxZoom: 17, animate });
    map.getContainer().scrollIntoView({ block: "nearest" });
  });
}
