// What the model makes of the item that was judged last: its band in words, its heat map, and how a control went. It is
// asked for, never shown by itself, and from then on the verdict stands.
import { number, say } from "../language/words";
import { post } from "./doors";
import { type Item, type Shot, shoot } from "./item";
import { trace } from "./plain";
import type { Revealed, Verdict } from "./reading";

export class ModelsOpinion {
  constructor(private readonly dialog: HTMLDialogElement) {
    dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
    this.part<HTMLInputElement>("heat-shown").addEventListener("change", ({ target }) => {
      this.part("heat").hidden = !(target as HTMLInputElement).checked;
    });
  }

  /** Opens at once and is filled when the answer comes, so that it never bursts into the next look. Throws what the door throws. */
  async open(item: Item, verdict: Verdict): Promise<void> {
    this.part("band").textContent = say("opinion-coming");
    this.part("said").textContent = "";
    this.part("picture").hidden = this.part("heat-choice").hidden = this.part("feedback").hidden = true;
    this.dialog.showModal();
    try {
      await this.fill(item, verdict);
    } catch (error) {
      this.dialog.close();
      throw error;
    }
  }

  private async fill(item: Item, verdict: Verdict): Promise<void> {
    const { content } = await post<Revealed>(item.address("reveal"));
    const { picture } = await item.evidence;
    // When the time with the item is over its pictures are gone; what is said in words stays.
    const heat = content.heat ? await shoot(content.heat).catch(() => null) : null;
    this.part("said").textContent = say(`yours-${verdict}`);
    this.part("band").textContent = band(content.band);
    this.part<HTMLImageElement>("shot").src = picture.address;
    trace(this.dialog.querySelector("svg") as SVGSVGElement, picture.bounds, item.reading.outline);
    this.layHeat(heat, picture);
    this.part("picture").hidden = false;
    this.tell(content.feedback);
  }

  private layHeat(heat: Shot | null, { bounds: [west, south, east, north] }: Shot): void {
    const image = this.part<HTMLImageElement>("heat");
    this.part("heat-choice").hidden = image.hidden = !heat;
    if (!heat) return;
    const [left, bottom, right, top] = heat.bounds;
    const share = (part: number, whole: number) => `${(100 * part) / whole}%`;
    image.src = heat.address;
    image.style.left = share(left - west, east - west);
    image.style.top = share(north - top, north - south);
    image.style.width = share(right - left, east - west);
    image.style.height = share(top - bottom, north - south);
    this.part<HTMLInputElement>("heat-shown").checked = true;
  }

  private tell(feedback: Revealed["feedback"]): void {
    const place = this.part("feedback");
    place.hidden = !feedback;
    if (!feedback) return;
    place.classList.toggle("good", feedback.hit);
    place.classList.toggle("warn", !feedback.hit);
    this.part("feedback-said").textContent = say(`control-${feedback.hit ? "hit" : "miss"}-${feedback.truth}`);
    const address = typeof feedback.picture === "string" ? feedback.picture : feedback.picture?.url;
    const image = this.part<HTMLImageElement>("feedback-picture");
    image.hidden = !address;
    if (address) image.src = address;
  }

  private part<Kind extends HTMLElement>(name: string): Kind {
    return this.dialog.querySelector(`[data-part="${name}"]`) as Kind;
  }
}

function band(found: Revealed["band"]): string {
  if (!found) return say("band-too-few");
  const hundred = (share: number) => number(Math.round(100 * share), 0);
  const share = found.read ? found.confirmed / found.read : 0;
  return say("band", {
    about: hundred(share),
    low: hundred(found.low),
    high: hundred(found.high),
    read: number(found.read, 0),
  });
}
