import { workerAddress } from "../data/worker-address.ts";

/**
 * Has the browser keep the app, so that it opens without its server. Only where the page came over TLS or from this machine: elsewhere browsers
 * have nothing of the kind, and the app goes on without. Nothing depends on it, so nothing is said where it fails.
 */
export async function registerServiceWorker(): Promise<void> {
  const container = navigator.serviceWorker as ServiceWorkerContainer | undefined;
  try {
    await container?.register(workerAddress("/service-worker.js"), { scope: "/" });
    const ready = await container?.ready;
    ready?.active?.postMessage(new URL(import.meta.url).pathname);
  } catch {
    // A server without the script, or a browser that keeps nothing.
  }
}
