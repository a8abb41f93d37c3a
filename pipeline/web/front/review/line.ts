// The line to the server: what is sent until it arrives, and who is told while that takes longer.
import { LineBroken } from "./doors";

const PAUSES_MS = [500, 1_000, 2_000, 4_000, 8_000];
let waiting = 0;
let tell: (isBroken: boolean) => void = () => undefined;

export function onLine(told: (isBroken: boolean) => void): void {
  tell = told;
}

/** `send` until the line is good; a refusal is thrown as it is. */
export async function patiently<Content>(send: () => Promise<Content>): Promise<Content> {
  let isWaiting = false;
  try {
    for (let tries = 0; ; tries++) {
      try {
        return await send();
      } catch (error) {
        if (!(error instanceof LineBroken)) throw error;
        if (!isWaiting && ++waiting === 1) tell(true);
        isWaiting = true;
        await lineMayBeBack(PAUSES_MS[Math.min(tries, PAUSES_MS.length - 1)]);
      }
    }
  } finally {
    if (isWaiting && --waiting === 0) tell(false);
  }
}

function lineMayBeBack(pauseMs: number): Promise<void> {
  return new Promise((resolve) => {
    const go = () => {
      clearTimeout(timer);
      window.removeEventListener("online", go);
      resolve();
    };
    const timer = setTimeout(go, pauseMs);
    window.addEventListener("online", go);
  });
}
