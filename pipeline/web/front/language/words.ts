// Words come from the page, in the language of its reader; numbers and dates are written as that language writes them.

const language = document.documentElement.lang;
let words: Record<string, string> = {};

export function learn(root: HTMLElement): void {
  words = JSON.parse(root.dataset.words ?? "{}");
}

export function say(name: string, values: Record<string, string> = {}): string {
  return (words[name] ?? name).replace(/\{(\w+)\}/g, (_, key: string) => values[key] ?? "");
}

export function size(bytes: number): string {
  const units = ["kilobyte", "megabyte", "gigabyte"];
  const power = Math.min(2, Math.max(0, Math.floor(Math.log10(Math.max(bytes, 1)) / 3) - 1));
  const style = { style: "unit", unit: units[power], unitDisplay: "short", maximumFractionDigits: power } as const;
  return new Intl.NumberFormat(language, style).format(bytes / 1000 ** (power + 1));
}

export function number(value: number, digits: number): string {
  return new Intl.NumberFormat(language, { maximumFractionDigits: digits }).format(value);
}

/** How days are written, as the server writes them: 11/10 is two days. */
export const ofDays = language === "en" ? "en-GB" : language;

/** A day and a time of day, or that alone. */
export function moment(at: Date, isShort = false): string {
  const style: Intl.DateTimeFormatOptions = { timeStyle: "short", hourCycle: "h23", ...(isShort ? {} : { dateStyle: "medium" }) };
  return new Intl.DateTimeFormat(ofDays, style).format(at);
}

export function duration(seconds: number): string {
  const unit = seconds < 90 ? "second" : seconds < 5400 ? "minute" : "hour";
  const value = Math.max(1, Math.round(seconds / { second: 1, minute: 60, hour: 3600 }[unit]));
  return new Intl.NumberFormat(language, { style: "unit", unit, unitDisplay: "long" }).format(value);
}
