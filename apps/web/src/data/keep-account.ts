import type { KeptDoor } from "./kept.ts";
import { openThumbCache } from "../browser/open-thumb-cache.ts";

/** Failures are retried when the server is reachable again or at the next start. */
export async function keepAccount(kept: KeptDoor, account: string | undefined): Promise<void> {
  if (account === undefined) return;
  await Promise.allSettled([openThumbCache(account), kept.sync()]);
}
