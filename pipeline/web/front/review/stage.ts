// What the page says as a whole: the state it is in, notices, and what a screen reader is told.
import { say } from "../language/words";

export class Stage {
  constructor(private readonly root: HTMLElement) {}

  get state(): string {
    return this.root.dataset.state ?? "";
  }

  /** Show the part of the page that belongs to a state; where there is nothing to read, its heading has the focus. */
  enter(state: string, detail = ""): void {
    this.root.dataset.state = state;
    for (const section of this.root.querySelectorAll<HTMLElement>("[data-state-of]")) {
      section.hidden = section.dataset.stateOf !== state;
    }
    // What a notice says already is not said twice.
    const isSaid = !this.part("notice").hidden && this.part("notice-detail").textContent === sentence(detail);
    this.part("detail").textContent = isSaid ? "" : sentence(detail);
    if (state === "reading" || state === "loading") return;
    const heading = this.root.querySelector<HTMLElement>(`[data-state-of="${state}"] h2`);
    heading?.focus();
    this.announce(heading?.textContent ?? "");
  }

  /** What goes wrong while one reads on: it stays until it is understood. */
  notice(word: string, detail = ""): void {
    this.part("notice-said").textContent = say(word);
    this.part("notice-detail").textContent = sentence(detail);
    this.part("notice").hidden = false;
  }

  announce(said: string): void {
    const voice = this.part("voice");
    voice.textContent = voice.textContent === said ? `${said}\u00a0` : said;
  }

  part<Kind extends HTMLElement>(name: string): Kind {
    return this.root.querySelector(`[data-part="${name}"]`) as Kind;
  }
}

/** What the server says begins small and ends without a stop; Chinese has neither. */
function sentence(said: string): string {
  const isLatin = /^[a-z]/.test(said);
  return isLatin ? `${said[0].toUpperCase()}${said.slice(1)}${/[.!?:]$/.test(said) ? "" : "."}` : said;
}
