import { randomBytes } from "node:crypto";
import { hostname } from "node:os";
import { resolve } from "node:path";
import { toBucket } from "@holdfast/core/ids";
import { nodeDisk } from "@holdfast/disk/node-disk";
import type { AuditVerificationJson } from "@holdfast/protocol/audit-routes";
import type { AccountWorld } from "../features/accounts/context/account-world.ts";
import type { AuditEntry } from "../care/audit/audit-entry.ts";
import { type AuditLog, openAuditLog } from "../care/audit/audit-log.ts";
import { readHeads, writeHeads } from "../care/audit/head-file.ts";
import { HeadKeeper } from "../care/audit/head-keeper.ts";
import { isThere } from "../care/audit/is-there.ts";
import { verifyAudit, type Witness } from "../care/audit/verify-audit.ts";
import { forgetRestored, readRestored } from "../care/audit/restored-fact.ts";
import { openSyslogSender } from "../care/audit/syslog-sender.ts";
import type { Config } from "../base/config/read-config.ts";
import { auditJobs } from "../care/jobs/audit-jobs.ts";
import type { PeriodicJob } from "../care/jobs/periodic-jobs.ts";
import type { Log } from "../base/operation/log.ts";
import type { Metrics } from "../base/operation/metrics.ts";
import type { Closers } from "./closers.ts";
import type { Storage } from "./open-storage.ts";
import { systemClock } from "./system-clock.ts";

export interface OpenedAudit {
  readonly audit: AuditLog;
  readonly verify: (witnesses: readonly Witness[]) => Promise<AuditVerificationJson>;
  readonly jobs: readonly PeriodicJob[];
}

export interface AuditParts {
  readonly accounts: Pick<AccountWorld, "shards" | "secrets">;
  readonly metrics: Pick<Metrics, "audited" | "auditDropped">;
  readonly log: Log;
  readonly version: string;
  readonly storage: Pick<Storage, "cells" | "databases">;
}

/** Begins with a start entry and ends with a stop entry. Without the latter, the server was killed. */
export async function openAudit(config: Config, parts: AuditParts, closers: Closers): Promise<OpenedAudit> {
  const { accounts, metrics, log, version, storage } = parts;
  const { shards } = storage.databases;
  const folder = resolve(config.dataFolder);
  const key = accounts.secrets.auditKey;
  const read = () => readHeads(nodeDisk, folder);
  const write = (heads: readonly Witness[]) => writeHeads(nodeDisk, folder, heads, randomBytes);
  const keeper = new HeadKeeper({ read, write, isThere: (witness) => isThere(shards, witness), log });
  const audit = openAuditLog({
    shards,
    clock: systemClock,
    key,
    log,
    onAppended: ({ id }, { seq, hash }, count) => {
      keeper.moved({ chain: id, seq, hash: hash.toString("hex") });
      metrics.audited(count);
    },
  });
  const detail = { host: hostname(), pid: process.pid, version };
  const own = (action: string, more: AuditEntry["detail"] = detail) => ({
    bucket: toBucket(0),
    entry: ownEntry(action, more),
  });
  closers.add("audit", async () => {
    await audit.close(own("server.stop"));
    await keeper.keep();
  });
  const target = config.auditSyslog;
  const sender = target === undefined ? undefined : openSyslogSender(target);
  closers.add("syslog", () => sender?.close());
  const { db } = storage.cells.of(toBucket(0));
  const restored = await readRestored(db);
  if (restored !== undefined) {
    await audit.recordDurably(own("server.restore", restored));
    await forgetRestored(db);
  }
  await audit.recordDurably(own("server.start"));
  const { auditMs } = config.retention;
  const ports = { shards, clock: systemClock, key, log, onDropped: metrics.auditDropped };
  return {
    audit,
    jobs: auditJobs({ ...ports, audit, auditMs, sender }),
    verify: async (witnesses) =>
      verifyAudit({ shards, clock: systemClock, key, witnesses: [...witnesses, ...(await read())] }),
  };
}

function ownEntry(action: string, detail: AuditEntry["detail"]): AuditEntry {
  return { at: new Date().toISOString(), action, result: "ok", detail };
}
