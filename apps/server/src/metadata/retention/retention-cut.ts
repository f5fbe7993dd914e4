import { sql } from "kysely";
import type { ShardReader } from "../../db/shard-tables.ts";

const fact = "retention_cut";

/**
 * Records, before a retention run removes anything, the moment from which on the shard's trash and old versions are complete. It never goes
 * back: after a setting is raised, what shorter settings removed stays removed.
 */
export async function raiseCut(db: ShardReader, atMicros: number): Promise<void> {
  // As big-endian bytes, which compare as the numbers do.
  await sql`
    insert into shard.server_facts as cut (name, value) values (${fact}, int8send(${Math.max(0, atMicros)}::int8))
    on conflict (name) do update set value = excluded.value where cut.value < excluded.value`.execute(db);
}

/** @returns in microseconds since 1970; 0 if no retention run has removed anything. By the primary key. */
export async function readCut(reader: ShardReader): Promise<number> {
  const { rows } = await sql<{ value: Buffer }>`
    select value from shard.server_facts where name = ${fact}`.execute(reader);
  return Number(rows[0]?.value.readBigInt64BE() ?? 0n);
}
