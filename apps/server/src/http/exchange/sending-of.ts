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
    ifNoneMatch: request.headers["if-none-match"],
    acceptEncoding: request.headers["accept-encoding"],
    reader: pageReader(request.headers),
    requestId,
    baseHeaders,
    idleTimeoutMs: world.answerIdleTimeoutMs,
    stopping: world.stopping,
  };
}
