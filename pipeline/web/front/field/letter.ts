// A finding of this phone as the page shows it: waiting, arrived, or in need of somebody.
import { moment, number, say } from "../language/words";
import type { Draft } from "./draft";
import type { Letter, Told } from "./queue";

/** `named` says which visit it is of; `away` takes it off the phone. */
export function letterCard(letter: Letter, named: boolean, away: () => void): HTMLElement {
  const card = element("li", { className: `letter ${letter.state}` });
  card.dataset.letter = letter.id;
  card.dataset.state = letter.state;
  const head = element("p", { className: "letter-head" });
  head.append(badge(letter), " ", named ? element("a", { href: `/visits/${letter.visit}`, textContent: letter.title }) : "");
  card.append(head);
  if (letter.state === "beside" && letter.standing) card.append(...conflict(letter, letter.standing));
  else card.append(description(written(letter)));
  if (letter.photograph) card.append(photograph(letter.photograph));
  if (letter.state === "refused") card.append(element("p", { textContent: say("refused-why", { why: letter.why ?? "" }) }));
  if (letter.state === "waiting") card.append(element("p", { className: "soft small", textContent: say("safe-here") }));
  card.append(button(letter, away));
  return card;
}

/** A draft that no form takes any more; `away` takes it off the phone. */
export function draftCard(draft: Draft, bytes: ArrayBuffer | null, away: () => void): HTMLElement {
  const card = element("div", { className: "letter" });
  card.append(element("p", { textContent: say("draft-late") }));
  card.append(description({ ...said(draft.fields), outcome: draft.outcome, photograph: null, at: new Date(draft.at).toISOString() }));
  if (bytes) card.append(photograph(bytes));
  const action = element("button", { type: "button", className: "plain", textContent: say("draft-discard") });
  action.addEventListener("click", () => confirm(say("draft-sure")) && away());
  card.append(action);
  return card;
}

function conflict(letter: Letter, standing: Told): HTMLElement[] {
  const both = element("div", { className: "both" });
  const side = (title: string, told: Told) => {
    const part = element("section", {});
    part.append(element("h3", { textContent: say(title) }), description(told));
    if (told.photograph) part.append(element("img", { src: told.photograph, alt: say("photograph"), loading: "lazy", width: 240 }));
    return part;
  };
  both.append(side("theirs-stands", standing), side("yours-beside", letter.mine ?? written(letter)));
  return [
    element("p", { textContent: say("conflict") }),
    both,
    element("p", { textContent: say("conflict-safe") }),
    element("p", { textContent: say("conflict-do") }),
  ];
}

function written(letter: Letter): Told {
  return { ...said(letter.fields), outcome: letter.outcome, photograph: null, at: letter.madeAt };
}

function said(fields: Record<string, string>): Pick<Told, "look_alike" | "note" | "accuracy_m"> {
  const accuracy = Number.parseFloat(fields.accuracy_m);
  return { look_alike: fields.look_alike, note: fields.note, accuracy_m: Number.isFinite(accuracy) ? accuracy : null };
}

function description(told: Told): HTMLElement {
  const at = moment(new Date(told.at));
  const accuracy = told.accuracy_m === null ? [] : [say("accuracy", { metres: number(told.accuracy_m, 1) })];
  const text = element("p", {});
  text.append(element("strong", { textContent: told.outcome + (told.look_alike ? `: ${told.look_alike}` : "") }), ` · ${[at, ...accuracy].join(" · ")}`);
  if (told.note) text.append(element("br", {}), told.note);
  return text;
}

function photograph(bytes: ArrayBuffer): HTMLElement {
  const address = URL.createObjectURL(new Blob([bytes], { type: "image/jpeg" }));
  const image = element("img", { src: address, alt: say("photograph"), width: 240 });
  image.addEventListener("load", () => URL.revokeObjectURL(address));
  return image;
}

const SIGNS = { waiting: "…", sent: "✓", beside: "!", refused: "!" };
const KINDS = { waiting: "wait", sent: "good", beside: "warn", refused: "bad" };

function badge(letter: Letter): HTMLElement {
  const sign = element("span", { textContent: SIGNS[letter.state] });
  sign.setAttribute("aria-hidden", "true");
  const state = element("span", { className: `state ${KINDS[letter.state]}` });
  state.append(sign, say(`state-${letter.state}`));
  return state;
}

/** Whether the server has it. */
export function isSafe({ state }: Letter): boolean {
  return state === "sent" || state === "beside";
}

/** What arrived may go at once; what did not is only taken back by somebody who says so twice. */
function button(letter: Letter, away: () => void): HTMLElement {
  const action = element("button", { type: "button", className: "plain", textContent: say(isSafe(letter) ? "put-away" : "take-back") });
  action.addEventListener("click", () => (isSafe(letter) || confirm(say("take-back-sure"))) && away());
  return action;
}

export function element<Tag extends keyof HTMLElementTagNameMap>(tag: Tag, of: Partial<HTMLElementTagNameMap[Tag]>): HTMLElementTagNameMap[Tag] {
  return Object.assign(document.createElement(tag), of);
}
