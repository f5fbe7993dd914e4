import type { Random } from "@holdfast/core/clock";
import type { Kysely } from "kysely";
import { z } from "zod";
import { readFact, writeFact } from "../../packs/facts/cell-facts.ts";
import type { CellTables } from "../../base/db/cell-tables.ts";

const hex16 = z.string().regex(/^[0-9a-f]{16}$/);
const schema = z.object({
  /** null from a restore to the first snapshot. */
  run: hex16.nullable(),
  /** Earlier runs of which this database was restored. Their snapshots also belong to it. */
  before: z.array(hex16),
});

/**
 * Identifies a run of a database: the time between two restores, during which its log is continuous. Stored in the
 * database, so it is restored with it.
 */
export type DatabaseRun = z.output<typeof schema>;

export const databaseRunFact = "database_run";

/** Older runs have no snapshots. */
const beforeMax = 100;

export async function readDatabaseRun(db: Kysely<CellTables>): Promise<DatabaseRun> {
  return schema.safeParse(await readFact(db, databaseRunFact)).data ?? { run: null, before: [] };
}

/** @returns 16 hex digits */
export async function beginRun(db: Kysely<CellTables>, random: Random): Promise<string> {
  const known = await readDatabaseRun(db);
  const run = Buffer.from(random(8)).toString("hex");
  await writeFact(db, databaseRunFact, { run, before: beforeOf(known) });
  return run;
}

/** After a restore, new snapshots must not be confused with those of the original. */
export function afterRestore(value: unknown): DatabaseRun {
  return { run: null, before: beforeOf(schema.safeParse(value).data ?? { run: null, before: [] }) };
}

function beforeOf({ run, before }: DatabaseRun): string[] {
  return [...(run === null ? [] : [run]), ...before].slice(0, beforeMax);
}
