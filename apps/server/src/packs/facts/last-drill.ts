import type { Kysely } from "kysely";
import { z } from "zod";
import { readFact, writeFact } from "./cell-facts.ts";
import type { CellTables } from "../../base/db/cell-tables.ts";

const schema = z.object({
  tried_at: z.iso.datetime(),
  /** Time of the last completed drill, with or without problems; null: never. The following fields describe it. */
  done_at: z.iso.datetime().nullable(),
  backup: z.string().nullable(),
  recovery_seconds: z.number().nullable(),
  recovery_point_seconds: z.number().nullable(),
  packs: z.int(),
  /** Problems of the last attempted drill, at most `drillProblemsMax`, and their number. */
  problems: z.array(z.string()),
  problem_count: z.int(),
});

export type LastDrill = z.output<typeof schema>;

export const drillProblemsMax = 20;

/** Not restored: the drill tested another server's backups. */
export const lastDrillFact = "last_drill";

export async function noteDrill(db: Kysely<CellTables>, last: LastDrill): Promise<void> {
  await writeFact(db, lastDrillFact, last);
}

export async function readLastDrill(db: Kysely<CellTables>): Promise<LastDrill | undefined> {
  return schema.safeParse(await readFact(db, lastDrillFact)).data;
}
