// Drafts: what somebody has typed, chosen or photographed on the page of a visit and not recorded yet. A draft is of one
// person and one visit; its photograph lies beside it, so that a letter more does not write 12 MB anew.
import { isOver } from "./larder";
import type { Letter } from "./queue";
import { Shelf } from "./shelf";

export interface Draft {
  person: string;
  visit: string;
  /** When something of it was changed last, in milliseconds since 1970. */
  at: number;
  /** The fields of the form, by their names. */
  fields: Record<string, string>;
  /** The words of the outcome. */
  outcome: string;
}

export interface Photograph {
  person: string;
  visit: string;
  at: number;
  name: string;
  bytes: ArrayBuffer;
}

const KEY = ["person", "visit"];
const texts = new Shelf<Draft>("plotwatch drafts", "drafts", KEY);
const photographs = new Shelf<Photograph>("plotwatch draft photographs", "photographs", KEY);

export async function draftOf(person: string, visit: string): Promise<{ draft: Draft; photograph?: Photograph } | null> {
  const draft = await texts.find([person, visit]);
  return draft && !isOver(draft) ? { draft, photograph: await photographs.find([person, visit]) } : null;
}

export async function drafts(): Promise<Draft[]> {
  return texts.all();
}

export async function keepDraft(draft: Draft): Promise<void> {
  await texts.put(draft);
}

export async function keepPhotograph(photograph: Photograph): Promise<void> {
  await photographs.put(photograph);
}

export async function dropPhotograph(person: string, visit: string): Promise<void> {
  await photographs.remove([person, visit]);
}

export async function discard(person: string, visit: string): Promise<void> {
  await dropPhotograph(person, visit);
  await texts.remove([person, visit]);
}

export async function discardAll(): Promise<void> {
  await photographs.clear();
  await texts.clear();
}

/** Takes off the phone what nobody went on with for three days. */
export async function discardOld(): Promise<void> {
  for (const draft of await texts.all()) if (isOver(draft)) await discard(draft.person, draft.visit);
}

/** A finding that is taken back becomes a draft again. */
export async function asDraft(letter: Letter): Promise<void> {
  const { person, visit, fields, outcome, photograph } = letter;
  const at = Date.now();
  if (photograph) await keepPhotograph({ person, visit, at, name: "photograph.jpg", bytes: photograph });
  await keepDraft({ person, visit, at, fields, outcome });
}
