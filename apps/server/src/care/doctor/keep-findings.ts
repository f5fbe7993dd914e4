import { sql } from "kysely";
import { z } from "zod";
import type { ServerFindingRow } from "../../base/db/finding-tables.ts";
import type { ShardQueries } from "../../base/db/shard-tables.ts";
import { type ReportHistory, noReports } from "./heed-finding.ts";

const state = z.enum(["ok", "warn", "fail"]);
const count = z.int().min(0);
const historySchema = z.object({
  told: state,
  warns: count,
  fails: count,
  better: count,
  betterWorst: state,
  warnTold: count.nullable(),
  failTold: count.nullable(),
  flaps: z.boolean(),
}) satisfies z.ZodType<ReportHistory>;

export interface KeptFinding {
  readonly source: string;
  readonly check: string;
  readonly subject: string;
  readonly history: ReportHistory;
  /** Last reported text; empty: never reported. */
  readonly said: string;
}

/** Unreadable states of other versions count as new. */
export async function readFindings(db: ShardQueries): Promise<KeptFinding[]> {
  const rows = await db.selectFrom("shard.server_findings").selectAll().execute();
  return rows.map(({ source, check_name: check, subject, heeded, said }) => {
    return { source, check, subject, history: historySchema.safeParse(heeded).data ?? noReports, said };
  });
}

/** @returns time of the last run in microseconds since 1970; undefined: never */
export async function readLastRun(db: ShardQueries): Promise<number | undefined> {
  const { rows } = await sql<{ at: number | null }>`
    select max(looked_at) as at from shard.server_findings`.execute(db);
  return rows[0]?.at ?? undefined;
}

export async function writeFindings(
  transaction: ShardQueries,
  findings: readonly KeptFinding[],
  nowMicros: number,
): Promise<void> {
  await transaction.deleteFrom("shard.server_findings").execute();
  const rows = findings.map(({ check: check_name, history, ...rest }): ServerFindingRow => {
    return { ...rest, check_name, heeded: JSON.stringify(history), looked_at: nowMicros };
  });
  if (rows.length > 0) await transaction.insertInto("shard.server_findings").values(rows).execute();
}
