import type { Kysely } from "kysely";
import { z } from "zod";
import { readFact, writeFact } from "./cell-facts.ts";
import type { CellTables } from "../../base/db/cell-tables.ts";

const schema = z.object({
  place: z.string(),
  place_id: z.string(),
  id: z.string(),
  consistent_at: z.iso.datetime(),
  /** Identifies the archive of the database's log at that place. */
  run: z.string(),
});

/** The newest complete backup and its place: a folder as an absolute path, or `s3://…`. */
export type LastBackup = z.output<typeof schema>;

/** Not restored: a restored server's backups are not those of the original. */
export const lastBackupFact = "last_backup";

export async function noteBackup(db: Kysely<CellTables>, last: LastBackup): Promise<void> {
  await writeFact(db, lastBackupFact, last);
}

export async function readLastBackup(db: Kysely<CellTables>): Promise<LastBackup | undefined> {
  return schema.safeParse(await readFact(db, lastBackupFact)).data;
}
