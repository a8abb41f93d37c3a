// The doors of the server: what is posted, and what can go wrong on the way. Nothing is retried here.

/** Where readings are taken, judged and given back. */
export const DOORS = "/review";
const PATIENCE_MS = 20_000;
const csrf = document.querySelector<HTMLMetaElement>('meta[name="csrf"]')?.content ?? "";

/** The line is bad, or the server is busy: the same may be sent again. */
export class LineBroken extends Error {}

/** The session is over; whoever reads must sign in. */
export class SignedOut extends Error {}

/** The server understood and refused; `detail` is its sentence. */
export class Refused extends Error {
  constructor(
    readonly status: number,
    readonly detail: string,
  ) {
    super(detail);
  }
}

export interface Answer<Content> {
  content: Content;
  /** The server's clock when it answered, in milliseconds. */
  at: number;
}

export async function post<Content>(address: string, body: unknown = {}): Promise<Answer<Content>> {
  const answer = await reach(address, {
    method: "POST",
    headers: { "Content-Type": "application/json", Accept: "application/json", "X-CSRF-Token": csrf },
    body: JSON.stringify(body),
    keepalive: true,
  });
  const content = answer.status === 204 ? null : await answer.json().catch(() => null);
  return { content: content as Content, at: Date.parse(answer.headers.get("Date") ?? "") || Date.now() };
}

/** The bytes of a picture, and their sha256 as the server says it. */
export async function fetchPicture(address: string): Promise<{ bytes: Blob; sha256: string }> {
  const answer = await reach(address, { headers: { Accept: "image/*" } });
  const sha256 = (answer.headers.get("ETag") ?? "").replaceAll('"', "");
  try {
    return { bytes: await answer.blob(), sha256 };
  } catch {
    throw new LineBroken();
  }
}

async function reach(address: string, how: RequestInit): Promise<Response> {
  const late = AbortSignal.timeout(PATIENCE_MS);
  const answer = await fetch(address, { ...how, redirect: "manual", signal: late }).catch(() => null);
  if (!answer || answer.status === 429 || answer.status >= 500) throw new LineBroken();
  if (answer.type === "opaqueredirect" || answer.status === 401) throw new SignedOut();
  if (!answer.ok) throw new Refused(answer.status, await sentence(answer));
  return answer;
}

async function sentence(answer: Response): Promise<string> {
  const said = (await answer.json().catch(() => ({}))) as { detail?: unknown };
  return typeof said.detail === "string" ? said.detail : "";
}
