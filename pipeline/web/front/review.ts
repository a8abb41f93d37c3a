// The reviewers' workstation. Words come from the page; what it does is in the folder of its name.
import { learn, say } from "./language/words";
import { Desk } from "./review/desk";
import { Ground } from "./review/ground";
import { Inset } from "./review/inset";
import { type Keys, enable, enabled, listen } from "./review/keys";
import { onLine } from "./review/line";
import { ModelsOpinion } from "./review/opinion";
import { Plain } from "./review/plain";
import type { Reason } from "./review/reading";
import { Stage } from "./review/stage";
import { takeDesk } from "./review/tab";
import { Tools } from "./review/tools";

const root = document.querySelector<HTMLElement>("[data-review]") as HTMLElement;
const stage = new Stage(root);
const part = <Kind extends HTMLElement>(name: string) => stage.part<Kind>(name);

learn(root);

const view = look();
const inset = new Inset(part("inset"));
const tools = new Tools(root, view, (said) => stage.announce(said));
const opinion = new ModelsOpinion(part<HTMLDialogElement>("opinion"));
const reasons = JSON.parse(root.dataset.reasons ?? "[]") as Reason[];
const desk = new Desk(root, { view, tools, stage, inset, opinion }, reasons);
if (view instanceof Ground) view.map.on("move", () => inset.follow(view.map.getBounds()));

function look(): Ground | Plain {
  try {
    return new Ground(part("map"));
  } catch {
    part("map").hidden = true;
    return new Plain(part("plain"));
  }
}

const actions: Record<string, () => void> = {
  skip: () => desk.skip(),
  change: () => void desk.change(),
  reveal: () => void desk.reveal(),
  next: () => void desk.next(),
  help: () => part<HTMLDialogElement>("help").showModal(),
  "here-instead": () => void sit(true),
  "close-notice": () => (part("notice").hidden = true),
  note: () => desk.panel.writeNote(),
  key: () => part<HTMLDetailsElement>("key").toggleAttribute("open"),
};
for (const button of root.querySelectorAll<HTMLElement>("[data-does]")) {
  button.addEventListener("click", () => actions[button.dataset.does ?? ""]?.());
}
for (const button of root.querySelectorAll<HTMLElement>("[data-closes]")) {
  button.addEventListener("click", () => button.closest("dialog")?.close());
}

const judging = (verdict: "confirm" | "reject" | "unsure") => () => stage.state === "reading" && desk.panel.choose(verdict);
const tool = (name: string) => () => stage.state === "reading" && tools.use(name);
const keys: Keys = {
  c: judging("confirm"),
  r: judging("reject"),
  u: judging("unsure"),
  s: actions.skip,
  z: actions.change,
  p: actions.reveal,
  n: actions.note,
  k: actions.key,
  "?": actions.help,
  ...Object.fromEntries(
    Object.entries({ o: "outline", g: "growers", h: "relief", f: "fit", t: "earlier", m: "measure", d: "redraw" }).map(([key, name]) => [key, tool(name)]),
  ),
  "[": tool("older"),
  "]": tool("newer"),
  ",": tool("swipe-left"),
  ".": tool("swipe-right"),
  "+": tool("closer"),
  "=": tool("closer"),
  "-": tool("away"),
  v: tool("move"),
  b: tool("part"),
  x: tool("cut"),
  e: tool("finish"),
  Delete: tool("remove"),
  Enter: tool("point"),
  Backspace: tool("take-back"),
  ...Object.fromEntries(["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown"].map((key) => [key, tool(key)])),
};
const escape = (field: HTMLElement | null) => {
  if (document.querySelector("dialog[open]")) return;
  if (field) part("why").focus();
  else if (!tools.escape() && desk.panel.verdict) desk.panel.back();
};
listen(keys, escape, (digit) => desk.panel.press(digit));

const single = part<HTMLInputElement>("single-keys");
single.checked = enabled();
single.addEventListener("change", () => enable(single.checked));

const key = part<HTMLDetailsElement>("key");
key.open = localStorage.getItem("interpretation key") === "open";
key.addEventListener("toggle", () => localStorage.setItem("interpretation key", key.open ? "open" : "closed"));

onLine((isBroken) => {
  part("line").hidden = !isBroken;
  if (isBroken) stage.announce(say("line-broken"));
});
let isMine = false;
window.addEventListener("pagehide", () => isMine && desk.leave());
window.addEventListener("pageshow", (event) => event.persisted && desk.stay());
window.addEventListener("beforeunload", (event) => {
  if (desk.waiting) event.preventDefault();
});

async function sit(isTaken = false): Promise<void> {
  const elsewhere = () => {
    isMine = false;
    desk.enter("elsewhere");
  };
  isMine = await takeDesk(elsewhere, isTaken);
  if (isMine) await desk.begin();
  else elsewhere();
}

void sit();
