import { bucketOf } from "@holdfast/core/ids";
import type { HashHex, SpaceId } from "@holdfast/core/ids";
import { assertWanted } from "@holdfast/object-store/call-signal";
import { findPlaces, findStored } from "../index/block-rows.ts";
import type { BlockPlace } from "../index/block-rows.ts";
import type { StoredBlock } from "./stored-block.ts";
import type { Opened } from "../format/block-tasks.ts";
import { isUnread, openRangeIfThere, toBlock } from "./open-range.ts";
import type { Reader, ReadPorts } from "./open-range.ts";
import { batchBytes, choosePlace, cutBatches, planRanges } from "./read-plan.ts";
import type { PackRange } from "./read-plan.ts";
import type { Reading } from "./reading-room.ts";
import { findWholeCopy, rescueBlock } from "./rescue-block.ts";
import type { SlabStock } from "../format/slab-stock.ts";

export interface ReadOptions {
  readonly plain: boolean;
  readonly signal: AbortSignal | undefined;
  /** The caller no longer uses a payload, and has written it, when it requests the next. Its memory is then reused. */
  readonly passing: boolean;
  /** Limits memory: each batch waits for room before it is read. undefined: no limit. */
  readonly reading: Reading | undefined;
  readonly asOwner: boolean;
  /** Yields undefined for damaged blocks. Other errors still end the read. */
  readonly passesOver?: "damaged" | undefined;
}

/** See `BlockService.read`. Reads rows for a window of hashes at a time, and one batch ahead of the consumer. */
export async function* readBlocks(
  ports: ReadPorts & { readonly stock: SlabStock },
  spaceId: SpaceId,
  hashes: readonly HashHex[],
  options: ReadOptions,
): AsyncGenerator<StoredBlock | undefined, void, undefined> {
  const leaving = new AbortController();
  const signal = options.signal === undefined ? leaving.signal : AbortSignal.any([options.signal, leaving.signal]);
  const stock = options.passing ? ports.stock : undefined;
  const { plain, asOwner } = options;
  const reader = { ...ports, cell: ports.cells.of(bucketOf(spaceId)), spaceId, plain, asOwner, signal, stock };
  const held = new Set<() => void>();
  const take = async (sizeBytes: number) => (await options.reading?.take(sizeBytes)) ?? (() => {});
  const readInRoom = async (batch: readonly Wanted[], giveBack: () => void): Promise<Batch> => {
    const release = () => {
      giveBack();
      held.delete(release);
    };
    held.add(release);
    return { ...(await readBatch(reader, batch, options)), release };
  };
  const readAheadOf = (batch: readonly Wanted[] | undefined): Promise<Batch> | undefined => {
    const giveBack =
      batch === undefined || options.reading === undefined
        ? () => {}
        : options.reading.takeAhead(batchBytes(batch, options.plain));
    if (batch === undefined || giveBack === undefined) return undefined;
    const result = readInRoom(batch, giveBack);
    // Awaited later; a failure must not count as unhandled until then.
    result.catch(() => {});
    return result;
  };
  try {
    for (let start = 0; start < hashes.length; start += windowHashes) {
      assertWanted(signal);
      const batches = cutBatches(await locate(reader, hashes.slice(start, start + windowHashes)), options.plain);
      let ahead: Promise<Batch> | undefined;
      for (const [index, batch] of batches.entries()) {
        const current: Promise<Batch> = ahead ?? readInRoom(batch, await take(batchBytes(batch, options.plain)));
        ahead = readAheadOf(batches[index + 1]);
        const { blocks, memory, release } = await current;
        for (const block of blocks) {
          assertWanted(signal);
          yield block;
        }
        // Not reached if the consumer stopped early: it may still use the memory.
        for (const buffer of memory) stock?.giveBack(buffer);
        release();
      }
    }
  } finally {
    leaving.abort();
    for (const each of held) each();
  }
}

const windowHashes = 1000;

/** `place` is undefined if the space does not hold the block, or no copy is known to be whole. */
interface Wanted {
  readonly hash: HashHex;
  readonly stored: boolean;
  readonly place: BlockPlace | undefined;
}

async function locate({ cell, shards, spaceId }: Reader, hashes: readonly HashHex[]): Promise<Wanted[]> {
  const asked = [...new Set(hashes)];
  const stored = await findStored(shards.ofId(spaceId).db, spaceId, asked);
  const copies = stored.size === 0 ? new Map<HashHex, BlockPlace[]>() : await findPlaces(cell.db, spaceId, [...stored]);
  let before: BlockPlace | undefined;
  return hashes.map((hash) => {
    const place = choosePlace(copies.get(hash) ?? [], before);
    before = place ?? before;
    return { hash, stored: stored.has(hash), place };
  });
}

interface Batch extends BatchBytes {
  readonly release: () => void;
}

interface BatchBytes {
  readonly blocks: readonly (StoredBlock | undefined)[];
  /** All buffers with payloads, except those of rescued blocks. */
  readonly memory: ReadonlySet<ArrayBuffer>;
}

async function readBatch(
  reader: Reader,
  batch: readonly Wanted[],
  { passesOver }: Pick<ReadOptions, "passesOver">,
): Promise<BatchBytes> {
  const places = batch.map(({ place }) => place).filter((place) => place !== undefined);
  const opened = new Map<HashHex, Uint8Array>();
  const memory = new Set<ArrayBuffer>();
  await Promise.all(planRanges(places).map((range) => readRange(reader, range, opened, memory)));
  const blocks: (StoredBlock | undefined)[] = [];
  for (const { hash, stored, place } of batch) {
    const payload = opened.get(hash);
    if (!stored) blocks.push(undefined);
    else if (place !== undefined && payload !== undefined) blocks.push(toBlock(reader, place, payload));
    else blocks.push(await (passesOver === "damaged" ? findWholeCopy : rescueBlock)(reader, hash));
  }
  return { blocks, memory };
}

/** Leaves unreadable blocks to `rescueBlock`. */
async function readRange(
  reader: Reader,
  range: PackRange,
  opened: Map<HashHex, Uint8Array>,
  memory: Set<ArrayBuffer>,
): Promise<void> {
  const result = await openUnlessUnread(reader, range);
  if (result === undefined) return;
  const { payloads, bytes } = result;
  memory.add(bytes.buffer);
  for (const [index, { hash }] of range.places.entries()) {
    const payload = payloads[index];
    if (payload === undefined) continue;
    opened.set(hash, payload);
    memory.add(payload.buffer);
  }
}

async function openUnlessUnread(reader: Reader, range: PackRange): Promise<Opened | undefined> {
  try {
    return await openRangeIfThere(reader, range);
  } catch (error) {
    if (isUnread(error)) return undefined;
    throw error;
  }
}
