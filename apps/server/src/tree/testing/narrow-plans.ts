import assert from "node:assert/strict";
import type pg from "pg";

export interface Statement {
  readonly text: string;
  readonly parameters: readonly unknown[];
}

export async function assertNarrow(pool: pg.Pool, statements: readonly Statement[]): Promise<void> {
  for (const statement of statements) {
    const plan = await explain(pool, statement);
    const wide = stepsOf(plan).filter(isWide);
    assert.deepEqual(wide, [], `${statement.text}\n${JSON.stringify(plan, undefined, 1)}`);
  }
}

/** With the given values and in the generic plan, key look-ups use a prefix of an index's columns without gaps. */
export async function assertByKeys(pool: pg.Pool, statements: readonly Statement[]): Promise<void> {
  const indexes = await readIndexes(pool);
  for (const statement of statements) {
    for (const plan of [await explain(pool, statement), await explainForAny(pool, statement)]) {
      const wide = stepsOf(plan).filter((step) => (isWide(step) && !isWhole(step, indexes)) || jumps(step, indexes));
      assert.deepEqual(wide, [], `${statement.text}\n${JSON.stringify(plan, undefined, 1)}`);
    }
  }
}

interface PlanStep {
  readonly "Node Type"?: string;
  readonly "Index Name"?: string;
  readonly "Index Cond"?: string;
  readonly Plans?: readonly PlanStep[];
}

function stepsOf(plan: PlanStep): PlanStep[] {
  return [plan, ...(plan.Plans ?? []).flatMap(stepsOf)];
}

function isWide(step: PlanStep): boolean {
  const wholeSpace = /^\(\w*\.?space_id = [^()]*\)$/.test(step["Index Cond"] ?? "");
  return step["Node Type"] === "Seq Scan" || wholeSpace;
}

/** Plans statements with the settings that apply under the space lock. */
async function explain(pool: pg.Pool, { text, parameters }: Statement): Promise<PlanStep> {
  const client = await pool.connect();
  try {
    await client.query("begin");
    if (!jobSelect.test(text))
      await client.query(
        "set local enable_seqscan = off; set local enable_hashjoin = off; set local enable_mergejoin = off",
      );
    const { rows } = await client.query<{ "QUERY PLAN": { Plan: PlanStep }[] }>(`explain (format json) ${text}`, [
      ...parameters,
    ]);
    await client.query("rollback");
    return rows[0]?.["QUERY PLAN"][0]?.Plan ?? {};
  } finally {
    client.release();
  }
}

/** Matches statements of jobs that run without the lock. */
const jobSelect =
  /order by (at|trashed_at|since|expires_at|purged_at|space_id, id) limit|j\.at <|^\s*delete from shard\.(operations|journal)/;

type Indexes = ReadonlyMap<string, readonly string[]>;

async function readIndexes(pool: pg.Pool): Promise<Indexes> {
  const { rows } = await pool.query<{ name: string; columns: string[] }>(`
    select c.relname::text as name, array_agg(a.attname::text order by a.attnum) as columns
    from pg_index i join pg_class c on c.oid = i.indexrelid join pg_attribute a on a.attrelid = c.oid
    join pg_namespace n on n.oid = c.relnamespace where n.nspname = 'shard' group by c.relname`);
  return new Map(rows.map(({ name, columns }) => [name, columns]));
}

function isWhole(step: PlanStep, indexes: Indexes): boolean {
  return indexes.get(step["Index Name"] ?? "")?.join() === "space_id";
}

/** Returns true if the condition skips a column of the index before a known one. */
function jumps(step: PlanStep, indexes: Indexes): boolean {
  const condition = step["Index Cond"];
  const columns = indexes.get(step["Index Name"] ?? "");
  if (condition === undefined || columns === undefined) return false;
  const known = columns.map((name) => new RegExp(`[( ](\\w+\\.)?${name}(,|\\)| [=<>]| IS )`).test(condition));
  return known.lastIndexOf(true) > known.filter(Boolean).length - 1;
}

async function explainForAny(pool: pg.Pool, { text }: Statement): Promise<PlanStep> {
  if (!text.endsWith("/* by keys alone */")) return {};
  const { rows } = await pool.query<{ "QUERY PLAN": { Plan: PlanStep }[] }>(
    `explain (generic_plan, format json) ${text}`,
  );
  return rows[0]?.["QUERY PLAN"][0]?.Plan ?? {};
}
