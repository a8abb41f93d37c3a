// Shapes taken apart.
import type { Geometry, Position } from "geojson";
import type { Bounds } from "./reading";

/** Every corner of it. */
export function positions(geometry: Geometry): Position[] {
  if (geometry.type === "GeometryCollection") return geometry.geometries.flatMap(positions);
  const flat = (nested: unknown): Position[] =>
    typeof (nested as Position)[0] === "number" ? [nested as Position] : (nested as unknown[]).flatMap(flat);
  return flat(geometry.coordinates);
}

/** The outer ring of each of its parts. */
export function rings(geometry: Geometry): Position[][] {
  if (geometry.type === "Polygon") return geometry.coordinates.slice(0, 1);
  if (geometry.type === "MultiPolygon") return geometry.coordinates.map(([outer]) => outer);
  return geometry.type === "GeometryCollection" ? geometry.geometries.flatMap(rings) : [];
}

export function bounds(geometry: Geometry): Bounds {
  const points = positions(geometry);
  const [xs, ys] = [points.map(([x]) => x), points.map(([, y]) => y)];
  return [Math.min(...xs), Math.min(...ys), Math.max(...xs), Math.max(...ys)];
}
