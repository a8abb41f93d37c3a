// The same ground on earlier flights, over the present one up to a line that is moved; steps go through the dates.
import { Map as GlMap, type ImageSource } from "maplibre-gl";
import { ofDays, say } from "../language/words";
import { type Ground, corners, layPicture, layTiles } from "./ground";
import { shoot } from "./item";
import type { Earlier, Reading } from "./reading";

export class EarlierFlights {
  active = false;
  private map: GlMap | null = null;
  private loaded: Promise<unknown> = Promise.resolve();
  private flights: Earlier[] = [];
  private at = 0;
  private turn = 0;

  constructor(
    private readonly ground: Ground,
    private readonly box: HTMLElement,
    private readonly slider: HTMLInputElement,
    private readonly changed: (active: boolean, said: string) => void,
  ) {
    slider.addEventListener("input", () => this.clip());
    ground.map.on("move", () => this.follow());
  }

  get any(): boolean {
    return this.flights.length > 0;
  }

  /** Of another item: what was open closes. */
  begin(reading: Reading): void {
    this.flights = reading.earlier ?? [];
    this.at = 0;
    this.toggle(false);
  }

  toggle(on = !this.active): void {
    this.active = on && this.any;
    this.box.hidden = !this.active;
    if (this.active) void this.draw();
    this.tell();
  }

  /** To an older flight, or back to a later one. */
  step(by: number): void {
    if (!this.any) return;
    this.at = Math.min(this.flights.length - 1, Math.max(0, this.at + by));
    this.toggle(true);
  }

  move(by: number): void {
    this.slider.value = String(Number(this.slider.value) + by);
    this.clip();
  }

  private async draw(): Promise<void> {
    const turn = ++this.turn;
    const flight = this.flights[this.at];
    const map = (this.map ??= this.open());
    this.clip();
    const [shot] = await Promise.all([shoot(flight.picture), this.loaded]);
    if (turn !== this.turn) return;
    if (!map.getSource("picture")) layPicture(map, "picture");
    (map.getSource("picture") as ImageSource).updateImage({ image: shot.bitmap, coordinates: corners(shot.bounds) });
    layTiles(map, flight.tiles, shot.bounds);
    this.follow();
    map.once("idle", () => (this.box.dataset.drawn = "yes"));
  }

  private open(): GlMap {
    const background = { id: "paper", type: "background", paint: { "background-color": "#20262a" } } as const;
    const options = { interactive: false, attributionControl: false, fadeDuration: 0, minZoom: 10, maxZoom: 25 } as const;
    const map = new GlMap({ container: this.box, style: { version: 8, sources: {}, layers: [background] }, ...options });
    this.loaded = map.once("load");
    return map;
  }

  private follow(): void {
    if (this.active) this.map?.jumpTo({ center: this.ground.map.getCenter(), zoom: this.ground.map.getZoom() });
  }

  private clip(): void {
    this.box.style.clipPath = `inset(0 ${100 - Number(this.slider.value)}% 0 0)`;
    this.slider.parentElement?.style.setProperty("--at", `${this.slider.value}%`);
  }

  private tell(): void {
    const { flown_on: day } = this.flights[this.at] ?? {};
    const place = { day: day ? written(day) : say("no-day"), at: String(this.at + 1), of: String(this.flights.length) };
    this.changed(this.active, this.active ? say("earlier-at", place) : "");
  }
}

/** A day as the language of the page writes it. */
export function written(day: string): string {
  const parts = { year: "numeric", month: "short", day: "numeric", timeZone: "UTC" } as const;
  return new Intl.DateTimeFormat(ofDays, parts).format(new Date(`${day}T00:00:00Z`));
}
