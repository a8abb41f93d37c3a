// The way of a district: its map, the findings that wait on this phone, and what is taken along to the field.
import { Board } from "./field/board";
import { drafts } from "./field/draft";
import { distance, locate } from "./field/place";
import { type Told, Way } from "./field/way";
import { learn, number, say } from "./language/words";

const root = document.querySelector<HTMLElement>("[data-field]") as HTMLElement;
learn(root);

const board = new Board(root, "");
const rows = new Map([...document.querySelectorAll<HTMLElement>("[data-stop]")].map((row) => [row.dataset.stop ?? "", row]));
const box = document.querySelector<HTMLElement>("[data-map]");
const told = box ? (JSON.parse(box.dataset.map ?? "{}") as Told) : null;
const way = box && told ? draw(box, told) : null;

board.onChange = async (mine) => {
  const begun = await drafts().catch(() => []);
  for (const [visit, row] of rows) {
    const letter = mine.find((one) => one.visit === visit);
    const place = row.querySelector<HTMLElement>("[data-letter-state]");
    if (!place) continue;
    const isBegun = begun.some((draft) => draft.visit === visit && draft.person === root.dataset.person);
    place.textContent = letter ? say(`state-${letter.state}`) : isBegun ? say("draft") : "";
    place.hidden = !place.textContent;
  }
};
void board.begin();

function draw(box: HTMLElement, told: Told): Way | null {
  const names = new Map([...rows].map(([id, row]) => [id, row.dataset.name ?? ""]));
  let way: Way;
  try {
    way = new Way(box, told, names);
  } catch {
    box.hidden = true;
    document.querySelector("[data-no-map]")?.removeAttribute("hidden");
    return null;
  }
  way.onChoose = (id) => {
    choose(id);
    rows.get(id)?.scrollIntoView({ block: "nearest" });
    rows.get(id)?.querySelector("a")?.focus({ preventScroll: true });
  };
  return way;
}

function choose(id: string): void {
  for (const [one, row] of rows) row.classList.toggle("here", one === id);
}

for (const [id, row] of rows) {
  const button = row.querySelector<HTMLButtonElement>("[data-show]");
  if (!button || !way) continue;
  button.hidden = false;
  button.addEventListener("click", () => {
    choose(id);
    way.show(id);
  });
}

const locator = document.querySelector<HTMLButtonElement>("[data-locate]");
if (locator) locator.hidden = false;
locator?.addEventListener("click", () => void stand());

async function stand(): Promise<void> {
  const words = document.querySelector<HTMLElement>("[data-place]");
  if (!words || !told) return;
  words.textContent = say("locating");
  try {
    const place = await locate();
    way?.stand(place);
    words.textContent = say("standing", { metres: number(place.accuracy, 0) });
    const from = document.querySelector<HTMLInputElement>("#from");
    if (from) from.value = `${place.at[1].toFixed(6)},${place.at[0].toFixed(6)}`;
    for (const stop of told.stops) {
      const told = rows.get(stop.id)?.querySelector<HTMLElement>("[data-away]");
      if (told) told.textContent = ` · ${say("away", { km: number(distance(place.at, stop.at) / 1000, 1) })}`;
    }
  } catch {
    words.textContent = say("no-place");
  }
}
