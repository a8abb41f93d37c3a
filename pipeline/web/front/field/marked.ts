// A mark that says, at once and on every page, that this phone keeps something for the field; what it is, is asked then.
const MARK = "plotwatch field";

export function mark(): void {
  try {
    localStorage.setItem(MARK, "yes");
  } catch {
    // Where nothing may be stored nothing is kept either.
  }
}

export function unmark(): void {
  try {
    localStorage.removeItem(MARK);
    know(null);
  } catch {
    // See above.
  }
}

export function isMarked(): boolean {
  try {
    return localStorage.getItem(MARK) !== null;
  } catch {
    return false;
  }
}

const READER = "plotwatch reader";

/** The server said who is signed in here; null where somebody else may sign in now. */
export function know(person: string | null): void {
  try {
    if (person) localStorage.setItem(READER, person);
    else localStorage.removeItem(READER);
  } catch {
    // Then it is asked of the server each time.
  }
}

/** Whether `person` was the last to be signed in here, also without a signal. */
export function isKnown(person: string): boolean {
  try {
    return localStorage.getItem(READER) === person;
  } catch {
    return false;
  }
}
