// The form of a visit keeps what is in it as a draft on the phone while somebody writes, and has it again afterwards.
import { moment, say } from "../language/words";
import { type Draft, type Photograph, discard, draftOf, dropPhotograph, keepDraft, keepPhotograph } from "./draft";

const FIELDS = ["outcome", "look_alike", "accuracy_m", "note"];

export class Drafting {
  /** One thing after the other, so that what is discarded is not kept again by a slower one. */
  private last: Promise<void> = Promise.resolve();
  /** Something was changed since the form was read for the last time. */
  private isBehind = false;
  private hasLooked = false;

  constructor(
    private readonly form: HTMLFormElement,
    private readonly person: string,
    private readonly visit: string,
    private readonly mostBytes: number,
  ) {
    form.addEventListener("input", (event) => this.noted(event.target as HTMLElement));
    this.button?.addEventListener("click", () => confirm(say("draft-sure")) && void this.discard());
  }

  /** Put what was kept into the fields that are empty; `isSure` where it is known that the reader wrote it. */
  async restore(isSure: boolean): Promise<void> {
    if (this.hasLooked) return;
    const kept = await draftOf(this.person, this.visit).catch(() => null);
    if (this.hasLooked) return;
    if (kept && !isSure) return this.tell(say("draft-locked"));
    this.hasLooked = true;
    if (!kept) return;
    fill(this.form, kept.draft, kept.photograph);
    this.tell(keptWords(kept.draft));
    this.button?.toggleAttribute("hidden", false);
  }

  /** Look again: something was taken back. */
  async restoreAgain(): Promise<void> {
    this.hasLooked = false;
    await this.restore(true);
  }

  /** It was recorded, and is safe elsewhere on this phone; what was never shown here is nobody's to drop. */
  async over(): Promise<void> {
    this.isBehind = false;
    if (this.hasLooked) await this.then(() => discard(this.person, this.visit));
    this.tell("");
    this.button?.toggleAttribute("hidden", true);
  }

  private get button(): HTMLButtonElement | null {
    return this.form.querySelector("[data-discard]");
  }

  private noted(field: HTMLElement): void {
    if (field instanceof HTMLInputElement && field.type === "file") void this.then(() => this.keep(field.files?.[0] ?? null));
    if (this.isBehind) return;
    this.isBehind = true;
    this.form.dataset.draft = "behind";
    void this.then(async () => {
      if (this.isBehind) await this.keep();
    });
  }

  /** A photograph is given where one was chosen, or null where it was taken away. */
  private async keep(photograph?: File | null): Promise<void> {
    this.isBehind = false;
    const draft = read(this.form, this.person, this.visit);
    // Where it is not known yet who reads this, what was kept before is not shown, and stays where nothing was typed.
    const before = this.hasLooked ? null : ((await draftOf(this.person, this.visit))?.draft ?? null);
    for (const name of FIELDS) draft.fields[name] ||= before?.fields[name] ?? "";
    const isEmpty = !before && !photographIn(this.form) && Object.values(draft.fields).every((value) => !value.trim());
    await (isEmpty ? discard(this.person, this.visit) : keepDraft(draft));
    if (photograph !== undefined && !isEmpty) await this.keepFile(photograph);
    this.tell(isEmpty ? "" : keptWords(draft));
    this.button?.toggleAttribute("hidden", isEmpty);
    if (!this.isBehind) this.form.dataset.draft = "kept";
  }

  private async keepFile(file: File | null): Promise<void> {
    const { person, visit } = this;
    if (!file || file.size > this.mostBytes) return dropPhotograph(person, visit);
    await keepPhotograph({ person, visit, at: Date.now(), name: file.name, bytes: await file.arrayBuffer() });
  }

  private async discard(): Promise<void> {
    this.hasLooked = true;
    this.form.reset();
    await this.over();
  }

  private then(what: () => Promise<void>): Promise<void> {
    this.last = this.last.then(what).catch(() => this.tell(say("draft-none")));
    return this.last;
  }

  private tell(words: string): void {
    const place = this.form.querySelector<HTMLElement>("[data-draft-said]");
    if (place && place.textContent !== words) place.textContent = words;
  }
}

export function read(form: HTMLFormElement, person: string, visit: string): Draft {
  const content = new FormData(form);
  const fields = Object.fromEntries(FIELDS.map((name) => [name, String(content.get(name) ?? "")]));
  const outcome = form.querySelector("input[name=outcome]:checked")?.closest("label")?.textContent?.trim() ?? "";
  return { person, visit, at: Date.now(), fields, outcome };
}

export function photographIn(form: HTMLFormElement): File | null {
  const file = new FormData(form).get("photograph");
  return file instanceof File && file.size ? file : null;
}

function keptWords({ at }: Draft): string {
  const time = new Date(at);
  return say("draft-kept", { time: moment(time, time.toDateString() === new Date().toDateString()) });
}

/** What somebody typed since stays. */
function fill(form: HTMLFormElement, draft: Draft, photograph?: Photograph): void {
  const now = read(form, "", "").fields;
  for (const [name, value] of Object.entries(draft.fields)) {
    const field = form.elements.namedItem(name);
    if (value && !now[name] && (field instanceof RadioNodeList || field instanceof HTMLInputElement || field instanceof HTMLTextAreaElement)) field.value = value;
  }
  const chooser = form.elements.namedItem("photograph");
  if (!photograph || photographIn(form) || !(chooser instanceof HTMLInputElement)) return;
  const files = new DataTransfer();
  files.items.add(new File([photograph.bytes], photograph.name, { type: "image/jpeg" }));
  chooser.files = files.files;
}
