// One tab at a time: two would show the same items, and the first to be closed would give back what the other still reads.
// Browsers offer locks over TLS and on the own machine; elsewhere the server sorts it out, by refusing the second verdict.

const NAME = "plotwatch review";

/** Whether this tab may read; `lost` is told when another one takes over. */
export async function takeDesk(lost: () => void, isTaken = false): Promise<boolean> {
  if (!navigator.locks) return true;
  return new Promise((resolve) => {
    const hold = (lock: Lock | null) => {
      resolve(lock !== null);
      return lock ? new Promise<void>(() => undefined) : undefined;
    };
    navigator.locks.request(NAME, isTaken ? { steal: true } : { ifAvailable: true }, hold).catch(lost);
  });
}

/** Settles when the tab is the one that is looked at. */
export function beforeTheEyes(): Promise<void> {
  if (document.visibilityState === "visible") return Promise.resolve();
  return new Promise((resolve) => {
    const look = () => {
      if (document.visibilityState !== "visible") return;
      document.removeEventListener("visibilitychange", look);
      resolve();
    };
    document.addEventListener("visibilitychange", look);
  });
}
