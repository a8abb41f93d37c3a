// A shelf on the disk of the phone for things of one kind; what was put there is there after a reload and a dead battery.
import { mark } from "./marked";

export class Shelf<Thing> {
  /** `key` names the fields by which a thing is known. */
  constructor(
    private readonly database: string,
    private readonly store: string,
    private readonly key: string | string[],
  ) {}

  all(): Promise<Thing[]> {
    return this.ask("readonly", (store) => store.getAll());
  }

  find(key: IDBValidKey): Promise<Thing | undefined> {
    return this.ask("readonly", (store) => store.get(key));
  }

  /** Settles when it is safe on the disk of the phone. */
  async put(thing: Thing): Promise<void> {
    mark();
    await this.ask("readwrite", (store) => store.put(thing));
  }

  /** Puts `thing` in the place of what is known by `key`, unless that was taken away meanwhile. */
  async change(key: IDBValidKey, thing: Thing): Promise<void> {
    await this.ask("readwrite", (store) => {
      const asked = store.getKey(key);
      asked.onsuccess = () => asked.result !== undefined && store.put(thing);
      return asked;
    });
  }

  async remove(key: IDBValidKey): Promise<void> {
    await this.ask("readwrite", (store) => store.delete(key));
  }

  async clear(): Promise<void> {
    await this.ask("readwrite", (store) => store.clear());
  }

  private open(): Promise<IDBDatabase> {
    return new Promise((resolve, reject) => {
      const asked = indexedDB.open(this.database, 1);
      asked.onupgradeneeded = () => asked.result.createObjectStore(this.store, { keyPath: this.key });
      asked.onsuccess = () => resolve(asked.result);
      asked.onerror = () => reject(asked.error);
    });
  }

  private async ask<Content>(mode: IDBTransactionMode, what: (store: IDBObjectStore) => IDBRequest): Promise<Content> {
    const database = await this.open();
    try {
      return await new Promise<Content>((resolve, reject) => {
        const transaction = database.transaction(this.store, mode, { durability: "strict" });
        const asked = what(transaction.objectStore(this.store));
        transaction.oncomplete = () => resolve(asked.result as Content);
        transaction.onabort = () => reject(transaction.error ?? new Error("not stored"));
      });
    } finally {
      database.close();
    }
  }
}
