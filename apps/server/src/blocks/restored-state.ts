import type { Kysely } from "kysely";
import { z } from "zod";
import type { CellTables } from "../db/cell-tables.ts";
import { readFact } from "./cell-facts.ts";

const schema = z.object({
  restored_at: z.iso.datetime(),
  /** The moment whose state was restored. */
  reached: z.iso.datetime(),
  /** The server before made backups by a schedule, which a restore removes. */
  had_schedule: z.boolean(),
});

/** The last restore of this database. It stays, since until the first backup it says where the data came from. */
export type RestoredState = z.output<typeof schema>;

export const restoredStateFact = "restored_state";

export async function readRestoredState(db: Kysely<CellTables>): Promise<RestoredState | undefined> {
  return schema.safeParse(await readFact(db, restoredStateFact)).data;
}
