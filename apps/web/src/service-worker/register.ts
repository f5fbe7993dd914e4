import { workerAddress } from "../browser/worker-address.ts";

/** Supported only over https or on localhost. Optional, so failures are not reported. */
export async function registerServiceWorker(): Promise<void> {
  const container = navigator.serviceWorker as ServiceWorkerContainer | undefined;
  try {
    await container?.register(workerAddress("/service-worker.js"), { scope: "/" });
    const ready = await container?.ready;
    ready?.active?.postMessage(new URL(import.meta.url).pathname);
  } catch {
    // The server lacks the script, or the browser stores nothing.
  }
}
