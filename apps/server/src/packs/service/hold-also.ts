import { HoldfastError } from "@holdfast/core/errors";
import { bucketOf, type HashHex, type SpaceId } from "@holdfast/core/ids";
import { limits } from "@holdfast/core/limits";
import { type Kysely, sql } from "kysely";
import { hashArray } from "../../base/db/array-parameters.ts";
import type { CellTables } from "../../base/db/cell-tables.ts";
import type { BlockService } from "./block-service.ts";
import type { IncomingBlock } from "../format/incoming-block.ts";
import type { AlsoHeld } from "../../tree/commit/hold-contents.ts";
import { insertSpaceBlocks, type SpaceBlock } from "../index/space-blocks.ts";
import type { StorePorts } from "../write/store-blocks.ts";
import { assertStoredInTime } from "../write/storing-time.ts";

type HoldPorts = Pick<StorePorts, "cells" | "shards" | "clock"> & Pick<BlockService, "read" | "store" | "held">;

export async function holdAlso(ports: HoldPorts, spaceId: SpaceId, also: AlsoHeld): Promise<void> {
  const { cells, shards, clock } = ports;
  if (also.blocks.size === 0) return;
  const cell = cells.of(bucketOf(spaceId));
  if (cells.of(bucketOf(also.from)) !== cell) return copyBytes(ports, spaceId, also);
  const now = clock.nowMicros();
  const startedMs = clock.nowMs();
  const blocks = await insertHolders(cell.db, spaceId, also, now);
  await insertSpaceBlocks(shards.ofId(spaceId).db, spaceId, also.uploader, blocks, now);
  assertStoredInTime(startedMs, clock.nowMs());
}

/**
 * Adds holders for the space. A holder keeps its block. The other space's holder is locked until the new one exists, so
 * at every moment some space holds the block. The rows of the space are added afterwards, as in a store.
 */
async function insertHolders(
  cell: Kysely<CellTables>,
  spaceId: SpaceId,
  { from, blocks }: AlsoHeld,
  now: number,
): Promise<SpaceBlock[]> {
  const { rows } = await sql<{ hash: Buffer; stamp: number }>`
    insert into cell.holders as known (hash, space_id, stamp, pack_id)
    select hash, ${spaceId}::uuid, ${now}::int8, pack_id from (
      select hash, pack_id from cell.holders
      where space_id = ${from} and hash = any(${hashArray([...blocks.keys()])}) order by hash for key share
    ) as source
    on conflict (hash, space_id) do update
      set stamp = greatest(known.stamp + 1, excluded.stamp), pack_id = coalesce(known.pack_id, excluded.pack_id)
    returning hash, stamp`.execute(cell);
  if (rows.length < blocks.size) throw notThere(blocks.size - rows.length);
  return rows.map(({ hash, stamp }) => ({
    hash,
    sizeBytes: blocks.get(hash.toString("hex") as HashHex) ?? 0,
    stamp,
  }));
}

async function copyBytes(ports: HoldPorts, spaceId: SpaceId, also: AlsoHeld): Promise<void> {
  const { from, uploader, owns, blocks } = also;
  const hashes = [...blocks.keys()];
  const held = owns ? await ports.held(spaceId, hashes) : new Set<HashHex>();
  const wanted = hashes.filter((hash) => !held.has(hash));
  let batch: IncomingBlock[] = [];
  let batchBytes = 0;
  for await (const block of ports.read(from, wanted)) {
    if (block === undefined) throw notThere(1);
    batch.push({ ...block, verified: false });
    batchBytes += block.payload.length;
    if (batchBytes < limits.packBytesTarget) continue;
    await ports.store(spaceId, uploader, batch);
    [batch, batchBytes] = [[], 0];
  }
  await ports.store(spaceId, uploader, batch);
}

function notThere(count: number): HoldfastError {
  return new HoldfastError("unavailable", `${count} of the blocks are not in the block index. Try again later.`);
}
