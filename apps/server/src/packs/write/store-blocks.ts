import { HoldfastError } from "@holdfast/core/errors";
import { fromHashHex } from "@holdfast/core/hash";
import { bucketOf, type HashHex, type SpaceId, type UserId } from "@holdfast/core/ids";
import type { Clock } from "@holdfast/core/clock";
import { limits } from "@holdfast/core/limits";
import type { Shards } from "../../base/db/shards.ts";
import type { BlockCells } from "../cells/open-block-cells.ts";

import type { IncomingBlock } from "../format/incoming-block.ts";
import { type BlockPool, verifyInPool } from "../format/block-tasks.ts";
import type { ByteBudget } from "./byte-budget.ts";
import type { DiskReserve } from "./disk-reserve.ts";
import type { PackWriter } from "./pack-writer.ts";
import { fillSlabs, refusalError, type Slab, slabsOfPlaced } from "../format/slab.ts";
import type { SlabStock } from "../format/slab-stock.ts";
import { findHeld } from "../index/space-blocks.ts";
import type { StoringRoom } from "./storing-room.ts";

/** Called for each block that is not stored, with the reason. The others are stored. */
export type LeaveOut = (hash: HashHex, refusal: HoldfastError) => void;

export interface StorePorts {
  readonly cells: BlockCells;
  readonly shards: Shards;
  readonly pool: BlockPool;
  readonly stock: SlabStock;
  readonly clock: Clock;
  readonly budget: ByteBudget;
  readonly storing: StoringRoom;
  readonly unreferencedMs: number;
  readonly writerOf: (spaceId: SpaceId) => PackWriter;
  readonly reserveFor: (spaceId: SpaceId) => DiskReserve;
}

export async function storeBlocks(
  ports: StorePorts,
  spaceId: SpaceId,
  uploader: UserId,
  incoming: readonly IncomingBlock[],
  leaveOut: LeaveOut = refuseAll,
): Promise<void> {
  for (const block of incoming) assertShape(block);
  const sizeBytes = incoming.reduce((sum, { payload }) => sum + payload.length, 0);
  if (incoming.length === 0) return;
  await ports.budget.spend(sizeBytes, async () => {
    const slabs = await verifyAll(ports, incoming, leaveOut);
    // After the verification, because the look-up records the sender, and a wrong block under a hash does not make its
    // sender an uploader.
    const held = await findHeldOf(ports, spaceId, uploader, slabs);
    const wanted = keepWanted(ports.stock, slabs, held);
    const sizes = new Map(wanted.flatMap(({ blocks }) => blocks.map(({ hash, size }) => [hash, size] as const)));
    if (wanted.length === 0) return;
    const write = () => ports.writerOf(spaceId).write(wanted.map((slab) => ({ spaceId, uploader, slab })));
    const packedBytes = wanted.flatMap(({ blocks }) => blocks).reduce((sum, { length }) => sum + length, 0);
    await ports.storing.spend(ports.shards.ofId(spaceId).db, spaceId, sizes, () =>
      ports.reserveFor(spaceId).spend(packedBytes, write),
    );
  });
}

/** Blocks of this process's codec workers are correct. All others are verified by the same function. */
async function verifyAll(
  { pool, stock }: StorePorts,
  incoming: readonly IncomingBlock[],
  leaveOut: LeaveOut,
): Promise<Slab[]> {
  const known = fillSlabs(
    incoming.filter(({ verified }) => verified),
    stock,
  );
  const foreign = incoming.filter(({ verified }) => !verified);
  const slabs = [
    ...slabsOfPlaced(foreign.filter(({ placed }) => placed === true)),
    ...fillSlabs(
      foreign.filter(({ placed }) => placed !== true),
      stock,
    ),
  ];
  const unknown = slabs.map(async ({ buffer, blocks }) => {
    const { slab, refusals } = await verifyInPool(pool, buffer, blocks);
    const refused = new Map(refusals.map((refusal) => [blocks[refusal.index], refusal]));
    for (const [block, refusal] of refused)
      if (block !== undefined) leaveOut(block.hash, refusalError(block.hash, refusal));
    return { buffer: slab, blocks: blocks.filter((block) => !refused.has(block)) };
  });
  return [...known, ...(await Promise.all(unknown))];
}

function refuseAll(_hash: HashHex, refusal: HoldfastError): never {
  throw refusal;
}

function findHeldOf(
  { cells, shards, clock, unreferencedMs }: StorePorts,
  spaceId: SpaceId,
  uploader: UserId,
  slabs: readonly Slab[],
): Promise<Set<string>> {
  const hashes = [...new Set(slabs.flatMap(({ blocks }) => blocks.map(({ hash }) => hash)))].map(fromHashHex);
  const { db } = cells.of(bucketOf(spaceId));
  return findHeld(shards.ofId(spaceId).db, db, spaceId, hashes, {
    now: clock.nowMicros(),
    uploader,
    lifetimeMs: unreferencedMs,
  });
}

function keepWanted(stock: SlabStock, slabs: readonly Slab[], held: ReadonlySet<string>): Slab[] {
  const taken = new Set<string>(held);
  return slabs.flatMap(({ buffer, blocks }) => {
    const fresh = blocks.filter(({ hash }) => !taken.has(hash) && taken.add(hash) !== undefined);
    if (fresh.length === 0) stock.giveBack(buffer);
    return fresh.length === 0 ? [] : [{ buffer, blocks: fresh }];
  });
}

/** Impossible blocks could damage a pack irreversibly. */
function assertShape({ hash, sizeBytes, codec, payload, verified, placed }: IncomingBlock): void {
  if (verified && placed === true)
    throw new HoldfastError("internal", "A block with a location must come from outside.");
  const sizeFits = Number.isInteger(sizeBytes) && sizeBytes >= 1 && sizeBytes <= limits.blockBytesMax;
  const payloadFits =
    codec === "raw" ? payload.length === sizeBytes : payload.length >= 1 && payload.length < sizeBytes;
  if (sizeFits && payloadFits) return;
  throw new HoldfastError(
    "invalid_field",
    `Block ${hash} declares ${sizeBytes} bytes and contains ${payload.length} as ${codec}; a block has 1 to ${limits.blockBytesMax} bytes.`,
    { field: "frames" },
  );
}
