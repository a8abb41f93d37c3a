// Findings that were written down on this phone. Each has an id of its own from that moment, so that the server counts it
// once however often it is sent; it stays here until the server has answered, through a browser that is closed.
import { Shelf } from "./shelf";

/** What a finding says, in the words of the page. */
export interface Told {
  outcome: string;
  look_alike: string;
  note: string;
  accuracy_m: number | null;
  photograph: string | null;
  at: string;
}

export interface Letter {
  id: string;
  visit: string;
  /** What the visit is called on pages. */
  title: string;
  person: string;
  name: string;
  madeAt: string;
  /** The fields of the form, by their names. */
  fields: Record<string, string>;
  /** The words of the outcome. */
  outcome: string;
  photograph: ArrayBuffer | null;
  state: "waiting" | "sent" | "beside" | "refused";
  /** Why the server refused it, in its words. */
  why?: string;
  mine?: Told;
  standing?: Told;
}

const shelf = new Shelf<Letter>("plotwatch field", "findings", "id");

export async function letters(): Promise<Letter[]> {
  return (await shelf.all()).sort((one, other) => one.madeAt.localeCompare(other.madeAt));
}

/** Settles when it is safe on the disk of the phone. */
export async function put(letter: Letter): Promise<void> {
  await shelf.put(letter);
}

/** What became of a letter, unless it was taken off the phone meanwhile. */
export async function settle(letter: Letter): Promise<void> {
  await shelf.change(letter.id, letter);
}

export async function remove(id: string): Promise<void> {
  await shelf.remove(id);
}

export async function removeAll(): Promise<void> {
  await shelf.clear();
}

/** 128 random bits. */
export function newId(): string {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
