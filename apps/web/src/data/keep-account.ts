import type { KeptDoor } from "./kept.ts";
import type { Session } from "./session.ts";
import { openThumbCache } from "../browser/open-thumb-cache.ts";
import { receiveFor } from "../browser/received-files.ts";
import { wait } from "../browser/wait.ts";

/** A delay, so that offline files do not slow down the first list. A tab closed earlier fetches nothing. */
const keptAfterMs = 2000;

/** Failures are retried when the server is reachable again or at the next start. */
export async function keepAccount(kept: KeptDoor, session: Session): Promise<void> {
  const signedIn = () => (session.getSnapshot() === "signed_in" ? session.account : undefined);
  if (signedIn() === undefined) return;
  await receiveFor(signedIn).catch(() => {});
  await wait(keptAfterMs);
  session.wake();
  const account = signedIn();
  if (account !== undefined) await Promise.allSettled([openThumbCache(account), kept.sync()]);
}
