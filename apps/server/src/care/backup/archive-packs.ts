import type { Clock } from "@holdfast/core/clock";
import { sql } from "kysely";
import type { BlockCell } from "../../packs/cells/block-cell.ts";
import type { BlockPool } from "../../packs/format/block-tasks.ts";
import { type PackId, packKey } from "../../packs/format/pack-format.ts";
import type { BackupPlace } from "./backup-place.ts";
import { readPack } from "./read-pack.ts";

interface Ports {
  readonly cell: BlockCell;
  readonly place: Pick<BackupPlace, "store">;
  readonly pool: BlockPool;
  readonly clock: Clock;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Copies packs created since a time. The next backup reports damaged or missing ones.
 * @param sinceMs milliseconds since 1970
 */
export async function copyPacksSince({ cell, place, pool, clock, signal }: Ports, sinceMs: number): Promise<void> {
  const since = sinceMs * 1000 - marginMicros;
  const { rows } = await sql<{ id: PackId }>`
    select id from cell.packs where state <> 'doomed' and created_at >= ${since}::int8 order by created_at`.execute(
    cell.db,
  );
  for (const { id } of rows) {
    signal?.throwIfAborted();
    if ((await place.store.stat(packKey(id))) !== undefined) continue;
    const found = await readPack({ cell, pool, signal }, id, clock.nowMicros());
    if (found === undefined || "reason" in found || found.fault !== undefined) continue;
    await place.store.put(packKey(id), found.bytes);
  }
}

/** A pack is stored before its rows, and clocks of servers differ. */
const marginMicros = 600_000_000;
