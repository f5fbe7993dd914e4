import type { KeptDoor } from "../data/kept.ts";
import { openThumbCache } from "../service-worker/open-thumb-cache.ts";

/** What is kept for whoever is signed in is made what the server has. Whatever fails is tried again when the server is back, or at the next start. */
export async function keepAccount(kept: KeptDoor, account: string | undefined): Promise<void> {
  if (account === undefined) return;
  await Promise.allSettled([openThumbCache(account), kept.sync()]);
}
