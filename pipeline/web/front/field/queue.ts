// Findings that were written down on this phone. Each has an id of its own from that moment, so that the server counts it
// once however often it is sent; it stays here until the server has answered, through a browser that is closed.
import { mark } from "./marked";

const STORE = "findings";

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

export async function letters(): Promise<Letter[]> {
  const all = await ask<Letter[]>("readonly", (store) => store.getAll());
  return all.sort((one, other) => one.madeAt.localeCompare(other.madeAt));
}

/** Settles when it is safe on the disk of the phone. */
export async function put(letter: Letter): Promise<void> {
  mark();
  await ask("readwrite", (store) => store.put(letter));
}

export async function remove(id: string): Promise<void> {
  await ask("readwrite", (store) => store.delete(id));
}

export async function removeAll(): Promise<void> {
  await ask("readwrite", (store) => store.clear());
}

/** 128 random bits. */
export function newId(): string {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

function open(): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const asked = indexedDB.open("plotwatch field", 1);
    asked.onupgradeneeded = () => asked.result.createObjectStore(STORE, { keyPath: "id" });
    asked.onsuccess = () => resolve(asked.result);
    asked.onerror = () => reject(asked.error);
  });
}

async function ask<Content>(mode: IDBTransactionMode, what: (store: IDBObjectStore) => IDBRequest): Promise<Content> {
  const database = await open();
  try {
    return await new Promise<Content>((resolve, reject) => {
      const transaction = database.transaction(STORE, mode, { durability: "strict" });
      const asked = what(transaction.objectStore(STORE));
      transaction.oncomplete = () => resolve(asked.result as Content);
      transaction.onabort = () => reject(transaction.error ?? new Error("not stored"));
    });
  } finally {
    database.close();
  }
}
