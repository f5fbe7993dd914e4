import { setTimeout as wait } from "node:timers/promises";
import type { Transport, TransportAnswer, TransportRequest } from "@holdfast/api-client/transport";
import { meteredTransport } from "@holdfast/remote-space/metered-transport";
import { RateLimit } from "@holdfast/remote-space/rate-limit";
import { systemClock } from "./connection.ts";

/** A transport without a rate limit has its own timeout. */
const answerTimeoutMs = 600_000;

export interface LimitedTraffic {
  sentBytes: number;
  receivedBytes: number;
  /** File contents: bodies that are not JSON. */
  contentBytes: number;
}

export function limitedTransport(transport: Transport, bytesPerSecond: number, traffic: LimitedTraffic): Transport {
  const pause = (delayMs: number, signal?: AbortSignal): Promise<unknown> =>
    wait(delayMs, undefined, signal === undefined ? {} : { signal });
  const newLimit = (): RateLimit => new RateLimit({ clock: systemClock, wait: pause, bytesPerSecond });
  return meteredTransport(countedTransport(transport, traffic), {
    traffic,
    up: newLimit(),
    down: newLimit(),
    closing: new AbortController().signal,
    wait: pause,
    answerTimeoutMs,
  });
}

/** Counts below the limit, where bodies arrive in small slices at its rate. */
function countedTransport(transport: Transport, traffic: LimitedTraffic): Transport {
  return {
    close: () => transport.close(),
    send: async (request) => {
      const answer = await transport.send({ ...request, body: countedBody(request, traffic) });
      const isContent = !isJson(answer.header("content-type"));
      return {
        status: answer.status,
        header: (name) => answer.header(name),
        body: isContent ? counted(answer.body, traffic) : answer.body,
      };
    },
  };
}

function countedBody({ body, headers }: TransportRequest, traffic: LimitedTraffic): TransportRequest["body"] {
  const isSliced = typeof body === "object" && Symbol.asyncIterator in body;
  return isSliced && !isJson(headers["content-type"]) ? counted(body, traffic) : body;
}

async function* counted(
  body: TransportAnswer["body"],
  traffic: LimitedTraffic,
): AsyncGenerator<Uint8Array, void, undefined> {
  for await (const slice of body) {
    traffic.contentBytes += slice.length;
    yield slice;
  }
}

function isJson(contentType: string | undefined): boolean {
  return contentType?.includes("json") === true;
}
