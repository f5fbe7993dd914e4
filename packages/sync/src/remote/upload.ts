import { readPieces } from "@holdfast/codec/piece-table";
import { HoldfastError } from "@holdfast/core/errors";
import { sha256 } from "@holdfast/core/hash";
import type { HashHex } from "@holdfast/core/ids";
import { DiskChanged } from "../model/disk-changed.ts";
import { realPatches } from "../model/patches.ts";
import type { OutgoingBlock } from "@holdfast/sync-ports/ports";
import { isAsPlanned, type Proposal, type Range } from "./proposal.ts";
import type { SendContext } from "./send-context.ts";

/** Part of a large file in memory. Two exist at a time, one being read and one being sent. */
const windowBytesMax = 16 * 1024 * 1024;

/** The file must be unchanged since it was split. @throws DiskChanged */
export async function readBlocks(
  context: SendContext,
  proposal: Proposal,
  ranges: readonly Range[],
): Promise<readonly OutgoingBlock[]> {
  try {
    return await readPlanned(context, proposal, ranges);
  } catch (error) {
    // A disk error of one file does not affect the others.
    if (!(error instanceof HoldfastError)) throw error;
    throw new DiskChanged(proposal.path);
  }
}

/** A smaller growth is sent without asking for the free space, which wastes at most this much. */
const unaskedGrowthBytesMax = 4 * 1024 * 1024;

/**
 * Sends blocks ahead of their operation, with bounded memory.
 * @param advance called with the size of each part before it is sent; an error that it throws ends the sending
 * @throws DiskChanged
 * @throws HoldfastError quota before any block is sent, if the file does not fit
 */
export async function sendAhead(
  context: SendContext,
  proposal: Proposal,
  ranges: readonly Range[],
  advance?: (sizeBytes: number) => void,
): Promise<void> {
  const { growthBytes } = proposal;
  if (growthBytes > unaskedGrowthBytesMax) await context.server.missingBlocks([], proposal.into, growthBytes);
  let sending: Promise<void> = Promise.resolve();
  for (const window of windowsOf(ranges)) {
    const [blocks] = await Promise.all([readBlocks(context, proposal, window), sending]);
    advance?.(window.reduce((sum, { size }) => sum + size, 0));
    sending = context.server.putBlocks(blocks, proposal.into);
    // If the next read fails first, that error is reported.
    sending.catch(() => undefined);
  }
  await sending;
}

async function readPlanned(
  context: SendContext,
  proposal: Proposal,
  ranges: readonly Range[],
): Promise<readonly OutgoingBlock[]> {
  const { path, fingerprint } = proposal;
  const runs = [...runsOf(ranges)];
  const [only, another] = runs;
  if (only !== undefined && another === undefined && context.disk.readBetween !== undefined) {
    const { offset, sizeBytes } = extentOf(only);
    const { bytes, before, after } = await context.disk.readBetween(path, offset, sizeBytes);
    if (!isAsPlanned(before, fingerprint) || !isAsPlanned(after, fingerprint)) throw new DiskChanged(path);
    return blocksOf(context, proposal, only, bytes);
  }
  if (!isAsPlanned(await context.disk.stat(path), fingerprint)) throw new DiskChanged(path);
  const blocks: OutgoingBlock[] = [];
  for (const run of runs) blocks.push(...(await readRun(context, proposal, run)));
  if (ranges.length > 0 && !isAsPlanned(await context.disk.stat(path), fingerprint)) throw new DiskChanged(path);
  return blocks;
}

function* windowsOf(ranges: readonly Range[]): Generator<readonly Range[]> {
  let window: Range[] = [];
  let sizeBytes = 0;
  for (const range of ranges) {
    if (sizeBytes + range.size > windowBytesMax && window.length > 0) {
      yield window;
      [window, sizeBytes] = [[], 0];
    }
    window.push(range);
    sizeBytes += range.size;
  }
  if (window.length > 0) yield window;
}

/** Neighboring blocks are read in one call. */
function* runsOf(ranges: readonly Range[]): Generator<readonly Range[]> {
  for (let start = 0; start < ranges.length;) {
    let end = start + 1;
    for (; end < ranges.length; end += 1) {
      const before = ranges[end - 1];
      if (before === undefined || before.offset + before.size !== ranges[end]?.offset) break;
    }
    yield ranges.slice(start, end);
    start = end;
  }
}

async function readRun(context: SendContext, proposal: Proposal, run: readonly Range[]): Promise<OutgoingBlock[]> {
  const { offset, sizeBytes } = extentOf(run);
  return blocksOf(context, proposal, run, await context.disk.readAt(proposal.path, offset, sizeBytes));
}

function extentOf(run: readonly Range[]): { readonly offset: number; readonly sizeBytes: number } {
  return { offset: run[0]?.offset ?? 0, sizeBytes: run.reduce((sum, { size }) => sum + size, 0) };
}

function blocksOf(context: SendContext, proposal: Proposal, run: readonly Range[], bytes: Uint8Array): OutgoingBlock[] {
  const start = extentOf(run).offset;
  return run.map((range) => {
    const block = bytes.subarray(range.offset - start, range.offset - start + range.size);
    if (sha256(block) !== range.hash) throw new DiskChanged(proposal.path);
    return { hash: range.hash, bytes: block, patch: patchOf(context, proposal, range, block) };
  });
}

/** Encodes against the base block with the most common pieces, whose bytes are no longer on the disk. */
function patchOf(context: SendContext, proposal: Proposal, range: Range, next: Uint8Array): OutgoingBlock["patch"] {
  const { manifests } = context.state;
  const candidates = proposal.similar.get(range.hash) ?? [];
  const mine = candidates.length === 0 ? undefined : manifests.piecesOf({ ...proposal, position: range.position });
  if (mine === undefined) return undefined;
  const pieces = new Set(readPieces(mine).map(pieceKey));
  let best: { readonly base: HashHex; readonly table: Uint8Array; readonly sharedBytes: number } | undefined;
  for (const place of candidates) {
    const table = manifests.piecesOf(place);
    if (table === undefined) continue;
    const shared = readPieces(table).filter((piece) => pieces.has(pieceKey(piece)));
    const sharedBytes = shared.reduce((sum, { length }) => sum + length, 0);
    if (sharedBytes > (best?.sharedBytes ?? 0)) best = { base: place.hash, table, sharedBytes };
  }
  if (best === undefined) return undefined;
  const payload = encodePatch(context, best.table, next);
  return payload === undefined ? undefined : { base: best.base, payload };
}

/** undefined: no patch can be made */
function encodePatch(
  { patches, random }: SendContext,
  basePieces: Uint8Array,
  next: Uint8Array,
): Uint8Array | undefined {
  const { encode } = patches ?? realPatches;
  try {
    return encode({ basePieces, next, random });
  } catch {
    return undefined;
  }
}

function pieceKey({ crc, length }: { readonly crc: number; readonly length: number }): string {
  return `${crc} ${length}`;
}
