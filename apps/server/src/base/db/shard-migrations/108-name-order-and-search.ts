import { foldName, nameSortKey } from "@holdfast/core/sort-key";
import { type Kysely, sql } from "kysely";
import { byteaArray, textArray, uuidArray } from "../array-parameters.ts";
import type { NodeRow } from "../shard-tables.ts";

/**
 * Why: people expect `file 2` before `file 10`, and search names by any part. Both need a form of the name that
 * PostgreSQL cannot derive like browsers, so it is stored. The extensions are part of PostgreSQL, and a database's
 * owner may create them.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql
    .raw(
      `
create extension if not exists pg_trgm;
create extension if not exists btree_gin;
alter table shard.nodes
  -- made by core/sort-key.ts, as browsers make it; compared as bytes
  add column sort_key bytea not null default '',
  -- the name without case and marks
  add column folded_name text collate "C" not null default '';
`,
    )
    .execute(db);
  await fillNames(db);
  await sql
    .raw(
      `
create index nodes_sort_key on shard.nodes (space_id, parent_id, sort_key, id) where trashed_at is null;
-- of one space, what has these letters in its name
create index nodes_folded_name on shard.nodes using gin (space_id, folded_name gin_trgm_ops) where trashed_at is null;
-- of one space, what changed last; as text, so that only who means this index gets it: while nothing is known of how many rows a
-- space has, the planner would take it for one as good as any to find a name in a folder
create index nodes_updated on shard.nodes ((space_id::text), updated_at desc, id desc) where trashed_at is null;
`,
    )
    .execute(db);
}

const rowsAtOnce = 5000;

/** In portions, by the primary key. */
async function fillNames(db: Kysely<unknown>): Promise<void> {
  type Row = Pick<NodeRow, "space_id" | "id" | "name" | "kind">;
  let last: Row | undefined;
  for (;;) {
    const after = last === undefined ? sql`` : sql`where (space_id, id) > (${last.space_id}::uuid, ${last.id}::uuid)`;
    const { rows } = await sql<Row>`
      select space_id, id, name, kind from shard.nodes ${after} order by space_id, id limit ${rowsAtOnce}`.execute(db);
    last = rows.at(-1);
    if (last === undefined) return;
    await sql`
      update shard.nodes n set sort_key = given.sort_key, folded_name = given.folded_name
      from unnest(${uuidArray(rows.map((row) => row.space_id))}, ${uuidArray(rows.map((row) => row.id))},
        ${byteaArray(rows.map((row) => nameSortKey(row.name, row.kind)))},
        ${textArray(rows.map((row) => foldName(row.name)))}) as given (space_id, id, sort_key, folded_name)
      where n.space_id = given.space_id and n.id = given.id`.execute(db);
  }
}
