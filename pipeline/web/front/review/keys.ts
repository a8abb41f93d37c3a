// Single keys do everything; they rest while somebody types, while a dialog is open, and when they are switched off
// (whoever dictates to the computer would press them by speaking).

const REPEATED = /^(Arrow|[-+,.]|Backspace)/;

export type Keys = Record<string, () => void>;
const KEPT_AS = "single keys";
const TYPING = "input:not([type=range]):not([type=checkbox]), textarea, select, [contenteditable]";

export function listen(keys: Keys, escape: (field: HTMLElement | null) => void, digit: (digit: number) => boolean): void {
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    const target = event.target as HTMLElement;
    if (event.key === "Escape") return escape(target.closest<HTMLElement>(TYPING));
    if (target.closest(TYPING) || document.querySelector("dialog[open]") || !enabled()) return;
    if (/^[1-9]$/.test(event.key)) {
      if (digit(Number(event.key))) event.preventDefault();
      return;
    }
    if (isOfFocus(target, event.key)) return;
    const action = keys[event.key.length === 1 ? event.key.toLowerCase() : event.key];
    if (!action || (event.repeat && !REPEATED.test(event.key))) return;
    event.preventDefault();
    action();
  });
}

/** What has the focus needs the key itself: buttons are pressed by Enter, sliders and the map move by arrows. */
function isOfFocus(target: HTMLElement, key: string): boolean {
  if (key === "Enter") return target.closest("button, a, summary, input, label") !== null;
  return key.startsWith("Arrow") && target.closest("input, .maplibregl-canvas") !== null;
}

export function enabled(): boolean {
  return localStorage.getItem(KEPT_AS) !== "off";
}

export function enable(on: boolean): void {
  localStorage.setItem(KEPT_AS, on ? "on" : "off");
}
