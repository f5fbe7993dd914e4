import { setTimeout as delay } from "node:timers/promises";
import type { Connection } from "../config/connection.ts";

const pollSeconds = 50;
/** Pause between checks of the paused state, and between polls of a busy drive. */
const restMs = 1000;
const afterFailureMs = 30_000;

/** The engine sends no requests while paused, but the end of the login must be noticed. */
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

/** @returns milliseconds to wait before the next poll */
async function pollOnce(client: Connection["client"], signal: AbortSignal): Promise<number> {
  try {
    const { token } = await client.call("getStartToken", { signal });
    const headers = { timeout: String(pollSeconds) };
    const answer = await client.open("pollChanges", { query: { since_token: token }, headers, signal });
    for await (const slice of answer.body) void slice;
    return restMs;
  } catch {
    // The token source reports the end of a login. Other errors are retried.
    return afterFailureMs;
  }
}
