import { HoldfastError } from "@holdfast/core/errors";
import { bucketOf } from "@holdfast/core/ids";
import type { HashHex, SpaceId } from "@holdfast/core/ids";
import { assertWanted } from "@holdfast/object-store/call-signal";
import { findPlaces, findStored } from "./block-rows.ts";
import type { BlockPlace } from "./block-rows.ts";
import type { StoredBlock } from "./block-service.ts";
import { openRange, toBlock } from "./open-range.ts";
import type { Reader, ReadPorts } from "./open-range.ts";
import { choosePlace, cutBatches, planRanges } from "./read-plan.ts";
import type { PackRange } from "./read-plan.ts";
import { rescueBlock } from "./rescue-block.ts";

export interface ReadOptions {
  /** Decode: payloads are plain bytes and `codec` is raw. */
  readonly plain: boolean;
  readonly signal: AbortSignal | undefined;
}

/** See `BlockService.read`. Rows are looked up for a window of hashes at once; batches are read ahead of the reader. */
export async function* readBlocks(
  ports: ReadPorts,
  spaceId: SpaceId,
  hashes: readonly HashHex[],
  options: ReadOptions,
): AsyncGenerator<StoredBlock | undefined, void, undefined> {
  const leaving = new AbortController();
  const signal = options.signal === undefined ? leaving.signal : AbortSignal.any([options.signal, leaving.signal]);
  const reader = { ...ports, cell: ports.cells.of(bucketOf(spaceId)), spaceId, plain: options.plain, signal };
  try {
    for (let start = 0; start < hashes.length; start += windowHashes) {
      assertWanted(signal);
      const batches = cutBatches(await locate(reader, hashes.slice(start, start + windowHashes)));
      for await (const block of readAhead(batches.map((batch) => () => readBatch(reader, batch)))) {
        assertWanted(signal);
        yield block;
      }
    }
  } finally {
    leaving.abort();
  }
}

const windowHashes = 1000;
const batchesAhead = 3;

/** `place` is undefined for what the space does not hold, and where no copy is known to be whole. */
interface Wanted {
  readonly hash: HashHex;
  readonly stored: boolean;
  readonly place: BlockPlace | undefined;
}

async function locate({ cell, shards, spaceId }: Reader, hashes: readonly HashHex[]): Promise<Wanted[]> {
  const asked = [...new Set(hashes)];
  const stored = await findStored(shards.ofId(spaceId).db, spaceId, asked);
  const copies = stored.size === 0 ? new Map<HashHex, BlockPlace[]>() : await findPlaces(cell.db, [...stored]);
  let before: BlockPlace | undefined;
  return hashes.map((hash) => {
    const place = choosePlace(copies.get(hash) ?? [], before);
    before = place ?? before;
    return { hash, stored: stored.has(hash), place };
  });
}

/** Runs up to `batchesAhead` of the steps before their results are asked for, and yields all results in order. */
async function* readAhead<Item>(steps: readonly (() => Promise<Item[]>)[]): AsyncGenerator<Item, void, undefined> {
  const running: Promise<Item[]>[] = [];
  let next = 0;
  for (let done = 0; done < steps.length; done += 1) {
    for (; next < steps.length && next < done + batchesAhead; next += 1) {
      const step = steps[next]?.() ?? Promise.resolve([]);
      // It is awaited in its turn; until then its failure is not one that nobody handles.
      step.catch(() => {});
      running.push(step);
    }
    yield* (await running.shift()) ?? [];
  }
}

async function readBatch(reader: Reader, batch: readonly Wanted[]): Promise<(StoredBlock | undefined)[]> {
  const places = batch.map(({ place }) => place).filter((place) => place !== undefined);
  const opened = new Map<HashHex, Uint8Array>();
  await Promise.all(planRanges(places).map((range) => readRange(reader, range, opened)));
  const blocks: (StoredBlock | undefined)[] = [];
  for (const { hash, stored, place } of batch) {
    const payload = opened.get(hash);
    if (!stored) blocks.push(undefined);
    else if (place !== undefined && payload !== undefined) blocks.push(toBlock(reader, place, payload));
    else blocks.push(await rescueBlock(reader, hash));
  }
  return blocks;
}

/** What does not open, and a pack that is not there, is left out: `rescueBlock` looks closer. */
async function readRange(reader: Reader, range: PackRange, opened: Map<HashHex, Uint8Array>): Promise<void> {
  let payloads: readonly (Uint8Array | undefined)[];
  try {
    payloads = await openRange(reader, range);
  } catch (error) {
    if (error instanceof HoldfastError && (error.code === "not_found" || error.code === "range")) return;
    throw error;
  }
  for (const [index, { hash }] of range.places.entries()) {
    const payload = payloads[index];
    if (payload !== undefined) opened.set(hash, payload);
  }
}
