import { isId, type UserId } from "@holdfast/core/ids";
import { sql } from "kysely";
import { uuidArray } from "../db/array-parameters.ts";
import type { Shards } from "../db/shards.ts";

/** Somebody as others are shown them: no address, and nothing else that is private. */
export interface Person {
  readonly id: string;
  readonly name: string;
}

/** For whoever did something by a link. What its maker calls the link is for those who may share. */
const linkName = "(link)";
/** For whoever did something and is not there any more. The id stays, so that two of them can be told apart. */
const goneName = "(deleted account or link)";

/**
 * Who these accounts are, wherever they lie: one statement a shard, by the primary key and by grants_grantee. Of every id that is asked there is an answer.
 * Whether the caller may know of somebody is for whoever asks: a name is shown beside what its bearer did and the caller may read.
 */
export async function namePeople(shards: Shards, ids: readonly string[]): Promise<(id: string) => Person> {
  const accounts = [...new Set(ids)].filter((id) => isId(id)) as UserId[];
  const byShard = Map.groupBy(accounts, (id) => shards.ofId(id));
  const found = await Promise.all(
    [...byShard].map(async ([{ db }, some]) => {
      const { rows } = await sql<Person>`
        select id, name from shard.users where id = any(${uuidArray(some)})
        union all
        select grantee_id, ${linkName} from shard.grants where grantee_id = any(${uuidArray(some)}) and kind = 'link'`.execute(
        db,
      );
      return rows;
    }),
  );
  const names = new Map(found.flat().map(({ id, name }) => [id, name]));
  return (id) => ({ id, name: names.get(id) ?? goneName });
}
