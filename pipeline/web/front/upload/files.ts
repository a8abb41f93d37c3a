// What was dropped or chosen: files, or folders with all that is in them.

const MOSAIC = /\.(tiff?|zip)$/i;
const ODM = /(^|\/)odm_orthophoto\/odm_orthophoto\.tif$/i;
const HIDDEN = /(^|\/)(\.|__MACOSX\/)/;

interface Found {
  file: File;
  path: string;
}

export interface Mosaic {
  file: File;
  title: string;
}

export interface Chosen {
  mosaics: Mosaic[];
  others: string[];
}

// Of an ODM project only its orthomosaic: elevation models and textures are TIFFs too.
export function choose(files: Found[]): Chosen {
  const sorted = [...files].sort((one, other) => one.path.localeCompare(other.path, undefined, { numeric: true }));
  const projects = sorted.filter(({ path }) => ODM.test(path)).map(({ path }) => path.replace(ODM, "$1"));
  const wanted = ({ path }: Found) =>
    ODM.test(path) || (MOSAIC.test(path) && !HIDDEN.test(path) && !projects.some((root) => path.startsWith(root)));
  return {
    mosaics: sorted.filter(wanted).map(({ file, path }) => ({ file, title: title(path) })),
    others: sorted.filter((one) => !wanted(one)).map(({ path }) => path.replace(/^\//, "")),
  };
}

// A project is called as its folder is; every orthomosaic in one has the same name.
function title(path: string): string {
  const named = ODM.test(path) ? path.replace(ODM, "") || path : path.replace(/\.[^./]+$/, "");
  return (named.split("/").at(-1) ?? named).replace(/[_]+/g, " ").trim();
}

export async function dropped(transfer: DataTransfer): Promise<Chosen> {
  // both are gone once this function waits for anything
  const entries = Array.from(transfer.items, (item) => item.webkitGetAsEntry() ?? item.getAsFile());
  const found = await Promise.all(entries.filter((entry) => entry !== null).map(walk));
  return choose(found.flat());
}

export function picked(list: FileList): Chosen {
  return choose(Array.from(list, (file) => ({ file, path: file.webkitRelativePath || file.name })));
}

// What cannot be read is like what is not there: the rest of a folder is still of use.
async function walk(entry: FileSystemEntry | File): Promise<Found[]> {
  if (entry instanceof File) return [{ file: entry, path: entry.name }];
  try {
    if (entry.isDirectory) return (await Promise.all((await within(entry as FileSystemDirectoryEntry)).map(walk))).flat();
    const file = await new Promise<File>((done, failed) => (entry as FileSystemFileEntry).file(done, failed));
    return [{ file, path: entry.fullPath }];
  } catch {
    return [];
  }
}

// A reader gives so many at a time (Chromium: 100), until it gives none.
async function within(folder: FileSystemDirectoryEntry): Promise<FileSystemEntry[]> {
  const reader = folder.createReader();
  const found: FileSystemEntry[] = [];
  for (;;) {
    const some = await new Promise<FileSystemEntry[]>((done, failed) => reader.readEntries(done, failed));
    if (!some.length) return found;
    found.push(...some);
  }
}
