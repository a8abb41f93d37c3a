// The card of one file: its form, how far it is, and what can be done. States:
// looking -> ready -> waiting -> sending <-> paused | troubled -> handing -> done | refused
import { type Facts, read } from "./facts";
import { likeness } from "./sample";
import { type Report, Sending, type Trouble } from "./sending";
import { duration, number, say, size } from "../language/words";

export interface Begun {
  address: string;
  name: string;
  bytes: number;
  sent: number;
  likeness: string;
}

interface Like {
  address: string;
  name: string;
}

export type State = "looking" | "ready" | "waiting" | "sending" | "paused" | "troubled" | "handing" | "done" | "refused";

const HAND_IN_PAUSE_S = 5;

const BUTTONS: Record<string, State[]> = {
  pause: ["sending", "troubled", "waiting"],
  go: ["paused"],
  again: ["refused"],
  remove: ["looking", "ready", "waiting", "sending", "paused", "troubled", "refused"],
};

export class Card {
  readonly element: HTMLElement;
  state: State = "looking";
  private sending: Sending | null = null;
  private like = "";
  private address: string | null = null;
  private usable = true;

  constructor(
    readonly file: File,
    title: string,
    template: HTMLTemplateElement,
    private readonly csrf: string,
    private readonly changed: (card: Card) => void,
  ) {
    this.element = (template.content.cloneNode(true) as DocumentFragment).firstElementChild as HTMLElement;
    this.part("name").textContent = file.name;
    this.part("size").textContent = size(file.size);
    this.field("name").value = title;
    for (const [name, act] of Object.entries(this.acts())) {
      this.part(name).addEventListener("click", act);
    }
    for (const label of this.element.querySelectorAll<HTMLElement>("[data-labels]")) {
      const field = this.field(label.dataset.labels ?? "");
      field.id = `field-${crypto.getRandomValues(new Uint32Array(1))[0]}`;
      label.setAttribute("for", field.id);
    }
  }

  private acts(): Record<string, () => void> {
    return {
      pause: () => this.pause(),
      go: () => this.to("waiting"),
      again: () => this.to("waiting"),
      remove: () => void this.remove(),
    };
  }

  // Look into the file, and ask the server whether it knows it: all before anything is sent.
  async look(begun: Begun[]): Promise<void> {
    const reading = await read(this.file);
    if (reading.kind === "other") {
      this.usable = false;
      this.element.dataset.usable = "no";
      this.complain("bad", say("not-an-orthomosaic"));
      this.to("refused");
      return;
    }
    this.field("flown_on").value = localDay(new Date(this.file.lastModified));
    this.part("facts").textContent = reading.kind === "tiff" ? this.fill(reading.facts) : say("archive");
    this.like = await likeness(this.file);
    const known = this.like ? await ask(this.file.size, this.like) : null;
    if (known) this.complain("warn", say("known", { name: known.name }), known.address);
    const same = begun.find((one) => one.bytes === this.file.size && (one.likeness || one.name) === (this.like || this.file.name));
    if (same) {
      this.address = same.address;
      this.show(same.sent, 0);
      this.complain("good", say("goes-on", { sent: size(same.sent), all: size(this.file.size) }));
    }
    if (this.state === "looking") this.to("ready");
  }

  private fill(facts: Facts): string {
    if (facts.takenOn) this.field("flown_on").value = facts.takenOn;
    if (!facts.crs) this.complain("warn", say("no-system"));
    const area = facts.areaM2 && (facts.areaM2 >= 1000 ? `${number(facts.areaM2 / 10_000, 2)} ha` : `${number(facts.areaM2, 0)} m²`);
    const gsd = facts.gsdM && say("gsd", { cm: number(facts.gsdM * 100, 2) });
    return [facts.crs, gsd, area && say("area", { area })].filter(Boolean).join(" · ");
  }

  get ready(): boolean {
    return this.state === "ready" && this.usable;
  }

  get complete(): boolean {
    return (this.part("form") as HTMLFieldSetElement & { checkValidity(): boolean }).checkValidity() && this.fieldsHold();
  }

  private fieldsHold(): boolean {
    return Array.from(this.element.querySelectorAll<HTMLInputElement>("input, select, textarea")).every((field) =>
      field.reportValidity(),
    );
  }

  to(state: State): void {
    this.state = state;
    this.element.dataset.state = state;
    (this.part("form") as HTMLFieldSetElement).disabled = !["looking", "ready", "refused"].includes(state);
    for (const [name, states] of Object.entries(BUTTONS)) this.part(name).hidden = !states.includes(state);
    this.part("again").hidden ||= !this.usable;
    this.part("way").hidden = ["looking", "ready", "refused"].includes(state) && !this.address;
    this.part("state").textContent = say(`state-${state}`);
    this.changed(this);
  }

  send(): void {
    this.complain("", "");
    this.to("sending");
    const metadata = { filename: this.file.name, likeness: this.like, modified: String(this.file.lastModified) };
    this.sending ??= new Sending(this.file, this.address, metadata, this.csrf, this.reporter());
    this.sending.start();
  }

  // The line is back: no need to wait for the next try.
  hurry(): void {
    if (this.state === "troubled") this.send();
  }

  private pause(): void {
    this.sending?.pause();
    this.complain("", "");
    this.to("paused");
  }

  private async remove(): Promise<void> {
    if (this.state !== "ready" && this.state !== "looking" && this.usable && !confirm(say("remove-sure"))) return;
    await (this.sending ?? (this.address ? this.stale() : null))?.discard();
    this.state = "done";
    this.element.remove();
    this.changed(this);
  }

  private stale(): Sending {
    return new Sending(this.file, this.address, {}, this.csrf, this.reporter());
  }

  private reporter(): Report {
    return {
      moved: (sent, speed) => {
        if (this.state === "troubled") {
          this.complain("", "");
          this.to("sending");
        }
        this.show(sent, speed);
      },
      troubled: (trouble, again) => this.trouble(trouble, again),
      arrived: (address) => void this.handIn(address),
    };
  }

  private show(sent: number, speed: number): void {
    const bar = this.part("bar") as HTMLProgressElement;
    bar.max = this.file.size;
    bar.value = sent;
    const left = speed > 0 ? say("left", { time: duration((this.file.size - sent) / speed) }) : "";
    const rate = speed > 0 ? say("rate", { rate: size(speed) }) : "";
    const done = say("sent", { sent: size(sent), all: size(this.file.size) });
    this.part("numbers").textContent = [done, rate, left].filter(Boolean).join(" · ");
    this.part("way").hidden = false;
  }

  private trouble(trouble: Trouble, again: number | null): void {
    const more = again === null ? "" : ` ${say("again-in", { time: duration(again) })}`;
    this.complain(again === null ? "bad" : "warn", say(`trouble-${trouble}`) + more);
    if (trouble === "gone") [this.sending, this.address] = [null, null];
    if (again !== null) this.to("troubled");
    else this.to(trouble === "signed-out" ? "paused" : "refused");
  }

  private async handIn(upload: string): Promise<void> {
    this.to("handing");
    this.show(this.file.size, 0);
    const said: Record<string, string | null> = { upload: upload.split("/").at(-1) ?? "" };
    for (const field of this.element.querySelectorAll<HTMLInputElement>("[name]")) said[field.name] = field.value;
    said.flown_on ||= null;
    const headers = { "X-CSRF-Token": this.csrf, "Content-Type": "application/json" };
    const request = { method: "POST", body: JSON.stringify(said), headers };
    const answer = await fetch("/api/v1/flights", request).catch(() => null);
    const told = await answer?.json().catch(() => null);
    if (answer?.ok && told) {
      this.complain(told.already ? "warn" : "good", say(told.already ? "already" : "handed-in"), told.address);
      this.to("done");
    } else if (!answer || answer.status >= 500) {
      this.complain("warn", `${say("trouble-line")} ${say("again-in", { time: duration(HAND_IN_PAUSE_S) })}`);
      setTimeout(() => void this.handIn(upload), HAND_IN_PAUSE_S * 1000);
    } else {
      this.trouble(answer.status === 401 || answer.status === 403 ? "signed-out" : "refused", null);
      if (told?.detail && answer.status !== 401) this.complain("bad", told.detail);
    }
  }

  private complain(kind: "" | "good" | "warn" | "bad", text: string, address = ""): void {
    const notice = this.part("notice");
    notice.hidden = !text;
    notice.className = `notice ${kind}`;
    notice.replaceChildren(Object.assign(document.createElement("p"), { textContent: text }));
    if (!address) return;
    const link = Object.assign(document.createElement("a"), { href: address, textContent: say("open-flight") });
    notice.append(Object.assign(document.createElement("p"), {}));
    notice.lastElementChild?.append(link);
  }

  private part(name: string): HTMLElement {
    return this.element.querySelector(`[data-part="${name}"]`) as HTMLElement;
  }

  private field(name: string): HTMLInputElement {
    return this.element.querySelector(`[name="${name}"]`) as HTMLInputElement;
  }
}

async function ask(bytes: number, like: string): Promise<Like | null> {
  const address = `/api/v1/uploads/known?length=${bytes}&likeness=${like}`;
  const answer = await fetch(address).catch(() => null);
  return answer?.ok ? (((await answer.json()) as Like[])[0] ?? null) : null;
}

function localDay(date: Date): string {
  const part = (value: number) => String(value).padStart(2, "0");
  return `${date.getFullYear()}-${part(date.getMonth() + 1)}-${part(date.getDate())}`;
}
