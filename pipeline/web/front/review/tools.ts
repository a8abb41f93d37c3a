// What is laid over the ground, and what is done on it: outline, growers, relief, earlier flights, measuring, redrawing.
import { say } from "../language/words";
import { EarlierFlights } from "./earlier";
import type { Ground, Layer } from "./ground";
import type { Item } from "./item";
import { Measuring } from "./measuring";
import { Plain } from "./plain";
import { Redrawing, type Tool } from "./redrawing";

const STEP_PX = 120;

export class Tools {
  private readonly on = new Set<Layer>(["growers"]);
  private readonly measuring: Measuring | null;
  private readonly earlier: EarlierFlights | null;
  readonly redrawing: Redrawing | null;

  constructor(
    private readonly root: HTMLElement,
    private readonly view: Ground | Plain,
    private readonly announce: (said: string) => void,
  ) {
    const ground = view instanceof Plain ? null : view;
    this.measuring = ground && new Measuring(ground, (active, said) => this.told("measure", active, said));
    this.redrawing = ground && new Redrawing(ground, (said) => this.redraws(said));
    const slider = this.part<HTMLInputElement>("swipe");
    this.earlier = ground && new EarlierFlights(ground, this.part("earlier"), slider, (active, said) => this.told("earlier", active, said));
    for (const button of root.querySelectorAll<HTMLElement>("[data-tool]")) {
      button.addEventListener("click", () => this.use(button.dataset.tool ?? ""));
    }
    for (const needy of root.querySelectorAll<HTMLElement>("[data-needs-map]")) needy.hidden = !ground;
  }

  begin(item: Item): void {
    const { growers, relief, earlier } = item.reading;
    this.measuring?.toggle(false);
    this.redrawing?.begin(item.reading);
    this.earlier?.begin(item.reading);
    this.on.delete("outline");
    this.on.delete("relief");
    const there: Record<string, boolean> = { growers: Boolean(growers?.features.length), relief: Boolean(relief), earlier: Boolean(earlier?.length) };
    for (const [tool, isThere] of Object.entries(there)) this.button(tool).hidden = !isThere || !this.earlier;
    for (const tool of ["outline", "relief", "growers"] as const) this.press(tool, this.on.has(tool));
  }

  use(tool: string): void {
    const ground = this.view instanceof Plain ? null : this.view;
    const actions: Record<string, () => void> = {
      outline: () => this.toggle("outline"),
      growers: () => this.toggle("growers"),
      relief: () => this.toggle("relief"),
      fit: () => this.view.fit(),
      closer: () => ground?.map.zoomIn(),
      away: () => ground?.map.zoomOut(),
      earlier: () => this.earlier?.toggle(),
      older: () => this.earlier?.step(1),
      newer: () => this.earlier?.step(-1),
      "swipe-left": () => this.earlier?.active && this.earlier.move(-5),
      "swipe-right": () => this.earlier?.active && this.earlier.move(5),
      measure: () => this.exclusive("measure"),
      redraw: () => this.exclusive("redraw"),
      point: () => this.point(),
      "take-back": () => (this.redrawing?.active ? this.redrawing.takeBack() : this.measuring?.active && this.measuring.takeBack()),
      finish: () => this.redrawing?.active && this.redrawing.finish(),
      remove: () => this.redrawing?.active && this.redrawing.remove(),
      restore: () => this.redrawing?.active && this.redrawing.restore(),
      ...Object.fromEntries((["move", "part", "cut"] as Tool[]).map((name) => [name, () => this.redrawing?.active && this.redrawing.use(name)])),
    };
    const pan = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[tool];
    if (pan) ground?.map.panBy([pan[0] * STEP_PX, pan[1] * STEP_PX], { animate: false });
    actions[tool]?.();
  }

  /** Close what is open; false where nothing was. */
  escape(): boolean {
    const open = [this.measuring, this.redrawing, this.earlier].find((tool) => tool?.active);
    open?.toggle(false);
    return Boolean(open);
  }

  private exclusive(tool: "measure" | "redraw"): void {
    if (tool === "measure") this.redrawing?.toggle(false);
    else this.measuring?.toggle(false);
    (tool === "measure" ? this.measuring : this.redrawing)?.toggle();
  }

  private point(): void {
    if (this.redrawing?.active) this.redrawing.press();
    else if (this.measuring?.active) this.measuring.addMiddle();
  }

  private toggle(layer: Layer): void {
    if (this.button(layer).hidden) return;
    const on = !this.on.has(layer);
    this.on[on ? "add" : "delete"](layer);
    this.view.toggle(layer, on);
    this.press(layer, on);
    this.announce(say(`${layer}-${on ? "on" : "off"}`));
  }

  private redraws(said?: string): void {
    const active = this.redrawing?.active ?? false;
    const tool = this.redrawing?.tool ?? "move";
    for (const name of ["move", "part", "cut"]) this.press(name, tool === name);
    this.part("finish").hidden = tool !== "part";
    if (active) this.on.add("outline");
    this.press("outline", this.on.has("outline"));
    this.part("drawn").hidden = !this.redrawing?.drawn;
    this.told("redraw", active, active ? say(said ?? `redraw-${tool}`) : "");
  }

  private told(tool: string, active: boolean, said: string): void {
    this.press(tool, active);
    this.part(`${tool}-bar`).hidden = !active;
    this.part(`${tool}-said`).textContent = said;
    this.part("cross").hidden = !(this.measuring?.active || this.redrawing?.active);
    if (said) this.announce(said);
  }

  private press(tool: string, on: boolean): void {
    this.button(tool).setAttribute("aria-pressed", String(on));
  }

  private button(tool: string): HTMLElement {
    return this.root.querySelector(`[data-tool="${tool}"]`) as HTMLElement;
  }

  private part<Kind extends HTMLElement>(name: string): Kind {
    return this.root.querySelector(`[data-part="${name}"]`) as Kind;
  }
}
