// Answers for the pages of visits where there is no signal, with what `field/kept.ts` put aside. A page is asked of the
// server first, so that nobody reads an old one on a good line; imagery never changes and is taken from what was kept.
// Where the browser wakes it when the line is back, it sends what waits.
import { SEND } from "./field/background";
import { KEPT, STATE, isOver, type State } from "./field/larder";
import { sendAll } from "./field/sending";

const worker = self as unknown as ServiceWorkerGlobalScope;
const PATIENCE_MS = 4_000;
const NEVER_KEPT = ["/visits/reader", "/visits/kept", "/visits/worker.js"];

worker.addEventListener("install", (event) => event.waitUntil(worker.skipWaiting()));
worker.addEventListener("activate", (event) => event.waitUntil(worker.clients.claim()));
worker.addEventListener("fetch", (event) => {
  const address = new URL(event.request.url);
  if (event.request.method !== "GET" || address.origin !== location.origin || NEVER_KEPT.includes(address.pathname)) return;
  const isGround = /\/tiles\/|\/picture$/.test(address.pathname);
  const isStill = address.pathname.startsWith("/static/") || isGround;
  event.respondWith(isStill ? keptFirst(event.request) : lineFirst(event.request, address));
});
worker.addEventListener("sync", ((event: ExtendableEvent & { tag: string }) => {
  if (event.tag === SEND) event.waitUntil(sendWithoutPage());
}) as EventListener);

/** Throws where there is no line, and the browser tries again later; who is signed out has to open a page. */
async function sendWithoutPage(): Promise<void> {
  const { state } = await sendAll(async () => undefined);
  for (const page of await worker.clients.matchAll()) page.postMessage(SEND);
  if (state === "none") throw new Error("no line");
}

async function keptFirst(request: Request): Promise<Response> {
  return (await find(request)) ?? fetch(request).catch(() => Response.error());
}

async function lineFirst(request: Request, address: URL): Promise<Response> {
  const kept = (await find(request)) ?? (address.pathname === "/visits" ? await find(await list()) : undefined);
  try {
    const answer = kept ? await soon(fetch(request)) : await fetch(request);
    if (kept && answer.status === 403) await caches.delete(KEPT); // it is not for this person any more
    return answer.status >= 500 && kept ? kept : answer;
  } catch {
    const page = request.mode === "navigate" ? await find("/visits/without-signal") : undefined;
    return kept ?? page ?? Response.error();
  }
}

/** The address of the one list that was kept, whichever is asked for. */
async function list(): Promise<string> {
  return (await told())?.list ?? "/visits";
}

async function find(what: Request | string): Promise<Response | undefined> {
  const state = await told();
  if (!state) return undefined;
  if (isOver(state)) {
    await caches.delete(KEPT);
    return undefined;
  }
  return (await caches.open(KEPT)).match(what, { ignoreVary: true });
}

async function told(): Promise<State | undefined> {
  if (!(await caches.has(KEPT))) return undefined;
  const state = await (await caches.open(KEPT)).match(STATE);
  return state ? ((await state.json()) as State) : undefined;
}

function soon(answer: Promise<Response>): Promise<Response> {
  return Promise.race([answer, new Promise<Response>((_, fail) => setTimeout(() => fail(new Error("slow line")), PATIENCE_MS))]);
}
