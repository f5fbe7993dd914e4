import { parseTime } from "@holdfast/core/times";
import type { AuditVerificationJson } from "@holdfast/protocol/audit-routes";
import { listAuditEntries } from "../../care/audit/list-entries.ts";
import type { Witness } from "../../care/audit/verify-audit.ts";
import type { Shards } from "../../base/db/shards.ts";
import type { Handlers } from "../exchange/handler.ts";

export interface AuditCare {
  readonly shards: Shards;
  readonly verify: (witnesses: readonly Witness[]) => Promise<AuditVerificationJson>;
}

export function auditHandlers({ shards, verify }: AuditCare) {
  return {
    adminListAudit: async ({ query: { from, to, newest, limit, cursor } }) => ({
      status: 200,
      json: await listAuditEntries(shards, {
        fromMicros: from === undefined ? undefined : parseTime(from, "from"),
        toMicros: to === undefined ? undefined : parseTime(to, "to"),
        newestFirst: newest === "true",
        limit,
        cursor,
      }),
    }),
    adminVerifyAudit: async ({ body }) => ({ status: 200, json: await verify(body.known ?? []) }),
  } satisfies Handlers;
}
