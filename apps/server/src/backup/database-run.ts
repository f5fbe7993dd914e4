import type { Random } from "@holdfast/core/clock";
import type { Kysely } from "kysely";
import { z } from "zod";
import { readFact, writeFact } from "../blocks/cell-facts.ts";
import type { CellTables } from "../db/cell-tables.ts";

const hex16 = z.string().regex(/^[0-9a-f]{16}$/);
const schema = z.object({
  /** Null from a restore until the restored database's first snapshot. */
  run: hex16.nullable(),
  /** What it goes on from, by restores: their snapshots are those of this database, too. */
  before: z.array(hex16),
});

/** Which run of a database this is: from one restore to the next its log is one. It stands in the database, and so is restored with it. */
export type DatabaseRun = z.output<typeof schema>;

export const databaseRunFact = "database_run";

/** How many restores are remembered: what is older has no snapshot any more. */
const beforeMax = 100;

export async function readDatabaseRun(db: Kysely<CellTables>): Promise<DatabaseRun> {
  return schema.safeParse(await readFact(db, databaseRunFact)).data ?? { run: null, before: [] };
}

/** Draws another one. @returns 16 hex digits */
export async function beginRun(db: Kysely<CellTables>, random: Random): Promise<string> {
  const known = await readDatabaseRun(db);
  const run = Buffer.from(random(8)).toString("hex");
  await writeFact(db, databaseRunFact, { run, before: beforeOf(known) });
  return run;
}

/** Of a database that was restored: what it writes is not to be taken for what the other one wrote. */
export function afterRestore(value: unknown): DatabaseRun {
  return { run: null, before: beforeOf(schema.safeParse(value).data ?? { run: null, before: [] }) };
}

function beforeOf({ run, before }: DatabaseRun): string[] {
  return [...(run === null ? [] : [run]), ...before].slice(0, beforeMax);
}
