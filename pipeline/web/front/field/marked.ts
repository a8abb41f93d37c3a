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
