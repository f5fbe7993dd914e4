import { type Kysely, sql } from "kysely";
import { inTransaction } from "../../base/db/database.ts";
import type { ShardTables } from "../../base/db/shard-tables.ts";

/** SQL. The first 32 bits of a random UUID are random. */
export const newEpoch = "left(gen_random_uuid()::text, 8) || left(gen_random_uuid()::text, 8)";

/** Commits of a space wait for its portion. */
const portion = 1000;

/**
 * Gives each space of a shard a new epoch, so that cursors and commits of its former history are answered with `reset`.
 * Otherwise clients would treat items that a former primary lost as deleted. Spaces created meanwhile may keep theirs.
 * @returns number of spaces
 */
export async function renewEpochs(db: Kysely<ShardTables>): Promise<number> {
  let spaces = 0;
  let last = "00000000-0000-0000-0000-000000000000";
  for (;;) {
    const after = last;
    const renewed = await inTransaction(db, async (transaction) => {
      const { rows } = await sql<{ id: string }>`
        with portion as (select id from shard.spaces where id > ${after} order by id limit ${portion} for update)
        update shard.spaces s set epoch = ${sql.raw(newEpoch)} from portion where s.id = portion.id
        returning s.id`.execute(transaction);
      return rows.map(({ id }) => id);
    });
    if (renewed.length === 0) return spaces;
    spaces += renewed.length;
    last = renewed.reduce((highest, id) => (id > highest ? id : highest), after);
  }
}

export async function countSpaces(db: Kysely<ShardTables>): Promise<number> {
  const { rows } = await sql<{ spaces: number }>`select count(*) as spaces from shard.spaces`.execute(db);
  return rows[0]?.spaces ?? 0;
}
