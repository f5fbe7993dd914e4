import type { Kysely } from "kysely";
import { z } from "zod";
import { readFact, writeFact } from "./cell-facts.ts";
import type { CellTables } from "../db/cell-tables.ts";

const schema = z.object({
  /** A folder as an absolute path, or `s3://…`. */
  place: z.string(),
  every_ms: z.int().positive(),
  /** How many backups stay; null is all. */
  keep: z.int().positive().nullable(),
});

/** That the server backs itself up, where and how often. */
export type BackupSchedule = z.output<typeof schema>;

/** A restored database has none: it would write into the backups of the server that it came from. */
export const backupScheduleFact = "backup_schedule";

/** @param schedule null: no more */
export async function noteBackupSchedule(db: Kysely<CellTables>, schedule: BackupSchedule | null): Promise<void> {
  await writeFact(db, backupScheduleFact, schedule);
}

export async function readBackupSchedule(db: Kysely<CellTables>): Promise<BackupSchedule | undefined> {
  return schema.safeParse(await readFact(db, backupScheduleFact)).data;
}
