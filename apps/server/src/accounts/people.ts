import type { UserId } from "@holdfast/core/ids";
import type { PersonJson } from "@holdfast/protocol/comment-routes";
import { type Kysely, sql } from "kysely";
import { uuidArray } from "../db/array-parameters.ts";
import type { UserRow } from "../db/account-tables.ts";
import type { ShardTables } from "../db/shard-tables.ts";
import type { Shards } from "../db/shards.ts";

/** Names of people by their ids, wherever their accounts lie: one statement a shard. Whoever is gone has an empty name. */
export async function readPeople(shards: Shards, ids: Iterable<UserId>): Promise<(id: UserId) => PersonJson> {
  const byShard = Map.groupBy(new Set(ids), (id) => shards.ofId(id));
  const names = new Map<UserId, string>();
  for (const [{ db }, some] of byShard) for (const { id, name } of await readNames(db, some)) names.set(id, name);
  return (id) => ({ id, name: names.get(id) ?? "" });
}

async function readNames(db: Kysely<ShardTables>, ids: readonly UserId[]): Promise<Pick<UserRow, "id" | "name">[]> {
  // Served by the primary key.
  const { rows } = await sql<Pick<UserRow, "id" | "name">>`
    select id, name from shard.users where id = any(${uuidArray(ids)})`.execute(db);
  return rows;
}
