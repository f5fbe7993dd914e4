import { setTimeout as waitFor } from "node:timers/promises";
import type { ApiClient } from "@holdfast/api-client/api-client";

const slowAfterMs = 5000;

/**
 * Calls `onSlow` once if the work lasts longer than 5 s. Without a response, it would end only by a timeout of minutes.
 */
export async function noticedIfSlow<Result>(
  work: () => Promise<Result>,
  onSlow: () => void,
  wait: (delayMs: number, signal: AbortSignal) => Promise<unknown> = (delayMs, signal) =>
    waitFor(delayMs, undefined, { signal }),
): Promise<Result> {
  const ended = new AbortController();
  void wait(slowAfterMs, ended.signal).then(onSlow, () => undefined);
  try {
    return await work();
  } finally {
    ended.abort();
  }
}

type Method = (name: string, request: Sent | undefined, ...rest: unknown[]) => Promise<unknown>;
interface Sent {
  readonly bytes?: unknown;
  readonly stream?: unknown;
}

/** Reports slow calls of a client, including their retries, except uploads, which take time to send. */
export function noticeSlowCalls(client: ApiClient, onSlow: () => void): ApiClient {
  for (const name of ["call", "open", "bytes"] as const) {
    const method = client[name].bind(client) as unknown as Method;
    const noticed: Method = (route, request, ...rest) => {
      const call = () => method(route, request, ...rest);
      return request?.bytes === undefined && request?.stream === undefined ? noticedIfSlow(call, onSlow) : call();
    };
    Reflect.set(client, name, noticed);
  }
  return client;
}
