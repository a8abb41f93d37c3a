// What the server says of an item, and what is held of it here. All geometry is in metres about the middle of the plot,
// given as if the middle lay at 0, 0 of the world; nothing tells where on Earth it is.
import type { FeatureCollection, Geometry } from "geojson";

export type Bounds = [number, number, number, number];
export type Verdict = "confirm" | "reject" | "unsure";
export const VERDICTS: readonly Verdict[] = ["confirm", "reject", "unsure"];

export interface Pictured {
  url: string;
  bounds: Bounds;
}

export interface Tiles {
  url: string;
  minzoom: number;
  maxzoom: number;
}

export interface Earlier {
  flown_on: string | null;
  tiles: Tiles;
  picture: Pictured;
}

export interface Opinion {
  verdict: Verdict;
  reason: string;
  note: string;
}

export interface Reading {
  id: string;
  asked: string;
  area_m2: number;
  gsd_m: number;
  flown_on: string | null;
  expires_at: string;
  shown: boolean;
  outline: Geometry;
  picture: Pictured;
  overview: Pictured;
  tiles: Tiles;
  earlier: Earlier[];
  growers: FeatureCollection;
  relief: (Pictured & { slope_deg: number }) | null;
  opinions?: Opinion[] | null;
}

export interface Offer {
  readings: Reading[];
  left: { waiting: number; mine_today: number };
}

export interface Reason {
  verdict: Verdict;
  code: string;
  name: string;
}

export interface Judged {
  undo_until: string;
}

export interface Revealed {
  band: { confirmed: number; read: number; low: number; high: number } | null;
  heat: Pictured | null;
  feedback: { hit: boolean; truth: "target" | "clear"; picture: Pictured | string } | null;
}
