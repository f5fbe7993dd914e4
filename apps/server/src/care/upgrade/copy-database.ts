import { Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import { HoldfastError } from "@holdfast/core/errors";
import pg from "pg";
import { from as copyFrom, to as copyTo } from "pg-copy-streams";
import type { StepProgress } from "../backup/step-progress.ts";
import type { Connection } from "../../base/db/database.ts";
import { type ClusterShape, readShape, type TableShape } from "./cluster-shape.ts";

export interface CopiedDatabase {
  readonly tables: number;
  readonly rows: number;
}

interface Copying {
  readonly from: Connection;
  /** Has the same tables, whose content is replaced. */
  readonly to: Connection;
  readonly at: (step: string) => void;
  readonly progress?: StepProgress | undefined;
}

/**
 * Copies one snapshot, and compares the result.
 * @throws HoldfastError failed if the tables or the results differ; then the target is unusable
 */
export async function copyDatabase({ from, to, at, progress }: Copying): Promise<CopiedDatabase> {
  await using source = await openClient(from);
  await using target = await openClient(to);
  await source.client.query("begin isolation level repeatable read read only");
  const shape = await readShape(source.client);
  assertSameShape(shape, await readShape(target.client));
  await target.client.query("begin");
  // Disables triggers and foreign keys, because the data already passed them.
  await target.client.query("set local session_replication_role = replica");
  const names = shape.tables.map(({ name }) => name);
  if (names.length > 0) await target.client.query(`truncate ${names.join(", ")}`);
  const bytes = shape.tables.reduce((sum, table) => sum + table.bytes, 0);
  progress?.begin("copying tables", { bytes });
  for (const table of shape.tables) await copyTable(source.client, target.client, table, progress);
  for (const { name, last } of shape.sequences)
    if (last !== null) await target.client.query("select setval($1::regclass, $2::int8)", [name, last]);
  at("copied");
  let rows = 0;
  progress?.begin("comparing tables", { bytes });
  for (const table of shape.tables) {
    rows += await compareTable(source.client, target.client, table.name);
    progress?.done(table.bytes);
  }
  assertSameSequences(shape, await readShape(target.client));
  await target.client.query("commit");
  at("compared");
  progress?.begin("collecting statistics of the new database");
  await target.client.query("analyze");
  return { tables: names.length, rows };
}

/** Dates and numbers have the same text in every version. */
async function openClient(connection: Connection) {
  const client = new pg.Client({ ...connection, application_name: "holdfast upgrade", statement_timeout: 0 });
  client.on("error", () => {});
  await client.connect();
  await client.query("set datestyle = 'ISO, MDY'; set intervalstyle = 'postgres'; set extra_float_digits = 1");
  return { client, [Symbol.asyncDispose]: () => client.end() };
}

/** Generated columns are computed again. */
async function copyTable(
  source: pg.Client,
  target: pg.Client,
  { name, columns, bytes }: TableShape,
  progress: StepProgress | undefined,
): Promise<void> {
  const stored = columns.filter(({ generated }) => !generated).map((column) => column.name);
  const what = `${name} (${stored.join(", ")})`;
  let leftBytes = bytes;
  // A copy may be longer than a compressed table, or shorter than one with gaps.
  const counted = new Transform({
    transform: (chunk: Uint8Array, _encoding, done) => {
      const countedBytes = Math.min(leftBytes, chunk.length);
      leftBytes -= countedBytes;
      progress?.done(countedBytes);
      done(null, chunk);
    },
  });
  await pipeline(
    source.query(copyTo(`copy ${what} to stdout (format binary)`)),
    counted,
    target.query(copyFrom(`copy ${what} from stdin (format binary)`)),
  );
  progress?.done(leftBytes);
}

/** Compares the number of rows and the sum of their texts' hashes in any order. @returns the number of rows */
async function compareTable(source: pg.Client, target: pg.Client, name: string): Promise<number> {
  const [before, after] = [await sumOf(source, name), await sumOf(target, name)];
  if (before.rows === after.rows && before.sum === after.sum) return Number(before.rows);
  throw new HoldfastError(
    "failed",
    `The table ${name} was not copied correctly (${before.rows} rows before, ${after.rows} after). The old database was not changed.`,
  );
}

async function sumOf(client: pg.Client, table: string): Promise<{ rows: string; sum: string }> {
  const { rows } = await client.query<{ rows: string; sum: string }>(`
    select count(*)::text as rows, coalesce(sum(hashtextextended(holdfast_row::text, 0)::numeric), 0)::text as sum
    from ${table} as holdfast_row`);
  return rows[0] ?? { rows: "0", sum: "0" };
}

function assertSameShape(from: ClusterShape, to: ClusterShape): void {
  const known = new Map(to.tables.map((table) => [table.name, JSON.stringify(table.columns)]));
  const strange = from.tables.filter(({ name }) => !known.has(name)).map(({ name }) => name);
  if (strange.length > 0) {
    throw new HoldfastError(
      "failed",
      `The database has tables that do not belong to Holdfast and that an upgrade would lose: ${strange.join(", ")}. Move them elsewhere.`,
    );
  }
  const there = new Map(from.tables.map((table) => [table.name, JSON.stringify(table.columns)]));
  const different = to.tables.filter(({ name }) => there.get(name) !== known.get(name)).map(({ name }) => name);
  if (different.length === 0) return;
  throw new HoldfastError(
    "failed",
    `The tables ${different.join(", ")} of the database differ from those that its migrations create. Nothing was changed.`,
  );
}

function assertSameSequences(from: ClusterShape, to: ClusterShape): void {
  if (JSON.stringify(from.sequences) === JSON.stringify(to.sequences)) return;
  throw new HoldfastError("failed", "The sequences were not copied correctly. The old database was not changed.");
}
