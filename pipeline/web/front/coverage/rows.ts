// The table beside the map. It comes from the server for each window; what lies under the pointer is told by its rows.
import type { MapGeoJSONFeature } from "maplibre-gl";

const PAUSE_MS = 120;

export class Rows {
  onChange = (): void => {};
  private waiting = 0;
  private running: AbortController | null = null;
  private here = "";
  private readonly table = document.querySelector<HTMLElement>("[data-table]")!;
  private readonly card = document.querySelector<HTMLElement>("[data-under]");

  constructor(private readonly address: string) {}

  /** Fetch the table of a window; of several asked for in a row, the last one is shown. */
  fetch(from: string, to: string): void {
    clearTimeout(this.waiting);
    for (const [name, day] of Object.entries({ from, to })) document.querySelector(`[data-plan] [name=${name}]`)?.setAttribute("value", day);
    this.table.setAttribute("aria-busy", "true");
    this.waiting = window.setTimeout(() => void this.load(from, to), PAUSE_MS);
  }

  /** Show what the table says of the area under the pointer, and mark its row. */
  under(features: MapGeoJSONFeature[]): void {
    const area = String(features.find((one) => one.sourceLayer === "areas")?.properties.id ?? "");
    if (area !== this.here) {
      this.here = area;
      for (const row of this.table.querySelectorAll<HTMLElement>("[data-area]")) row.classList.toggle("here", row.dataset.area === area);
    }
    this.tell();
  }

  private async load(from: string, to: string): Promise<void> {
    this.running?.abort();
    this.running = new AbortController();
    const address = new URL(this.address, location.origin);
    address.searchParams.set("from", from);
    address.searchParams.set("to", to);
    try {
      const answer = await fetch(address, { signal: this.running.signal });
      if (!answer.ok) throw new Error(String(answer.status));
      this.replace(await answer.text());
      document.getElementById("unreachable")?.setAttribute("hidden", "");
    } catch (error) {
      if ((error as Error).name === "AbortError") return;
      document.getElementById("unreachable")?.removeAttribute("hidden");
    }
  }

  private replace(html: string): void {
    const unchecked = [...this.table.querySelectorAll<HTMLInputElement>("input[data-layer]:not(:checked)")].map((one) => one.dataset.layer);
    this.table.innerHTML = html;
    for (const field of this.table.querySelectorAll<HTMLInputElement>("input[data-layer]")) field.checked = !unchecked.includes(field.dataset.layer);
    this.table.removeAttribute("aria-busy");
    const row = this.table.querySelector(`[data-area="${CSS.escape(this.here)}"]`);
    row?.classList.add("here");
    this.tell();
    this.onChange();
  }

  private tell(): void {
    if (!this.card) return;
    const row = this.table.querySelector<HTMLElement>(`[data-area="${CSS.escape(this.here)}"]`);
    this.card.hidden = !row;
    if (!row) return;
    const names = [...this.table.querySelectorAll("thead th")].slice(1).map((one) => one.textContent ?? "");
    const values = [...row.querySelectorAll("tr:last-child td.number")].map((one) => one.textContent ?? "");
    const name = document.createElement("p");
    name.append(strong(row.querySelector("button")?.textContent ?? ""), ` ${row.querySelector(".share")?.textContent ?? ""}`);
    const list = document.createElement("dl");
    names.forEach((what, index) => list.append(word("dt", what), word("dd", values[index] ?? "")));
    this.card.replaceChildren(name, list);
  }
}

function strong(text: string): HTMLElement {
  return word("strong", text);
}

function word(tag: string, text: string): HTMLElement {
  const element = document.createElement(tag);
  element.textContent = text;
  return element;
}
