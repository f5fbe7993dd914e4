import { toBucket } from "@holdfast/core/ids";
import { sql } from "kysely";
import type { Shard, Shards } from "../../base/db/shards.ts";

export interface LdapRun {
  readonly tried_at: number;
  /** End of the last successful run. */
  readonly done_at: number | null;
  readonly problem: string | null;
}

/** @param problem undefined: the run succeeded */
export async function noteRun(shards: Shards, nowMicros: number, problem: string | undefined): Promise<void> {
  const doneAt = problem === undefined ? nowMicros : null;
  await sql`
    insert into shard.ldap_runs as r (id, tried_at, done_at, problem)
    values (1, ${nowMicros}, ${doneAt}::int8, ${problem ?? null}::text)
    on conflict (id) do update set tried_at = excluded.tried_at, problem = excluded.problem,
      done_at = coalesce(excluded.done_at, r.done_at)`.execute(shards.of(toBucket(0)).db);
}

/** @param shard the shard of bucket 0, which has the row */
export async function readRun({ db }: Pick<Shard, "db">): Promise<LdapRun | undefined> {
  const { rows } = await sql<LdapRun>`select tried_at, done_at, problem from shard.ldap_runs`.execute(db);
  return rows[0];
}
