import { sql } from "kysely";
import type { ShardQueries } from "../../base/db/shard-tables.ts";

const fact = "retention_cut";

/**
 * Records the time from which the shard's trash and old versions are complete, before a retention run removes anything.
 * It only increases: versions removed under a shorter setting stay removed after the setting is raised.
 */
export async function raiseCut(db: ShardQueries, atMicros: number): Promise<void> {
  // Big-endian bytes sort like the numbers.
  await sql`
    insert into shard.server_facts as cut (name, value) values (${fact}, int8send(${Math.max(0, atMicros)}::int8))
    on conflict (name) do update set value = excluded.value where cut.value < excluded.value`.execute(db);
}

/** @returns microseconds since 1970; 0 if nothing was ever removed */
export async function readCut(reader: ShardQueries): Promise<number> {
  const { rows } = await sql<{ value: Buffer }>`
    select value from shard.server_facts where name = ${fact}`.execute(reader);
  return Number(rows[0]?.value.readBigInt64BE() ?? 0n);
}
