import type { Mended } from "../../tree/retention/retention-job.ts";
import type { Log } from "../../base/operation/log.ts";
import type { Metrics } from "../../base/operation/metrics.ts";

/** Should never happen. The log line is an error, so that somebody looks for the cause. */
export function reportMended(log: Log, metrics: Pick<Metrics, "countersMended">): (mended: Mended) => void {
  return ({ spaceId, of, count }) => {
    metrics.countersMended(count);
    log.error({ space_id: spaceId, of, count }, "reference counters were too low and were corrected; nothing was lost");
  };
}
