// What every page loads: htmx, and the few things that HTML alone cannot do. Every page works without it.
import "htmx.org";
import { discardOld } from "./field/draft";
import { clearOnLeaving, tellWhatWaits } from "./field/leaving";
import { isMarked, know } from "./field/marked";

// A form that was sent must not be sent twice by an impatient thumb; going back makes it usable again.
document.addEventListener("submit", (event) => {
  const form = event.target as HTMLFormElement;
  if (form.method !== "post" || event.defaultPrevented) return;
  for (const button of form.querySelectorAll("button")) {
    setTimeout(() => (button.disabled = true));
  }
});
window.addEventListener("pageshow", () => {
  for (const button of document.querySelectorAll<HTMLButtonElement>("form[method=post] button")) {
    button.disabled = false;
  }
});

// A choice in a form marked data-send-on-change takes effect at once; without script its button does the same.
document.addEventListener("change", (event) => {
  const field = event.target as HTMLElement;
  field.closest<HTMLFormElement>("form[data-send-on-change]")?.requestSubmit();
});

// What htmx could not fetch is said where the page says such things; the next answer takes it back.
const unreachable = (is: boolean) => document.getElementById("unreachable")?.toggleAttribute("hidden", !is);
document.addEventListener("htmx:error", () => unreachable(true));
document.addEventListener("htmx:after:swap", () => unreachable(false));

// Whoever signs out leaves nothing on the phone.
for (const form of document.querySelectorAll<HTMLFormElement>('form[action="/sign-out"]')) clearOnLeaving(form);
if (isMarked()) void discardOld().catch(() => undefined);
// Whoever signs in may be somebody else: what was begun here is shown when the server has said who it is.
document.querySelector('form[action="/sign-in"]')?.addEventListener("submit", () => know(null));
const waits = document.querySelector<HTMLElement>("[data-waits-here]");
if (waits) void tellWhatWaits(waits);
