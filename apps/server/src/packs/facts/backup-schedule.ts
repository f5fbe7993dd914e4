import type { Kysely } from "kysely";
import { z } from "zod";
import { readFact, writeFact } from "./cell-facts.ts";
import type { CellTables } from "../../base/db/cell-tables.ts";

const schema = z.object({
  /** An absolute path, or `s3://…`. */
  place: z.string(),
  every_ms: z.int().positive(),
  /** Number of backups to keep; null: all. */
  keep: z.int().positive().nullable(),
});

export type BackupSchedule = z.output<typeof schema>;

/** Not restored: a restored server would write into the backups of the original. */
export const backupScheduleFact = "backup_schedule";

export async function noteBackupSchedule(db: Kysely<CellTables>, schedule: BackupSchedule | null): Promise<void> {
  await writeFact(db, backupScheduleFact, schedule);
}

export async function readBackupSchedule(db: Kysely<CellTables>): Promise<BackupSchedule | undefined> {
  return schema.safeParse(await readFact(db, backupScheduleFact)).data;
}
