import { hostname } from "node:os";
import type { Clock } from "@holdfast/core/clock";
import { HoldfastError } from "@holdfast/core/errors";
import { toBucket } from "@holdfast/core/ids";
import type { AuditLog } from "../audit/audit-log.ts";
import { expireAuditEntries } from "../audit/expire-entries.ts";
import { forwardEntries } from "../audit/forward-entries.ts";
import type { SyslogSender } from "../audit/syslog-sender.ts";
import type { Shards } from "../../base/db/shards.ts";
import type { Log } from "../../base/operation/log.ts";
import type { PeriodicJob } from "./periodic-jobs.ts";
import { often } from "./retention-jobs.ts";

export interface AuditJobParts {
  readonly shards: Shards;
  readonly clock: Clock;
  readonly key: Uint8Array;
  readonly audit: Pick<AuditLog, "recordDurably">;
  readonly auditMs: number;
  /** undefined: entries are not sent */
  readonly sender: SyslogSender | undefined;
  readonly onDropped: (count: number) => void;
  readonly log: Log;
}

const hourMs = 3600_000;
const forwardEveryMs = 1000;

export function auditJobs(parts: AuditJobParts): PeriodicJob[] {
  const expire: PeriodicJob = {
    name: "expire-audit",
    everyMs: often(hourMs, parts.auditMs),
    run: (signal) => expireAudit(parts, signal),
  };
  return parts.sender === undefined ? [expire] : [expire, forwardJob({ ...parts, sender: parts.sender })];
}

/** The removal itself becomes an entry. */
async function expireAudit({ shards, clock, key, audit, auditMs }: AuditJobParts, signal: AbortSignal): Promise<void> {
  const beforeMicros = clock.nowMicros() - auditMs * 1000;
  let count = 0;
  for (const shard of shards.all()) count += await expireAuditEntries(shard, { key, beforeMicros, signal });
  if (count === 0) return;
  const at = new Date(clock.nowMs()).toISOString();
  await audit.recordDurably({ bucket: toBucket(0), entry: { at, action: "audit.expire", result: "ok", count } });
}

/** Logs when the syslog server fails and when it is back, not every second. */
function forwardJob({ shards, sender, onDropped, log }: AuditJobParts & { sender: SyslogSender }): PeriodicJob {
  const source = { host: hostname(), pid: process.pid };
  let isAway = false;
  return {
    name: "forward-audit",
    everyMs: forwardEveryMs,
    run: async (signal) => {
      try {
        for (const shard of shards.all()) await forwardEntries(shard, { sender, source, onDropped, signal });
      } catch (error) {
        if (!(error instanceof HoldfastError) || error.code !== "unavailable") throw error;
        if (!isAway)
          log.warn(
            { reason: error.message },
            "the audit log is not forwarded at the moment; it continues later where it stopped",
          );
        isAway = true;
        return;
      }
      if (isAway) log.info({}, "the audit log is forwarded again");
      isAway = false;
    },
  };
}
