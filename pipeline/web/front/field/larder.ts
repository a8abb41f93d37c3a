// What lies ready on the phone: where it is, since when, and for whom.

/** The name of the cache; the page and its worker share it. */
export const KEPT = "plotwatch field";
/** Under this address the cache says what it holds; no server is ever asked for it. */
export const STATE = "/visits/kept-state";
const LASTS_MS = 3 * 86_400_000;

export interface State {
  person: string;
  /** The address of the list of the visits that were kept. */
  list: string;
  /** When it was kept, in milliseconds since 1970. */
  at: number;
  visits: number;
  bytes: number;
  /** How many of each kind could not be kept. */
  missing: Record<string, number>;
  /** Visits farther along the way than a phone takes along. */
  leftOut: number;
  /** The browser promised not to delete it when the phone runs short of room. */
  isLasting: boolean;
}

/** What was kept is shown for three days: after that the way is another one, and a lost phone shall not know it for ever. */
export function isOver({ at }: { at: number }): boolean {
  return Date.now() - at > LASTS_MS;
}
