// Sending without a page: some browsers wake the worker of the pages when the line is back. It asks the server who is signed
// in and for the token of their forms, as a page does, so that neither lies on the phone.
export const SEND = "plotwatch findings";

interface CanSync {
  sync?: { register(tag: string): Promise<void> };
}

/** Has what waits sent when the line is back, whatever becomes of this page, where the phone was prepared and can do so. */
export async function sendInBackground(): Promise<void> {
  if (!("serviceWorker" in navigator)) return;
  const worker: (ServiceWorkerRegistration & CanSync) | undefined = await navigator.serviceWorker.getRegistration("/visits");
  await worker?.sync?.register(SEND).catch(() => undefined); // an open page sends it
}
