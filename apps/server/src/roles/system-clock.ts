import type { Clock } from "@holdfast/core/clock";

/** Maximum drift of the fine clock, which NTP never corrects. */
const driftMsMax = 2;
let offsetMs = performance.timeOrigin;

export const systemClock: Clock = {
  nowMs: () => Date.now(),
  nowMicros: () => {
    const wallMs = Date.now();
    if (Math.abs(offsetMs + performance.now() - wallMs) > driftMsMax) offsetMs = wallMs - performance.now();
    return Math.trunc((offsetMs + performance.now()) * 1000);
  },
};
