// Prepare for the field: pages of the visits, what they load, pictures and map ground are put aside on the phone.
import { KEPT, STATE, isOver, type State } from "./larder";
import { mark } from "./marked";

const AT_ONCE = 4;

interface Wanted {
  list: string;
  visits: number;
  left_out: number;
  addresses: { kind: string; address: string }[];
}

/** The session is over; whoever prepares must sign in. */
export class SignedOut extends Error {}

/** Only pages that came over TLS, or from the own machine, may keep anything. */
export function canKeep(): boolean {
  return isSecureContext && "caches" in window && "serviceWorker" in navigator;
}

export async function kept(): Promise<State | null> {
  if (!canKeep() || !(await caches.has(KEPT))) return null;
  const answer = await (await caches.open(KEPT)).match(STATE);
  const state = answer ? ((await answer.json()) as State) : null;
  if (!state || !isOver(state)) return state;
  await forget();
  return null;
}

/** Take everything along; what was taken before stays until the new is there. Throws where the line or the room ends. */
export async function prepare(person: string, query: string, tell: (done: number, of: number) => void): Promise<State> {
  const wanted = (await (await reach(`/visits/kept?${query}`)).json()) as Wanted;
  await navigator.serviceWorker.register("/visits/worker.js", { scope: "/visits" });
  await navigator.serviceWorker.ready;
  const promised = navigator.storage?.persist?.() ?? false;
  mark();
  const cache = await caches.open(KEPT);
  const missing: Record<string, number> = {};
  let [bytes, done] = [0, 0];
  const rest = [...wanted.addresses];
  const carry = async () => {
    for (let one = rest.shift(); one; one = rest.shift()) {
      const size = await keep(cache, one.address, one.kind === "page" || one.kind === "look");
      if (size === null) missing[one.kind] = (missing[one.kind] ?? 0) + 1;
      else bytes += size;
      tell(++done, wanted.addresses.length);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, carry));
  await drop(cache, new Set([STATE, ...wanted.addresses.map((one) => one.address)]));
  // Some browsers ask the reader, who may never answer.
  const isLasting = await Promise.race([promised, new Promise<boolean>((resolve) => setTimeout(() => resolve(false), 500))]);
  const { list, visits, left_out: leftOut } = wanted;
  const state: State = { person, list, at: Date.now(), visits, bytes, missing, leftOut, isLasting };
  await cache.put(STATE, Response.json(state));
  return state;
}

/** Put one page aside anew, if it was before: what was sent shall be seen without a signal too. */
export async function refresh(address: string): Promise<void> {
  if (!("caches" in globalThis) || !(await caches.has(KEPT))) return;
  const cache = await caches.open(KEPT);
  if (!(await cache.match(address, { ignoreVary: true }))) return;
  try {
    await keep(cache, address, true);
    // A server that was renewed since has other scripts and styles, and the page wants those.
    const page = (await (await cache.match(address, { ignoreVary: true }))?.text()) ?? "";
    for (const [look] of page.matchAll(/\/static\/built\/[\w.-]+/g)) if (!(await cache.match(look))) await keep(cache, look, true);
  } catch {
    // The page from before stays: it tells what this phone wrote down.
  }
}

export async function forget(): Promise<void> {
  if (!canKeep()) return;
  await caches.delete(KEPT);
  for (const one of await navigator.serviceWorker.getRegistrations()) {
    if (new URL(one.scope).pathname === "/visits") await one.unregister();
  }
}

/** The bytes of what was put aside; null where the server has none. Without a page or its look nothing would be ready. */
async function keep(cache: Cache, address: string, isNeeded: boolean): Promise<number | null> {
  const answer = await reach(address, isNeeded);
  if (!answer.ok) return null;
  const content = await answer.blob();
  const { status, headers } = answer;
  await cache.put(address, new Response(status === 204 ? null : content, { status, headers }));
  return content.size;
}

async function reach(address: string, isNeeded = true): Promise<Response> {
  const answer = await fetch(address, { redirect: "manual", cache: "no-store" });
  if (answer.type === "opaqueredirect" || answer.status === 401) throw new SignedOut();
  if (!answer.ok && isNeeded) throw new Error(`${address}: ${answer.status}`);
  return answer;
}

async function drop(cache: Cache, wanted: Set<string>): Promise<void> {
  for (const { url } of await cache.keys()) {
    const { pathname, search } = new URL(url);
    if (!wanted.has(`${pathname}${search}`)) await cache.delete(url);
  }
}
