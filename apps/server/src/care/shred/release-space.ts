import { bucketOf } from "@holdfast/core/ids";
import { formatTime } from "@holdfast/core/times";
import { sql } from "kysely";
import { type ReleasedHolder, releaseHolders } from "../../packs/index/release-holders.ts";
import { storingMsMax } from "../../packs/write/storing-time.ts";
import type { ShreddingRow } from "../../base/db/shredding-tables.ts";
import type { ShredWorld } from "./shred-world.ts";

const holdersAtOnce = 1000;

/** New blocks cannot be acknowledged without the space's row, and pending packs are awaited. */
export async function releaseSpace(world: ShredWorld, row: ShreddingRow): Promise<string | undefined> {
  const { space_id: spaceId, asked_at } = row;
  await world.blocks.settled(spaceId);
  const settledAt = asked_at + storingMsMax * 1000;
  if (!world.alone && world.clock.nowMicros() < settledAt)
    return `uploads that other servers may still be storing, until ${formatTime(settledAt)}`;
  const cell = world.cells.of(bucketOf(spaceId));
  for (;;) {
    const { rows } = await sql<ReleasedHolder>`
      select hash, stamp from cell.holders where space_id = ${spaceId} order by hash limit ${holdersAtOnce}`.execute(
      cell.db,
    );
    if (rows.length === 0) return undefined;
    await releaseHolders(cell, spaceId, rows, world.clock.nowMicros());
  }
}
