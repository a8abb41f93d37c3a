// What a GeoTIFF says of itself, read in the browser before a byte is sent. The directory may stand anywhere in the
// file, and a slice reads it there; asking the server would take the bytes up to it first. This fills a form and warns
// early; what counts is what the server finds when all bytes are there.

export interface Facts {
  crs: string | null;
  gsdM: number | null;
  areaM2: number | null;
  takenOn: string | null;
}

export type Reading = { kind: "tiff"; facts: Facts } | { kind: "archive" } | { kind: "other" };

const TYPE_BYTES: Record<number, number> = { 1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 12: 8, 16: 8 };
const [WIDTH, HEIGHT, DATE, SCALE, MATRIX, KEYS, TEXTS] = [256, 257, 306, 33550, 34264, 34735, 34737];
const WANTED = new Set([WIDTH, HEIGHT, DATE, SCALE, MATRIX, KEYS, TEXTS]);
const MOST_BYTES = 65_536;
const METRES_A_DEGREE = 111_320;
const UNITS: Record<number, number> = { 9001: 1, 9002: 0.3048, 9003: 1200 / 3937 };

export async function read(file: Blob): Promise<Reading> {
  const start = await view(file, 0, 16);
  if (start.byteLength < 8) return { kind: "other" };
  if (start.getUint32(0) === 0x504b0304) return { kind: "archive" };
  const order = start.getUint16(0);
  const little = order === 0x4949;
  const version = start.getUint16(2, little);
  if (!(little || order === 0x4d4d) || !(version === 42 || version === 43)) return { kind: "other" };
  try {
    return { kind: "tiff", facts: await facts(file, start, little, version === 43) };
  } catch {
    return { kind: "tiff", facts: { crs: null, gsdM: null, areaM2: null, takenOn: null } };
  }
}

async function view(file: Blob, offset: number, length: number): Promise<DataView> {
  return new DataView(await file.slice(offset, offset + length).arrayBuffer());
}

async function facts(file: Blob, start: DataView, little: boolean, big: boolean): Promise<Facts> {
  const tags = await directory(file, start, little, big);
  const keys = geoKeys(tags.get(KEYS) as number[] | undefined, (tags.get(TEXTS) as string | undefined) ?? "");
  const scale = tags.get(SCALE) as number[] | undefined;
  const matrix = tags.get(MATRIX) as number[] | undefined;
  const [wide, high] = scale ?? (matrix ? [Math.hypot(matrix[0], matrix[4]), Math.hypot(matrix[1], matrix[5])] : [0, 0]);
  const degrees = keys.get(1024) === 2;
  const unit = degrees ? METRES_A_DEGREE : (UNITS[keys.get(3076) as number] ?? 1);
  const gsdM = wide && high ? Math.max(degrees ? 0 : wide, high) * unit : null;
  const pixels = Number((tags.get(WIDTH) as number[])?.[0]) * Number((tags.get(HEIGHT) as number[])?.[0]);
  const areaM2 = gsdM && pixels && !degrees ? pixels * wide * high * unit ** 2 : null;
  return { crs: system(keys), gsdM, areaM2, takenOn: day(tags.get(DATE) as string | undefined) };
}

async function directory(file: Blob, start: DataView, little: boolean, big: boolean): Promise<Map<number, unknown>> {
  const at = big ? Number(start.getBigUint64(8, little)) : start.getUint32(4, little);
  const head = await view(file, at, big ? 8 : 2);
  const count = Math.min(big ? Number(head.getBigUint64(0, little)) : head.getUint16(0, little), 512);
  const size = big ? 20 : 12;
  const entries = await view(file, at + (big ? 8 : 2), count * size);
  const tags = new Map<number, unknown>();
  for (let entry = 0; entry < entries.byteLength - size + 1; entry += size) {
    const tag = entries.getUint16(entry, little);
    if (WANTED.has(tag)) tags.set(tag, await value(file, entries, entry, little, big));
  }
  return tags;
}

async function value(file: Blob, entries: DataView, entry: number, little: boolean, big: boolean): Promise<unknown> {
  const type = entries.getUint16(entry + 2, little);
  const count = big ? Number(entries.getBigUint64(entry + 4, little)) : entries.getUint32(entry + 4, little);
  const bytes = Math.min(count * (TYPE_BYTES[type] ?? 1), MOST_BYTES);
  const field = entry + (big ? 12 : 8);
  const inside = bytes <= (big ? 8 : 4);
  const far = big ? () => Number(entries.getBigUint64(field, little)) : () => entries.getUint32(field, little);
  const data = inside ? new DataView(entries.buffer, field, bytes) : await view(file, far(), bytes);
  if (type === 2) return new TextDecoder().decode(data).replace(/\0.*$/s, "");
  const reads: Record<number, (at: number) => number> = {
    3: (at) => data.getUint16(at, little),
    4: (at) => data.getUint32(at, little),
    12: (at) => data.getFloat64(at, little),
    16: (at) => Number(data.getBigUint64(at, little)),
  };
  const step = TYPE_BYTES[type];
  return reads[type] ? Array.from({ length: Math.floor(data.byteLength / step) }, (_, i) => reads[type](i * step)) : [];
}

function geoKeys(words: number[] | undefined, texts: string): Map<number, number | string> {
  const keys = new Map<number, number | string>();
  for (let at = 4; words && at + 3 < words.length; at += 4) {
    const [key, where, count, content] = words.slice(at, at + 4);
    if (where === 0) keys.set(key, content);
    if (where === TEXTS) keys.set(key, texts.slice(content, content + count).replace(/\|$/, ""));
  }
  return keys;
}

function system(keys: Map<number, number | string>): string | null {
  const code = keys.get(1024) === 2 ? keys.get(2048) : keys.get(3072);
  if (typeof code === "number" && code > 0 && code < 32_767) return `EPSG:${code}`;
  const citation = keys.get(3073) ?? keys.get(1026);
  return typeof citation === "string" && keys.get(1024) !== 0 ? citation.split("|")[0].slice(0, 60) : null;
}

function day(text: string | undefined): string | null {
  const found = text?.match(/^(\d{4})[:-](\d{2})[:-](\d{2})/);
  return found && Number(found[1]) > 1990 ? `${found[1]}-${found[2]}-${found[3]}` : null;
}
