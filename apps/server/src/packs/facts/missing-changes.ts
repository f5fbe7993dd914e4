import { type Kysely, sql } from "kysely";
import { z } from "zod";
import type { CellTables } from "../../base/db/cell-tables.ts";
import { readFact, writeFact } from "./cell-facts.ts";

const schema = z.object({ noted_at: z.iso.datetime(), bytes: z.number() });

/** Log that a promoted standby of a shard lacks. */
export type MissingChanges = z.output<typeof schema>;

const factOf = (shard: string) => `missing_changes ${shard}`;

export async function noteMissingChanges(
  db: Kysely<CellTables>,
  shard: string,
  missing: MissingChanges,
): Promise<void> {
  await writeFact(db, factOf(shard), missing);
}

export async function readMissingChanges(db: Kysely<CellTables>, shard: string): Promise<MissingChanges | undefined> {
  return schema.safeParse(await readFact(db, factOf(shard))).data;
}

/** After the shard's epochs were renewed. */
export async function forgetMissingChanges(db: Kysely<CellTables>, shard: string): Promise<void> {
  await sql`delete from cell.facts where name = ${factOf(shard)}`.execute(db);
}
