import type { IncomingMessage } from "node:http";
import type { AdmittedWork } from "./admission.ts";
import type { RequestBody } from "./request-body.ts";

const checkMs = 100;

/** Ends the work while its client sends nothing: it must not keep a place from others. */
export function endWhileStalled(
  work: Pick<AdmittedWork, "end">,
  body: Pick<RequestBody, "receivedBytes" | "destroyed">,
  request: Pick<IncomingMessage, "complete">,
): void {
  if (request.complete) return;
  let receivedBytes = -1;
  const timer = setInterval(() => {
    // A complete body may wait for its reader, which is work.
    const isOver = request.complete || body.destroyed;
    const isStalled = !isOver && body.receivedBytes === receivedBytes;
    if (isStalled) work.end();
    if (isOver || isStalled) clearInterval(timer);
    receivedBytes = body.receivedBytes;
  }, checkMs);
  timer.unref();
}
