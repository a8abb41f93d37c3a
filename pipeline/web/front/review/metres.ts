// The local frame: what the map calls degrees are metres about the middle of the plot (Web Mercator at 0, 0).
import type { Position } from "geojson";

const EARTH_M = 6_378_137;
const RADIANS = Math.PI / 180;

/** Metres east and north of the middle. */
export function metres([longitude, latitude]: Position): [number, number] {
  return [EARTH_M * RADIANS * longitude, EARTH_M * Math.log(Math.tan(Math.PI / 4 + (RADIANS * latitude) / 2))];
}

/** Metres along a line. */
export function distance(line: Position[]): number {
  const points = line.map(metres);
  return points.slice(1).reduce((sum, [x, y], index) => sum + Math.hypot(x - points[index][0], y - points[index][1]), 0);
}

/** Square metres within a line that is closed from its last to its first point. */
export function area(line: Position[]): number {
  const points = line.map(metres);
  const twice = points.reduce((sum, [x, y], index) => {
    const [nextX, nextY] = points[(index + 1) % points.length];
    return sum + x * nextY - nextX * y;
  }, 0);
  return Math.abs(twice) / 2;
}
