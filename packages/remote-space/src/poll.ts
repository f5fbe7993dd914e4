import { readText } from "@holdfast/api-client/answer";
import type { ApiClient } from "@holdfast/api-client/api-client";
import { limits } from "@holdfast/core/limits";
import { silent } from "./metered-transport.ts";

export interface PollParts {
  readonly client: ApiClient;
  readonly wait: (delayMs: number, signal?: AbortSignal) => Promise<unknown>;
  readonly signal: AbortSignal;
}

/** See `Server.poll`. Waits here if the server requests a later retry. */
export async function poll(
  { client, wait, signal }: PollParts,
  sinceToken: string,
  timeoutMs: number,
): Promise<boolean> {
  const seconds = Math.min(limits.pollSecondsMax, Math.max(1, Math.round(timeoutMs / 1000)));
  const over = new AbortController();
  const late = new AbortController();
  const timer = wait((seconds + graceSeconds) * 1000, over.signal).then(
    () => late.abort(silent()),
    () => {},
  );
  const request = {
    query: { since_token: sinceToken },
    headers: { timeout: String(seconds) },
    signal: AbortSignal.any([signal, late.signal]),
  };
  let answer;
  let text;
  try {
    answer = await client.open("pollChanges", request);
    text = await readText(answer);
  } finally {
    over.abort();
    await timer;
  }
  const backoffSeconds = answer.status === 204 ? Number(answer.header("retry-after") ?? 0) : backoffOf(text);
  if (backoffSeconds > 0) await wait(Math.min(backoffSeconds, backoffSecondsMax) * 1000, signal);
  return answer.status !== 204;
}

/** A missing response reveals a silently broken connection. */
const graceSeconds = 10;
const backoffSecondsMax = 300;

/** A proxy's response that is not JSON requests no wait. */
function backoffOf(text: string): number {
  try {
    const body: unknown = JSON.parse(text);
    const backoff: unknown = typeof body === "object" && body !== null ? Reflect.get(body, "backoff") : undefined;
    return typeof backoff === "number" && Number.isFinite(backoff) ? backoff : 0;
  } catch {
    return 0;
  }
}
