// One file on its way. It goes on by itself after a broken line or a restarted server, from the byte that is safe there.
import { DetailedError, Upload } from "tus-js-client";

// A piece a request: each is synced to disk at its end, and proxies that keep a whole body before they pass it on, or
// refuse large ones, do no harm. On 10 Mbit/s a piece takes half a minute.
const PIECE_BYTES = 32 * 1024 ** 2;
const PAUSES_S = [1, 3, 5, 10, 20, 30];
const FULL_PAUSE_S = 60;
const SMOOTHING_S = 8;

export type Trouble = "line" | "full" | "signed-out" | "gone" | "refused";
export interface Report {
  moved(sent: number, bytesPerSecond: number): void;
  troubled(trouble: Trouble, againInSeconds: number | null): void;
  arrived(address: string): void;
}

export class Sending {
  private upload: Upload;
  private timer = 0;
  private failures = 0;
  private speed = 0;
  private seen = { bytes: -1, at: 0 };

  constructor(
    file: File,
    address: string | null,
    metadata: Record<string, string>,
    csrf: string,
    private readonly report: Report,
  ) {
    this.upload = new Upload(file, {
      endpoint: "/api/v1/uploads",
      uploadUrl: address,
      chunkSize: PIECE_BYTES,
      metadata,
      headers: { "X-CSRF-Token": csrf },
      retryDelays: null,
      storeFingerprintForResuming: false,
      onProgress: (sent) => this.measure(sent),
      onSuccess: () => report.arrived(this.upload.url ?? ""),
      onError: (error) => this.stumble(error),
    });
  }

  start(): void {
    clearTimeout(this.timer);
    this.seen.bytes = -1;
    this.upload.start();
  }

  pause(): void {
    clearTimeout(this.timer);
    void this.upload.abort();
  }

  async discard(): Promise<void> {
    clearTimeout(this.timer);
    await this.upload.abort(true).catch(() => undefined);
  }

  private measure(sent: number): void {
    const now = performance.now() / 1000;
    if (this.seen.bytes >= 0 && now > this.seen.at) {
      const seconds = now - this.seen.at;
      const weight = 1 - Math.exp(-seconds / SMOOTHING_S);
      const current = Math.max(0, sent - this.seen.bytes) / seconds;
      this.speed = this.speed ? this.speed + weight * (current - this.speed) : current;
    }
    this.seen = { bytes: sent, at: now };
    this.failures = 0;
    this.report.moved(sent, this.speed);
  }

  private stumble(error: Error | DetailedError): void {
    const status = "originalResponse" in error ? (error.originalResponse?.getStatus() ?? 0) : 0;
    const trouble = named(status);
    if (trouble !== "line" && trouble !== "full") {
      this.report.troubled(trouble, null);
      return;
    }
    const pause = trouble === "full" ? FULL_PAUSE_S : PAUSES_S[Math.min(this.failures++, PAUSES_S.length - 1)];
    this.report.troubled(trouble, pause);
    this.timer = window.setTimeout(() => this.start(), pause * 1000);
  }
}

function named(status: number): Trouble {
  if (status === 507) return "full";
  if (status === 401 || status === 403) return "signed-out";
  if (status === 404 || status === 410) return "gone";
  if (status === 409 || status === 423 || status === 429 || status === 0 || status >= 500) return "line";
  return "refused";
}
