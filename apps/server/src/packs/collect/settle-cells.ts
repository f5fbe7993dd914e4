import type { Clock } from "@holdfast/core/clock";
import { assertWanted } from "@holdfast/object-store/call-signal";
import type { Shards } from "../../base/db/shards.ts";
import type { BlockCells } from "../cells/open-block-cells.ts";
import type { BlockLog } from "../facts/block-log.ts";
import { isIndexComplete } from "../facts/cell-facts.ts";
import { restoreHolders } from "../index/restore-holders.ts";
import { settleCopies } from "../index/settle-copies.ts";
import { strandedMsMin } from "../write/storing-time.ts";
import { whileCollecting } from "../facts/collection-lock.ts";
import { releaseUnknown } from "./release-unknown.ts";

export interface SettlePorts {
  readonly cells: BlockCells;
  readonly shards: Shards;
  readonly clock: Clock;
  readonly log: BlockLog;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Compares the holders of all cells with what the spaces have stored, and the copies with their holders. Normally only
 * a crash between cell and shard leaves a difference. Other defects are found here too, days before a block would be
 * deleted.
 */
export async function settleCells({ cells, shards, clock, log, signal }: SettlePorts): Promise<void> {
  for (const shard of shards.all()) await restoreHolders(cells, shard, clock.nowMicros(), () => assertWanted(signal));
  for (const cell of cells.all()) {
    const nowMicros = clock.nowMicros();
    const released = await releaseUnknown(
      { cell, shards, log, signal },
      { before: nowMicros - strandedMsMin * 1000, nowMicros },
    );
    if (released > 0) log.info({ released }, "references without a file in their space were released");
    await settleCopies(cell.db, {
      nowMicros,
      damagedBefore: nowMicros - damagedMs * 1000,
      signal,
      inStep: (work) => whileCollecting(cell.db, isIndexComplete, work),
    });
  }
}

/** A disk that returns within this time costs no space its own copy. */
const damagedMs = 7 * 24 * 3600_000;
