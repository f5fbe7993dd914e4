import { HoldfastError } from "@holdfast/core/errors";
import type { SpaceId } from "@holdfast/core/ids";
import type { ManifestEntry } from "@holdfast/core/manifest";
import { readBlocks } from "./read-blocks.ts";
import type { ReadPorts } from "./open-range.ts";
import type { Reading } from "./reading-room.ts";
import { damagedMessage } from "./rescue-block.ts";
import type { SlabStock } from "../format/slab-stock.ts";

export interface FileRange {
  readonly entries: readonly ManifestEntry[];
  readonly startByte: number;
  readonly endByte: number;
  readonly signal: AbortSignal | undefined;
  readonly passing: boolean;
  readonly reading: Reading | undefined;
  readonly asOwner: boolean;
}

/** @throws HoldfastError damaged for a block in the manifest that the space does not hold */
export async function* readFileRange(
  ports: ReadPorts & { readonly stock: SlabStock },
  spaceId: SpaceId,
  { entries, startByte, endByte, signal, passing, reading, asOwner }: FileRange,
): AsyncGenerator<Uint8Array, void, undefined> {
  const { first, last, offset } = findEntries(entries, startByte, endByte);
  const needed = startByte === endByte ? [] : entries.slice(first, last);
  let start = offset;
  let index = 0;
  for await (const block of readBlocks(
    ports,
    spaceId,
    needed.map(({ hash }) => hash),
    { plain: true, signal, passing, reading, asOwner },
  )) {
    const entry = needed[index];
    if (entry === undefined || block?.payload.length !== entry.size) throw notThere(entry);
    yield block.payload.subarray(Math.max(0, startByte - start), Math.min(entry.size, endByte - start));
    start += entry.size;
    index += 1;
  }
}

/** @returns index range of the touched entries, and the offset of the first */
function findEntries(
  entries: readonly ManifestEntry[],
  startByte: number,
  endByte: number,
): { first: number; last: number; offset: number } {
  let end = 0;
  let first = 0;
  let offset = 0;
  for (const [index, { size }] of entries.entries()) {
    if (end <= startByte) [first, offset] = [index, end];
    if (end >= endByte) return { first, last: index, offset };
    end += size;
  }
  if (startByte >= 0 && endByte <= end && startByte <= endByte) return { first, last: entries.length, offset };
  throw new HoldfastError("range", `The range ${startByte} to ${endByte} is outside the file, which has ${end} bytes.`);
}

function notThere(entry: ManifestEntry | undefined): HoldfastError {
  return new HoldfastError("damaged", damagedMessage, {
    body: entry === undefined ? {} : { hash: entry.hash, files: [] },
  });
}
