import type { Sending } from "./answer.ts";
import { pageReader } from "./page-reader.ts";
import type { Arrived, ExchangeWorld } from "./exchange-world.ts";

/** How the answer of a request goes out. */
export function sendingOf(
  world: ExchangeWorld,
  { request, response, requestId, baseHeaders }: Arrived,
  onMoved: () => void,
): Sending {
  return {
    onMoved,
    response,
    head: request.method === "HEAD",
    // For a change it is a precondition, and not about the answer.
    ifNoneMatch: ["GET", "HEAD"].includes(request.method ?? "") ? request.headers["if-none-match"] : undefined,
    acceptEncoding: request.headers["accept-encoding"],
    reader: pageReader(request.headers),
    requestId,
    baseHeaders,
    idleTimeoutMs: world.answerIdleTimeoutMs,
    stopping: world.stopping,
  };
}
