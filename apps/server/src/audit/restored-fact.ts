import { type Kysely, sql } from "kysely";
import { z } from "zod";
import { readFact } from "../blocks/cell-facts.ts";
import type { CellTables } from "../db/cell-tables.ts";

/**
 * Left in the database by a restore, which has neither the keys nor a server to record that it happened: the server that starts
 * on the database does, before it serves anybody.
 */
export const restoredFact = "restored";

const schema = z.object({ restored_at: z.string(), host: z.string(), system_user: z.string() });
export type Restored = z.output<typeof schema>;

export async function readRestored(db: Kysely<CellTables>): Promise<Restored | undefined> {
  return schema.safeParse(await readFact(db, restoredFact)).data;
}

export async function forgetRestored(db: Kysely<CellTables>): Promise<void> {
  await sql`delete from cell.facts where name = ${restoredFact}`.execute(db);
}
