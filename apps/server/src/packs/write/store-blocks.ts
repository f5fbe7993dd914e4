import { HoldfastError } from "@holdfast/core/errors";
import { fromHashHex } from "@holdfast/core/hash";
import { bucketOf, type HashHex, type SpaceId, type UserId } from "@holdfast/core/ids";
import type { Clock } from "@holdfast/core/clock";
import { limits } from "@holdfast/core/limits";
import { debtorsOf } from "@holdfast/object-store/two-stores";
import type { Shards } from "../../base/db/shards.ts";
import type { BlockCells } from "../cells/open-block-cells.ts";

import type { IncomingBlock } from "../format/incoming-block.ts";
import { type BlockPool, verifyInPool } from "../format/block-tasks.ts";
import type { ByteBudget } from "./byte-budget.ts";
import type { DiskReserve } from "./disk-reserve.ts";
import type { PackWriter } from "./pack-writer.ts";
import type { LeaveOut, Parcel } from "./parcel.ts";
import { fillSlabs, refusalError, type Slab, type SlabBlock, slabsOfPlaced, storedBytesIn } from "../format/slab.ts";
import { slabBytes, type SlabStock } from "../format/slab-stock.ts";
import { findStored } from "../index/block-rows.ts";
import { findHeld } from "../index/space-blocks.ts";
import type { StoringRoom } from "./storing-room.ts";

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

/**
 * @param leaveOut undefined: a wrong block fails the call, of which nothing is stored. The result must not show whether
 * the space has stored the hash of a wrong block
 */
export async function storeBlocks(
  ports: StorePorts,
  spaceId: SpaceId,
  uploader: UserId,
  incoming: readonly IncomingBlock[],
  leaveOut?: LeaveOut,
): Promise<void> {
  for (const block of incoming) assertShape(block);
  const sizeBytes = incoming.reduce((sum, { payload }) => sum + payload.length, 0);
  if (incoming.length === 0) return;
  await ports.budget.spend(sizeBytes, async () => {
    const refusals = new Map<HashHex, HoldfastError>();
    const collect: LeaveOut = leaveOut ?? ((hash, refusal) => refusals.set(hash, refusal));
    const { trusted, foreign } = slabsOf(ports.stock, incoming);
    const unverified = await chooseUnverified(ports, spaceId, foreign, trusted);
    const others = foreign.filter((slab) => !unverified.has(slab));
    const verified = [...trusted, ...(await verifyAll(ports, others, collect))];
    if (refusals.size > 0) {
      await verifyAll(ports, [...unverified], collect);
      throwFirst(incoming, refusals);
    }
    // After the verification, because the look-up records the sender, and a wrong block under a hash does not make its
    // sender an uploader.
    const taken = await findHeldOf(ports, spaceId, uploader, verified);
    const parcelOf = (slab: Slab): Parcel => ({ spaceId, uploader, slab });
    const proved = keepWanted(ports.stock, verified, taken).map(parcelOf);
    const bulk = keepWanted(ports.stock, [...unverified], taken);
    const refuse: LeaveOut = (hash, refusal) => {
      collect(hash, refusal);
      if (leaveOut === undefined) throw refusal;
    };
    let hasBegun = false;
    const onBegin = () => (hasBegun = true);
    try {
      await writeParcels(ports, [...proved, ...bulk.map((slab) => ({ ...parcelOf(slab), leaveOut: refuse }))], onBegin);
    } catch (error) {
      throwFirst(incoming, refusals);
      if (hasBegun || bulk.length === 0) throw error;
      // There is no room. If a block is wrong, that is the error, as for a call that was verified first.
      const checked = await verifyAll(ports, bulk, collect);
      throwFirst(incoming, refusals);
      const whole = checked.filter(({ blocks }) => blocks.length > 0).map(parcelOf);
      await writeParcels(ports, [...proved, ...whole], onBegin);
    }
  });
}

/** Names the first wrong block of the call, so that the error does not show which one was found first. */
function throwFirst(incoming: readonly IncomingBlock[], refusals: ReadonlyMap<HashHex, HoldfastError>): void {
  for (const { hash } of incoming) {
    const refusal = refusals.get(hash);
    if (refusal !== undefined) throw refusal;
  }
}

/** @param onBegin called when there is room for all of them */
async function writeParcels(ports: StorePorts, parcels: readonly Parcel[], onBegin: () => void): Promise<void> {
  const [first] = parcels;
  if (first === undefined) return;
  const { spaceId } = first;
  const blocks = parcels.flatMap(({ slab }) => slab.blocks);
  const sizes = new Map(blocks.map(({ hash, size }) => [hash, size]));
  const packedBytes = blocks.reduce((sum, { length }) => sum + length, 0);
  const write = () => {
    onBegin();
    return ports.writerOf(spaceId).write(parcels);
  };
  await ports.storing.spend(ports.shards.ofId(spaceId).db, spaceId, sizes, () =>
    ports.reserveFor(spaceId).spend(packedBytes, write),
  );
}

/** Blocks of this process's codec workers are correct. All others are foreign. */
function slabsOf(stock: SlabStock, incoming: readonly IncomingBlock[]): { trusted: Slab[]; foreign: Slab[] } {
  const foreign = incoming.filter(({ verified }) => !verified);
  const placed = foreign.filter((block) => block.placed === true);
  const others = foreign.filter((block) => block.placed !== true);
  const trusted = incoming.filter(({ verified }) => verified);
  return { trusted: fillSlabs(trusted, stock), foreign: [...slabsOfPlaced(placed), ...fillSlabs(others, stock)] };
}

/** Least bytes of a call that need not share its pack with other calls. */
const bulkBytesMin = 4 * 1024 * 1024;

/**
 * Returns large slabs whose uncompressed blocks appear once in the call, if none of the call is stored. The check of the
 * sealed pack verifies them, so that each byte is hashed once. A stored block is not sealed again, so it needs a
 * verification of its own as a proof that the sender has it. The call must fit into one pack, so that a wrong block
 * fails all of it.
 */
async function chooseUnverified(
  { shards }: StorePorts,
  spaceId: SpaceId,
  slabs: readonly Slab[],
  trusted: readonly Slab[],
): Promise<ReadonlySet<Slab>> {
  const all = [...slabs, ...trusted];
  const blocks = all.flatMap((slab) => slab.blocks);
  const raw = slabs.filter((slab) => storedBytesIn(slab) > slabBytes / 2 && slab.blocks.every(isRaw));
  const fitsPack = bytesOf(all) <= packContentBytesMax && blocks.length <= limits.packRecordsMax;
  if (bytesOf(raw) < bulkBytesMin || !fitsPack) return new Set();
  const hashes = new Set<HashHex>();
  const repeated = new Set<HashHex>();
  for (const { hash } of blocks) (hashes.has(hash) ? repeated : hashes).add(hash);
  // The look-up of stored blocks would record their sender before a wrong block fails the call.
  if ((await findStored(shards.ofId(spaceId).db, spaceId, [...hashes])).size > 0) return new Set();
  const chosen = raw.filter((slab) => !slab.blocks.some(({ hash }) => repeated.has(hash)));
  return new Set(bytesOf(chosen) < bulkBytesMin ? [] : chosen);
}

/** Leaves space for the header and the footer. */
const packContentBytesMax = limits.packBytesMax - 2 * 1024 * 1024;

function bytesOf(slabs: readonly Slab[]): number {
  return slabs.reduce((sum, slab) => sum + storedBytesIn(slab), 0);
}

function isRaw({ codec }: SlabBlock): boolean {
  return codec === "raw";
}

function verifyAll({ pool }: StorePorts, slabs: readonly Slab[], leaveOut: LeaveOut): Promise<Slab[]> {
  const verified = slabs.map(async ({ buffer, blocks }) => {
    const { slab, refusals } = await verifyInPool(pool, buffer, blocks);
    const refused = new Map(refusals.map((refusal) => [blocks[refusal.index], refusal]));
    for (const [block, refusal] of refused)
      if (block !== undefined) leaveOut(block.hash, refusalError(block.hash, refusal));
    return { buffer: slab, blocks: blocks.filter((block) => !refused.has(block)) };
  });
  return Promise.all(verified);
}

async function findHeldOf(
  { cells, shards, clock, unreferencedMs }: StorePorts,
  spaceId: SpaceId,
  uploader: UserId,
  slabs: readonly Slab[],
): Promise<Set<string>> {
  if (slabs.length === 0) return new Set();
  const hashes = [...new Set(slabs.flatMap(({ blocks }) => blocks.map(({ hash }) => hash)))].map(fromHashHex);
  const { db, store } = cells.of(bucketOf(spaceId));
  return findHeld(shards.ofId(spaceId).db, db, spaceId, hashes, {
    now: clock.nowMicros(),
    uploader,
    lifetimeMs: unreferencedMs,
    debtors: await debtorsOf(store),
  });
}

/** @param taken hashes of blocks that are left out; those of the result are added */
function keepWanted(stock: SlabStock, slabs: readonly Slab[], taken: Set<string>): Slab[] {
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
