import type { Kysely } from "kysely";
import { z } from "zod";
import { readFact, writeFact } from "./cell-facts.ts";
import type { CellTables } from "../db/cell-tables.ts";

const schema = z.object({
  place: z.string(),
  place_id: z.string(),
  id: z.string(),
  consistent_at: z.iso.datetime(),
  /** Names the archive of the database's log there. */
  run: z.string(),
});

/** The newest backup that came to its end, and where it lies: a folder as an absolute path, or `s3://…`. */
export type LastBackup = z.output<typeof schema>;

/** A restored database has none: what it writes is not to be taken for what the other one wrote. */
export const lastBackupFact = "last_backup";

export async function noteBackup(db: Kysely<CellTables>, last: LastBackup): Promise<void> {
  await writeFact(db, lastBackupFact, last);
}

export async function readLastBackup(db: Kysely<CellTables>): Promise<LastBackup | undefined> {
  return schema.safeParse(await readFact(db, lastBackupFact)).data;
}
