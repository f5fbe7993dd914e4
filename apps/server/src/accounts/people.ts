import { isId, type UserId } from "@holdfast/core/ids";
import type { PersonJson } from "@holdfast/protocol/values";
import { type Kysely, sql } from "kysely";
import { uuidArray } from "../db/array-parameters.ts";
import type { ShardTables } from "../db/shard-tables.ts";
import type { Shards } from "../db/shards.ts";

/** For whoever did something by a link. What its maker calls the link is for those who may share. */
const linkName = "(link)";
/** For whoever did something and is not there any more. The id stays, so that two of them can be told apart. */
const goneName = "(deleted account or link)";

/**
 * Who these are, wherever their accounts lie: one statement a shard. Of every id there is an answer. Whether the caller may know of
 * somebody is for whoever asks: a name is shown beside what its bearer did and the caller may read.
 */
export async function readPeople(shards: Shards, ids: Iterable<string>): Promise<(id: string) => PersonJson> {
  const accounts = new Set(ids).values().filter((id) => isId(id)) as IteratorObject<UserId>;
  const byShard = Map.groupBy(accounts, (id) => shards.ofId(id));
  const found = await Promise.all([...byShard].map(([{ db }, some]) => readNames(db, some)));
  const names = new Map(found.flat().map(({ id, name }) => [id, name]));
  return (id) => ({ id, name: names.get(id) ?? goneName });
}

/** Served by the primary key and by grants_grantee. */
async function readNames(db: Kysely<ShardTables>, ids: readonly UserId[]): Promise<PersonJson[]> {
  const { rows } = await sql<PersonJson>`
    select id, name from shard.users where id = any(${uuidArray(ids)})
    union all
    select grantee_id, ${linkName} from shard.grants where grantee_id = any(${uuidArray(ids)}) and kind = 'link'`.execute(
    db,
  );
  return rows;
}
