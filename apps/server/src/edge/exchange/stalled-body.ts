import type { AdmittedWork } from "./admission.ts";
import type { RequestBody } from "./request-body.ts";

const checkMs = 100;

/** Ends the work while its client sends nothing: it must not keep a place from others. */
export function endWhileStalled(work: AdmittedWork, body: RequestBody): void {
  let receivedBytes = -1;
  const timer = setInterval(() => {
    const isStalled = body.receivedBytes === receivedBytes;
    if (isStalled) work.end();
    if (isStalled || body.readableEnded || body.destroyed) clearInterval(timer);
    receivedBytes = body.receivedBytes;
  }, checkMs);
  timer.unref();
}
