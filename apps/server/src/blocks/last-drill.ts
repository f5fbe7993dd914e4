import type { Kysely } from "kysely";
import { z } from "zod";
import { readFact, writeFact } from "./cell-facts.ts";
import type { CellTables } from "../db/cell-tables.ts";

const schema = z.object({
  tried_at: z.iso.datetime(),
  /** When one last came to its end, with problems or without; null: never. What follows is of that one. */
  done_at: z.iso.datetime().nullable(),
  backup: z.string().nullable(),
  recovery_seconds: z.number().nullable(),
  recovery_point_seconds: z.number().nullable(),
  packs: z.int(),
  /** Of the last that was tried, in words; at most `drillProblemsMax`, and how many there were. */
  problems: z.array(z.string()),
  problem_count: z.int(),
});

/** What came of restoring the newest backup for the sake of seeing it done, by the server itself. */
export type LastDrill = z.output<typeof schema>;

export const drillProblemsMax = 20;

/** A restored database has none: it was not this server's backups that were tried. */
export const lastDrillFact = "last_drill";

export async function noteDrill(db: Kysely<CellTables>, last: LastDrill): Promise<void> {
  await writeFact(db, lastDrillFact, last);
}

export async function readLastDrill(db: Kysely<CellTables>): Promise<LastDrill | undefined> {
  return schema.safeParse(await readFact(db, lastDrillFact)).data;
}
