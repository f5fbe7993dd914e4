import type { KeptDoor } from "../data/kept.ts";
import { openThumbCache } from "../service-worker/open-thumb-cache.ts";

/** Failures are retried when the server is reachable again or at the next start. */
export async function keepAccount(kept: KeptDoor, account: string | undefined): Promise<void> {
  if (account === undefined) return;
  await Promise.allSettled([openThumbCache(account), kept.sync()]);
}
