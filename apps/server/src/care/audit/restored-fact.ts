import { type Kysely, sql } from "kysely";
import { z } from "zod";
import { readFact } from "../../packs/facts/cell-facts.ts";
import type { CellTables } from "../../base/db/cell-tables.ts";

/**
 * A restore leaves this mark, because it has no keys to audit itself. The server records the restore at its next start,
 * before it serves requests.
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
