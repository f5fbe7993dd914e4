import type { Clock } from "@holdfast/core/clock";

/** How far the fine clock may run from the machine's before it is set again: the fine one is never corrected by NTP. */
const driftMsMax = 2;
let offsetMs = performance.timeOrigin;

/** The machine's time, to the microsecond. */
export const systemClock: Clock = {
  nowMs: () => Date.now(),
  nowMicros: () => {
    const wallMs = Date.now();
    if (Math.abs(offsetMs + performance.now() - wallMs) > driftMsMax) offsetMs = wallMs - performance.now();
    return Math.trunc((offsetMs + performance.now()) * 1000);
  },
};
