import { sql } from "kysely";
import type { Shards } from "../../base/db/shards.ts";

export async function countSuspended(shards: Shards): Promise<number> {
  const counts = await Promise.all(
    shards
      .all()
      .map(({ db }) => sql<{ count: number }>`select count(*)::int8 as count from shard.suspensions`.execute(db)),
  );
  return counts.reduce((sum, { rows }) => sum + (rows[0]?.count ?? 0), 0);
}
