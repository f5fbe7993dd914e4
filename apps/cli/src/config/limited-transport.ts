import { setTimeout as wait } from "node:timers/promises";
import type { Transport } from "@holdfast/api-client/transport";
import { meteredTransport } from "@holdfast/remote-space/metered-transport";
import { RateLimit } from "@holdfast/remote-space/rate-limit";
import { systemClock } from "./connection.ts";

/** As long as a server may take over what it was asked; a transport without a limit has its own patience. */
const answerTimeoutMs = 600_000;

/** Holds what goes over it to a rate, in either direction. */
export function limitedTransport(transport: Transport, bytesPerSecond: number): Transport {
  const pause = (delayMs: number, signal?: AbortSignal): Promise<unknown> =>
    wait(delayMs, undefined, signal === undefined ? {} : { signal });
  const newLimit = (): RateLimit => new RateLimit({ clock: systemClock, wait: pause, bytesPerSecond });
  return meteredTransport(transport, {
    traffic: { sentBytes: 0, receivedBytes: 0 },
    up: newLimit(),
    down: newLimit(),
    closing: new AbortController().signal,
    wait: pause,
    answerTimeoutMs,
  });
}
