import type { Sending } from "./answer.ts";
import { pageReader } from "./page-reader.ts";
import type { Arrived, ExchangeWorld } from "./exchange-world.ts";

export function sendingOf(
  world: ExchangeWorld,
  { request, response, requestId, baseHeaders }: Arrived,
  onMoved: () => void,
): Sending {
  return {
    onMoved,
    response,
    head: request.method === "HEAD",
    // For a change, the header is a precondition.
    ifNoneMatch: ["GET", "HEAD"].includes(request.method ?? "") ? request.headers["if-none-match"] : undefined,
    acceptEncoding: request.headers["accept-encoding"],
    reader: pageReader(request.headers),
    serverName: world.serverName,
    requestId,
    baseHeaders,
    idleTimeoutMs: world.answerIdleTimeoutMs,
    stopping: world.stopping,
  };
}
