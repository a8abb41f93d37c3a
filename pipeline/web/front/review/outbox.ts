// Verdicts on their way. Each has an id of its own from the moment it was given, so that the server counts it once however
// often it is sent; until it is answered it is kept in this tab, through a bad line and through a page loaded anew.
import { Refused, post } from "./doors";
import { patiently } from "./line";
import type { Judged, Verdict } from "./reading";

const KEPT_AS = "verdicts on their way";

export interface Said {
  decision: string;
  verdict: Verdict;
  reason: string;
  note: string;
  outline: unknown;
}

export interface Letter {
  address: string;
  said: Said;
}

export class Outbox {
  private letters: Letter[] = read();
  private way: Promise<unknown> = Promise.resolve();

  get waiting(): number {
    return this.letters.length;
  }

  /** Settles when everything that was given so far is answered. */
  get settled(): Promise<unknown> {
    return this.way;
  }

  /** What an earlier page of this tab could not send any more. */
  sendKept(): Promise<PromiseSettledResult<Judged>[]> {
    return Promise.allSettled(this.letters.map((letter) => this.carry(letter, Promise.resolve())));
  }

  /** Send it after `seen`, and after what was given before it; the line may take its time. */
  send(letter: Letter, seen: Promise<unknown>): Promise<Judged> {
    this.letters.push(letter);
    this.keep();
    return this.carry(letter, seen);
  }

  private carry(letter: Letter, seen: Promise<unknown>): Promise<Judged> {
    const sent = this.way
      .then(() => seen)
      .then(() => patiently(() => post<Judged>(letter.address, letter.said)))
      .then(({ content }) => content);
    const answered = () => {
      this.letters = this.letters.filter((other) => other !== letter);
      this.keep();
    };
    // Whoever is signed out finds it still here after sign-in; what was refused would be refused again.
    this.way = sent.then(answered, (error: unknown) => (error instanceof Refused ? answered() : undefined));
    return this.way.then(() => sent);
  }

  private keep(): void {
    try {
      if (this.letters.length) sessionStorage.setItem(KEPT_AS, JSON.stringify(this.letters));
      else sessionStorage.removeItem(KEPT_AS);
    } catch {
      // Without storage they are safe as long as the page is open.
    }
  }
}

/** 128 random bits: `randomUUID` exists only over TLS. */
export function newDecision(): string {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

function read(): Letter[] {
  try {
    return JSON.parse(sessionStorage.getItem(KEPT_AS) ?? "[]") as Letter[];
  } catch {
    return [];
  }
}
