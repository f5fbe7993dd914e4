import { fail, type Finding, ok, warn } from "./finding.ts";

export interface Asked {
  readonly sentMs: number;
  readonly nowMs: number;
}

/** More than the second to which some stores round. */
const skewMsMax = 5_000;
/** S3 rejects requests whose signature is a quarter of an hour off. Tokens also end too early or too late. */
const skewMsBroken = 300_000;

/** @param theirsMs other clock's time between request and response */
export function judgeClock(machine: string, theirsMs: number, { sentMs, nowMs }: Asked): Finding {
  const skewMs = theirsMs < sentMs ? theirsMs - sentMs : Math.max(theirsMs - nowMs, 0);
  const by = Math.abs(skewMs) / 1000;
  if (by * 1000 <= skewMsMax) return ok("clock", `${machine} has the same time`);
  const detail = `${machine} is ${by.toFixed(0)} s ${skewMs < 0 ? "behind" : "ahead of"} this machine`;
  const advice = "Set both clocks with a time service (chrony, systemd-timesyncd).";
  return by * 1000 > skewMsBroken ? fail("clock", detail, advice) : warn("clock", detail, advice);
}
