import { isId, type UserId } from "@holdfast/core/ids";
import type { PersonJson } from "@holdfast/protocol/values";
import { sql } from "kysely";
import { uuidArray } from "../../../base/db/array-parameters.ts";
import type { ShardReads } from "../../../base/db/shard-tables.ts";
import type { ReadShards } from "../../../base/db/shards.ts";

/** Name of somebody who acted through a link. Only people who may share see the link's own name. */
const linkName = "(link)";
/** Name of a deleted account or link. The id stays, to distinguish two of them. */
const goneName = "(deleted account or link)";

/** One statement per shard; every id gets an answer. The caller checks that the reader may see their actions. */
export async function readPeople(shards: ReadShards, ids: Iterable<string>): Promise<(id: string) => PersonJson> {
  const accounts = new Set(ids).values().filter((id) => isId(id)) as IteratorObject<UserId>;
  const byShard = Map.groupBy(accounts, (id) => shards.ofId(id));
  const found = await Promise.all([...byShard].map(([{ db }, some]) => readNames(db, some)));
  const names = new Map(found.flat().map(({ id, name }) => [id, name]));
  return (id) => ({ id, name: names.get(id) ?? goneName });
}

/** Indexes: `grants_grantee`, primary key. */
async function readNames(db: ShardReads, ids: readonly UserId[]): Promise<PersonJson[]> {
  const { rows } = await sql<PersonJson>`
    select id, name from shard.users where id = any(${uuidArray(ids)})
    union all
    select grantee_id, ${linkName} from shard.grants where grantee_id = any(${uuidArray(ids)}) and kind = 'link'`.execute(
    db,
  );
  return rows;
}
