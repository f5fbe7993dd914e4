import { setTimeout as delay } from "node:timers/promises";
import type { Connection } from "../config/connection.ts";

const pollSeconds = 50;
/** Between two looks whether it is paused, and two polls of a drive in which much happens. */
const restMs = 1000;
const afterFailureMs = 30_000;

/** The engine asks the server for nothing while it is paused; that the login has ended is to be heard all the same. */
export async function listenWhilePaused(
  { client }: Pick<Connection, "client">,
  isPaused: () => boolean,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    const restsMs = isPaused() ? await pollOnce(client, signal) : restMs;
    await delay(restsMs, undefined, { signal }).catch(() => undefined);
  }
}

/** @returns how long to rest then */
async function pollOnce(client: Connection["client"], signal: AbortSignal): Promise<number> {
  try {
    const { token } = await client.call("getStartToken", { signal });
    const headers = { timeout: String(pollSeconds) };
    const answer = await client.open("pollChanges", { query: { since_token: token }, headers, signal });
    for await (const slice of answer.body) void slice;
    return restMs;
  } catch {
    // Where the login has ended whoever gives the tokens tells that; all else is tried again.
    return afterFailureMs;
  }
}
