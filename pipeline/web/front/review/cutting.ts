// Cutting a ring in two by a line drawn across it.
import type { Position } from "geojson";

interface Crossing {
  /** The side of the ring that is crossed, the piece of the line, and how far along it. */
  side: number;
  piece: number;
  along: number;
  point: Position;
}

/** The two rings into which `line` cuts `ring` (closed); null where it does not cross it exactly twice. */
export function cut(ring: Position[], line: Position[]): [Position[], Position[]] | null {
  const found = crossings(ring, line);
  if (found.length !== 2) return null;
  const [first, second] = found.sort((one, other) => one.side - other.side);
  if (first.side === second.side) return null;
  const between = line.slice(Math.min(first.piece, second.piece) + 1, Math.max(first.piece, second.piece) + 1);
  const forth = first.piece <= second.piece ? between : [...between].reverse();
  const one = [first.point, ...ring.slice(first.side + 1, second.side + 1), second.point, ...[...forth].reverse()];
  const other = [second.point, ...ring.slice(second.side + 1, -1), ...ring.slice(0, first.side + 1), first.point, ...forth];
  return [closed(one), closed(other)];
}

function closed(ring: Position[]): Position[] {
  return [...ring, ring[0]];
}

function crossings(ring: Position[], line: Position[]): Crossing[] {
  const found: Crossing[] = [];
  for (let side = 0; side + 1 < ring.length; side++) {
    for (let piece = 0; piece + 1 < line.length; piece++) {
      const at = crossing(ring[side], ring[side + 1], line[piece], line[piece + 1]);
      if (at) found.push({ side, piece, ...at });
    }
  }
  return found;
}

function crossing(a: Position, b: Position, c: Position, d: Position): { along: number; point: Position } | null {
  const [sideX, sideY, lineX, lineY] = [b[0] - a[0], b[1] - a[1], d[0] - c[0], d[1] - c[1]];
  const turn = sideX * lineY - sideY * lineX;
  if (turn === 0) return null;
  const onSide = ((c[0] - a[0]) * lineY - (c[1] - a[1]) * lineX) / turn;
  const onLine = ((c[0] - a[0]) * sideY - (c[1] - a[1]) * sideX) / turn;
  if (onSide < 0 || onSide >= 1 || onLine < 0 || onLine > 1) return null;
  return { along: onLine, point: [a[0] + onSide * sideX, a[1] + onSide * sideY] };
}
