// The page that takes orthomosaics: choose, look, send one after the other, hand in.
import { type Begun, Card } from "./upload/card";
import { type Chosen, dropped, picked } from "./upload/files";
import { learn, number, say } from "./language/words";

const root = document.querySelector<HTMLElement>("[data-upload]") as HTMLElement;
const part = <Kind extends HTMLElement>(name: string) => root.querySelector(`[data-page="${name}"]`) as Kind;
const csrf = document.querySelector<HTMLMetaElement>('meta[name="csrf"]')?.content ?? "";
const zone = part<HTMLElement>("zone");
const list = part<HTMLElement>("cards");
const start = part<HTMLButtonElement>("start");
const cards = new Set<Card>();
const MOST_NAMES = 200;

learn(root);

async function take({ mosaics, others }: Chosen): Promise<void> {
  leaveOut(others, mosaics.length);
  const begun: Begun[] = await fetch("/api/v1/uploads", { headers: { Accept: "application/json" } })
    .then((answer) => (answer.ok ? answer.json() : []))
    .catch(() => []);
  for (const { file, title } of mosaics) {
    if ([...cards].some((card) => same(card.file, file))) continue;
    const card = new Card(file, title, part<HTMLTemplateElement>("card"), csrf, next);
    cards.add(card);
    list.append(card.element);
    card.to("looking");
    await card.look(begun);
  }
}

// What is not taken is named: somebody may look for it.
function leaveOut(others: string[], taken: number): void {
  part("left-out").hidden = !others.length && taken > 0;
  part("left-out-count").textContent = taken ? say("left-out", { count: number(others.length, 0) }) : say("nothing-here");
  part("left-out-names").replaceChildren(
    ...others.slice(0, MOST_NAMES).map((name) => Object.assign(document.createElement("li"), { textContent: name })),
  );
  part("left-out-more").hidden = others.length <= MOST_NAMES;
  part("left-out-more").textContent = say("left-out-more", { count: number(others.length - MOST_NAMES, 0) });
  part("left-out-list").hidden = !others.length;
}

function same(one: File, other: File): boolean {
  return one.name === other.name && one.size === other.size && one.lastModified === other.lastModified;
}

// One file on the line at a time: on a thin line two would only make both late.
function next(changed: Card): void {
  if (!changed.element.isConnected && changed.state === "done") cards.delete(changed);
  const all = [...cards];
  start.hidden = !all.some((card) => card.ready);
  const busy = all.some((card) => ["sending", "troubled", "handing"].includes(card.state));
  const waiting = all.find((card) => card.state === "waiting");
  if (!busy && waiting) queueMicrotask(() => waiting.state === "waiting" && waiting.send());
}

start.addEventListener("click", () => {
  for (const card of cards) {
    if (card.ready && card.complete) card.to("waiting");
  }
});

for (const input of root.querySelectorAll<HTMLInputElement>("input[type=file]")) {
  input.addEventListener("change", () => {
    if (input.files?.length) void take(picked(input.files));
    input.value = "";
  });
}
for (const button of root.querySelectorAll<HTMLElement>("[data-opens]")) {
  button.addEventListener("click", () => part<HTMLInputElement>(button.dataset.opens ?? "").click());
}
for (const kind of ["dragenter", "dragover"]) {
  document.addEventListener(kind, (event) => {
    event.preventDefault();
    zone.classList.add("over");
  });
}
document.addEventListener("dragleave", (event) => {
  if (!event.relatedTarget) zone.classList.remove("over");
});
document.addEventListener("drop", (event) => {
  event.preventDefault();
  zone.classList.remove("over");
  if (event.dataTransfer) void dropped(event.dataTransfer).then(take);
});
window.addEventListener("online", () => {
  for (const card of cards) card.hurry();
});
window.addEventListener("beforeunload", (event) => {
  if ([...cards].some((card) => ["sending", "troubled", "waiting", "handing"].includes(card.state))) event.preventDefault();
});
