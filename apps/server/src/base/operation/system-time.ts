import { setTimeout as delay } from "node:timers/promises";
import type { Sleep } from "@holdfast/object-store/call-signal";

export const systemTime: { readonly monotonicMs: () => number; readonly sleep: Sleep } = {
  monotonicMs: () => performance.now(),
  sleep: (durationMs, signal) => delay(durationMs, undefined, signal === undefined ? {} : { signal }),
};
