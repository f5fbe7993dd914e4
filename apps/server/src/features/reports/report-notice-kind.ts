import { isId, type ReportId } from "@holdfast/core/ids";
import { z } from "zod";
import { findAdministrators } from "../accounts/people/administrators.ts";
import { inTransaction } from "../../base/db/database.ts";
import type { Shard, Shards } from "../../base/db/shards.ts";
import { notify } from "../notifications/notify.ts";
import type { Kind } from "../../base/queue/kind.ts";
import { findReport } from "./list-reports.ts";

const payload = z.object({ report_id: z.custom<ReportId>((value) => typeof value === "string" && isId(value)) });

export interface ReportNoticeWorld {
  readonly shards: Shards;
  /** Called when a message of the shard is due. */
  readonly kick: (shard: Shard) => void;
}

/**
 * Notifies each administrator of a report. Reports of one link share an unread notification. A message without a report
 * is about an unknown link. A repeated message only counts a report twice.
 */
export function reportNoticeKind(world: ReportNoticeWorld): Kind<z.output<typeof payload>> {
  return {
    schema: payload,
    work: async ({ report_id: id }) => {
      const report = await findReport(world.shards, id);
      if (report === undefined || report.resolved_at !== null) return;
      const shard = world.shards.ofId(id);
      const administrators = await findAdministrators(world.shards);
      await inTransaction(shard.db, async (transaction) => {
        for (const userId of administrators) {
          await notify(transaction, {
            userId,
            kind: "report",
            actor: null,
            // Administrators need no access to the reported node.
            nodeId: null,
            atMicros: report.at,
            detail: { report_id: id, permission_id: report.link_id, reason: report.reason },
            gather: { key: `report ${report.link_id}`, nodeId: null },
          });
        }
      });
      world.kick(shard);
    },
  };
}
