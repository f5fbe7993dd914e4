import type { Kysely } from "kysely";
import { z } from "zod";
import type { CellTables } from "../../base/db/cell-tables.ts";
import { readFact } from "./cell-facts.ts";

const schema = z.object({
  restored_at: z.iso.datetime(),
  /** The time whose state was restored. */
  reached: z.iso.datetime(),
  /** The original server had scheduled backups; a restore removes the schedule. */
  had_schedule: z.boolean(),
});

/** The last restore of this database. Until the first backup, it shows where the data came from. */
export type RestoredState = z.output<typeof schema>;

export const restoredStateFact = "restored_state";

export async function readRestoredState(db: Kysely<CellTables>): Promise<RestoredState | undefined> {
  return schema.safeParse(await readFact(db, restoredStateFact)).data;
}
