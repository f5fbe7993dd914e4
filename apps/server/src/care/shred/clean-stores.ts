import { bucketOf } from "@holdfast/core/ids";
import { sql } from "kysely";
import type { ShreddingRow } from "../../base/db/shredding-tables.ts";
import { beginLogFile, cleanLog } from "./clean-log.ts";
import { releaseSpace } from "./release-space.ts";
import { rewriteStores } from "./rewrite-stores.ts";
import type { ShredWorld } from "./shred-world.ts";

/** Removes copies of the data: second store, metadata snapshots and the database's log. */
export async function cleanStores(
  world: ShredWorld,
  row: ShreddingRow,
  signal: AbortSignal,
): Promise<string | undefined> {
  const { db } = world.cells.of(bucketOf(row.space_id));
  // A store operation may have run during the removal, in another process or before a crash.
  const { rows: late } = await sql`select from cell.holders where space_id = ${row.space_id} limit 1`.execute(db);
  const waitsFor =
    late.length === 0 ? undefined : ((await releaseSpace(world, row)) ?? (await rewriteStores(world, row, signal)));
  if (waitsFor !== undefined) return waitsFor;
  const { rows: owed } = await sql`select from cell.owed where deed = 'delete' limit 1`.execute(db);
  if (owed.length > 0) return "a store that is unavailable and still has objects to delete";
  const from = world.alone ? await beginLogFile(db) : undefined;
  await world.renewMetadata?.(signal);
  if (from === undefined || (await cleanLog(db, from, world.sleep, signal))) return undefined;
  return "the backup location, which is unavailable and still lacks part of the database's log";
}
