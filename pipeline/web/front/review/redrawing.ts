// Correcting or splitting the outline: corners are moved, parts added, cut or taken away. The model's own outline stays
// visible, dashed. Whatever the pointer can do, the keyboard can do under the cross in the middle of the map.
import type { MultiPolygon, Position } from "geojson";
import { TerraDraw, TerraDrawLineStringMode, TerraDrawPolygonMode, TerraDrawSelectMode } from "terra-draw";
import { TerraDrawMapLibreGLAdapter } from "terra-draw-maplibre-gl-adapter";
import { cut } from "./cutting";
import type { Ground } from "./ground";
import type { Reading } from "./reading";
import { rings } from "./shapes";

export type Tool = "move" | "part" | "cut";
const MODES = { move: "select", part: "polygon", cut: "linestring" } as const;
/** A tenth of a millimetre; terra-draw refuses more digits. */
const DIGITS = 9;
const DRAWN = "#ff8fd6";
const GRAB_PX = 24;

export class Redrawing {
  active = false;
  tool: Tool = "move";
  /** What was drawn for the item on the screen; null as long as the model's outline stands. */
  drawn: MultiPolygon | null = null;
  private original: Position[][] = [];
  private draw: TerraDraw | null = null;
  private pending: Position[] = [];
  private carried: { id: string | number; corner: number } | null = null;

  constructor(
    private readonly ground: Ground,
    private readonly changed: (said?: string) => void,
  ) {
    ground.map.on("move", () => this.carry());
  }

  begin(reading: Reading): void {
    this.close();
    this.original = rings(reading.outline);
    this.drawn = null;
  }

  toggle(on = !this.active): void {
    if (on === this.active) return;
    if (!on) return this.close();
    this.active = true;
    this.draw = this.open();
    this.lay(this.drawn?.coordinates.map(([ring]) => ring) ?? this.original);
    this.ground.dash(true);
    this.ground.toggle("outline", true);
    this.use("move");
  }

  use(tool: Tool): void {
    this.tool = tool;
    this.pending = [];
    this.carried = null;
    this.ground.sketch([], false);
    this.draw?.setMode(MODES[tool]);
    this.choose();
    this.changed();
  }

  /** Enter: grab or drop the nearest corner, or put one under the cross. */
  press(): void {
    if (this.tool === "move") return this.carried ? this.drop() : this.grab();
    this.pending.push(this.ground.middle);
    this.ground.sketch(this.pending, this.tool === "part" && this.pending.length > 2);
    if (this.tool === "cut" && this.pending.length === 2) this.finish();
  }

  takeBack(): void {
    this.pending.pop();
    this.ground.sketch(this.pending, this.tool === "part" && this.pending.length > 2);
  }

  /** The part or the cut that the keyboard put together is done. */
  finish(): void {
    const points = this.pending;
    this.pending = [];
    this.ground.sketch([], false);
    if (this.tool === "cut" && points.length > 1) this.cutBy(points);
    if (this.tool !== "part" || points.length < 3) return;
    this.lay([...this.parts, [...points, points[0]]]);
    this.note();
  }

  /** Take away the part that is chosen, or the one under the cross. */
  remove(): void {
    const [longitude, latitude] = this.ground.middle;
    const under = this.draw?.getFeaturesAtLngLat({ lng: longitude, lat: latitude }) ?? [];
    const chosen = this.features.find(({ properties }) => properties.selected) ?? under[0];
    if (chosen?.id === undefined || this.features.length < 2) return this.changed("redraw-last");
    this.draw?.removeFeatures([chosen.id]);
    this.note();
  }

  restore(): void {
    this.lay(this.original);
    this.drawn = null;
    this.changed("redraw-restored");
  }

  private get features() {
    return this.draw?.getSnapshot().filter(({ geometry, properties }) => geometry.type === "Polygon" && properties.mode === "polygon") ?? [];
  }

  private get parts(): Position[][] {
    return this.features.map(({ geometry }) => (geometry.coordinates as Position[][])[0]);
  }

  private open(): TerraDraw {
    const fill = { fillColor: DRAWN, outlineColor: DRAWN, fillOpacity: 0.08, outlineWidth: 2 } as const;
    const flags = { polygon: { feature: { draggable: true, coordinates: { draggable: true, deletable: true, midpoints: { draggable: true } } } } };
    const select = new TerraDrawSelectMode({
      flags,
      keyEvents: null,
      styles: { selectedPolygonColor: DRAWN, selectedPolygonFillOpacity: 0.15, selectedPolygonOutlineColor: DRAWN, selectedPolygonOutlineWidth: 2.5 },
    });
    const polygon = new TerraDrawPolygonMode({ keyEvents: null, styles: fill });
    const line = new TerraDrawLineStringMode({ keyEvents: null, styles: { lineStringColor: DRAWN, lineStringWidth: 2 } });
    const adapter = new TerraDrawMapLibreGLAdapter({ map: this.ground.map, coordinatePrecision: DIGITS });
    const draw = new TerraDraw({ adapter, modes: [select, polygon, line] });
    draw.start();
    draw.on("finish", (id, { action }) => this.finished(id, action));
    return draw;
  }

  private finished(id: string | number, action: string): void {
    const line = this.draw?.getSnapshotFeature(id)?.geometry;
    if (action !== "draw" || line?.type !== "LineString") return this.note();
    this.draw?.removeFeatures([id]);
    this.cutBy(line.coordinates);
  }

  private cutBy(line: Position[]): void {
    const pieces = this.parts.flatMap((ring) => cut(ring, line) ?? [ring]);
    if (pieces.length === this.parts.length) return this.changed("redraw-no-cut");
    this.lay(pieces);
    this.note();
    this.use("move");
  }

  private lay(parts: Position[][]): void {
    const place = ([x, y]: Position) => [Number(x.toFixed(DIGITS)), Number(y.toFixed(DIGITS))];
    this.draw?.clear();
    const features = parts.map((ring) => ({
      type: "Feature" as const,
      properties: { mode: "polygon" },
      geometry: { type: "Polygon" as const, coordinates: [ring.map(place)] },
    }));
    this.draw?.addFeatures(features);
    this.choose();
  }

  /** A single part shows its corners without being pointed at first. */
  private choose(): void {
    const [only, ...others] = this.features;
    if (only && !others.length && this.draw?.getMode() === "select") this.draw.selectFeature(only.id as string);
  }

  private note(): void {
    this.drawn = { type: "MultiPolygon", coordinates: this.parts.map((ring) => [ring]) };
    this.changed();
  }

  private grab(): void {
    const middle = this.ground.map.project(this.ground.map.getCenter());
    const corners = this.features.flatMap(({ id, geometry }) =>
      (geometry.coordinates as Position[][])[0].slice(0, -1).map((point, corner) => {
        const { x, y } = this.ground.map.project(point as [number, number]);
        return { id: id as string, corner, away: Math.hypot(x - middle.x, y - middle.y) };
      }),
    );
    const nearest = corners.sort((one, other) => one.away - other.away)[0];
    this.carried = nearest && nearest.away <= GRAB_PX ? nearest : null;
    this.changed(this.carried ? "redraw-grabbed" : "redraw-no-corner");
    this.carry();
  }

  private drop(): void {
    this.carried = null;
    this.note();
    this.changed("redraw-dropped");
  }

  private carry(): void {
    if (!this.carried) return;
    const { id, corner } = this.carried;
    const ring = [...((this.draw?.getSnapshotFeature(id)?.geometry.coordinates as Position[][])?.[0] ?? [])];
    const [x, y] = this.ground.middle;
    ring[corner] = [Number(x.toFixed(DIGITS)), Number(y.toFixed(DIGITS))];
    if (corner === 0) ring[ring.length - 1] = ring[0];
    this.draw?.updateFeatureGeometry(id, { type: "Polygon", coordinates: [ring] });
  }

  private close(): void {
    this.draw?.stop();
    this.draw = null;
    this.active = false;
    this.pending = [];
    this.carried = null;
    if (this.ground.map.getLayer("outline")) {
      this.ground.dash(false);
      this.ground.sketch([], false);
    }
    this.changed();
  }
}
