// The managers' map of coverage. Its tiles hold all days: moving the window paints anew and asks for nothing but the
// table, which the server writes, and imagery where that is shown; what the pointer rests on is told by that table.
import { LngLatBounds, Map as GlMap, NavigationControl, type RasterTileSource, ScaleControl, setWorkerUrl } from "maplibre-gl";
import { Ground } from "./coverage/ground";
import { ABOVE_GROUND, Days, imageryOf, style } from "./coverage/land";
import { drawn, Marks } from "./coverage/marks";
import { Rows } from "./coverage/rows";
import type { Told, Window } from "./coverage/told";
import { ofDays } from "./language/words";

const DAY_MS = 86_400_000;
const PAUSE_MS = 150;
const LAYERS: Record<string, string[]> = {
  areas: ["areas-edge"],
  imagery: ["imagery"],
  growers: ["growers"],
  zones: ["zones"],
  flags: ["flags-inside", "flags-edge", "flags", "marks-flags"],
  visits: ["marks-visits"],
};
const shown = new Map<string, boolean>();
let late = 0; // until marks and imagery follow the slider

const box = document.querySelector<HTMLElement>("[data-map]");
if (box) draw(box, JSON.parse(box.dataset.map ?? "{}") as Told);

function draw(box: HTMLElement, told: Told): void {
  const rows = new Rows(told.table);
  const map = open(box, told);
  if (!map) return slide(rows, null);
  const [ground, marks] = [new Ground(map, told), new Marks(map, told)];
  slide(rows, painter(map, told, ground, marks));
  map.touchZoomRotate.disableRotation();
  map.keyboard.disableRotation();
  map.addControl(new NavigationControl({ showCompass: false }));
  map.addControl(new ScaleControl({ maxWidth: 120 }), "bottom-left");
  for (const group of ["open", "confirmed", "found", "nothing"]) map.addImage(`${group}-`, drawn(group, ""), { pixelRatio: 2 });
  const lost = () => document.querySelector("[data-lost]")?.removeAttribute("hidden");
  ground.squares.onChange = () => map.triggerRepaint();
  marks.squares.onChange = () => {
    marks.draw();
    map.triggerRepaint();
  };
  ground.squares.onLost = marks.squares.onLost = lost;
  map.on("error", lost);
  map.on("idle", () => {
    if (ground.squares.loading || marks.squares.loading || late) return;
    box.dataset.drawn = "yes";
    document.querySelector("[data-drawing]")?.setAttribute("hidden", "");
  });
  map.on("style.load", () => {
    // once, and again whenever the graphics card was taken away: MapLibre brings back all but layers of others
    ground.forget();
    map.addLayer(ground, "imagery");
    map.addLayer(ground.gaps(), ABOVE_GROUND);
    ground.squares.look();
    marks.squares.look();
    choose(map, ground, told);
  });
  const under = { layers: ["areas"] };
  map.on("mousemove", ({ point }) => rows.under(map.queryRenderedFeatures(point, under)));
  map.on("mouseout", () => rows.under([]));
  map.on("click", ({ point }) => rows.under(map.queryRenderedFeatures(point, under)));
  map.on("zoom", () => hint(map, told));
  rows.onChange = () => choose(map, ground, told);
  listen(map, ground, told);
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
      style: style(told, ...daysOf()),
      maxPitch: 0,
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

function daysOf(): [string, string] {
  return [document.querySelector<HTMLInputElement>("#from")?.value ?? "", document.querySelector<HTMLInputElement>("#to")?.value ?? ""];
}

function slide(rows: Rows, paint: ((window: Window) => void) | null): void {
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
    paint?.({ from: first, to: last });
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

/**
 * Painter of windows: ground at most once for each picture, of several windows in a row the last one; marks and imagery,
 * which have to be laid out or loaded, when the slider rests.
 */
function painter(map: GlMap, told: Told, ground: Ground, marks: Marks): (window: Window) => void {
  const days = new Days(map, told, Number(document.querySelector<HTMLInputElement>("[data-slide] input")?.min ?? told.from));
  let wanted: Window = { from: told.from, to: told.to };
  let waiting = true; // until the map can be told
  const paint = () => {
    waiting = false;
    for (const one of [ground, days]) one.paint(wanted);
  };
  const follow = () => {
    late = 0;
    marks.paint(wanted);
    if (shown.get("imagery")) map.getSource<RasterTileSource>("imagery")?.setTiles([imageryOf(told, ...daysOf())]);
    map.triggerRepaint();
  };
  map.on("style.load", () => {
    days.forget();
    paint();
  });
  return (window) => {
    wanted = window;
    clearTimeout(late);
    late = self.setTimeout(follow, PAUSE_MS);
    if (waiting) return;
    waiting = true;
    requestAnimationFrame(paint);
  };
}

function choose(map: GlMap, ground: Ground, told: Told): void {
  for (const field of document.querySelectorAll<HTMLInputElement>("input[data-layer]")) show(map, ground, told, field);
}

/** Show or put away a layer; one that is as it should be is left alone, for each change is a picture more. */
function show(map: GlMap, ground: Ground, told: Told, field: HTMLInputElement): void {
  const what = field.dataset.layer ?? "";
  if (shown.get(what) === field.checked) return;
  shown.set(what, field.checked);
  ground.show(what, field.checked);
  if (what === "imagery" && field.checked) map.getSource<RasterTileSource>("imagery")?.setTiles([imageryOf(told, ...daysOf())]);
  for (const layer of LAYERS[what] ?? []) {
    if (map.getLayer(layer)) map.setLayoutProperty(layer, "visibility", field.checked ? "visible" : "none");
  }
}

/** Say where imagery is, while it is asked for and too far away. */
function hint(map: GlMap, told: Told): void {
  const asked = document.querySelector<HTMLInputElement>("input[data-layer=imagery]")?.checked;
  document.querySelector("[data-nearer]")?.toggleAttribute("hidden", !asked || map.getZoom() >= told.zooms.imagery[0]);
}

function listen(map: GlMap, ground: Ground, told: Told): void {
  document.addEventListener("change", (event) => {
    const field = event.target as HTMLInputElement;
    if (field.dataset.layer) show(map, ground, told, field);
    hint(map, told);
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
