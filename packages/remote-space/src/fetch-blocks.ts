import type { ApiClient } from "@holdfast/api-client/api-client";
import { fetchBlocksUntilBreak, type FetchItem, fetchRestOfBlock } from "@holdfast/api-client/block-transfer";
import { type OpenedFrame, openWindow, type PlacedFrame } from "@holdfast/codec/open-window";
import type { CodecPool } from "@holdfast/codec/pool";
import { buffersOf } from "@holdfast/codec/task";
import { HoldfastError } from "@holdfast/core/errors";
import type { HashHex } from "@holdfast/core/ids";
import { limits } from "@holdfast/core/limits";
import { readAhead } from "@holdfast/core/read-ahead";
import { findCutFrame, findFrames, frameHeaderBytes, type FramePlace } from "@holdfast/protocol/frames";
import type { ArrivedBlock, WantedBlock } from "@holdfast/sync-ports/ports";
import { type RequestMemory, ReusedWindows } from "./reused-windows.ts";
import { windowsOf } from "./windows.ts";

export interface FetchingParts {
  readonly client: ApiClient;
  readonly pool: CodecPool;
}

interface RequestParts extends FetchingParts {
  readonly memory: RequestMemory;
}

/** Plain bytes of one request. */
const windowBytes = 8 * 1024 * 1024;
/** Requests pending or unread, in addition to the current one. */
const windowsAhead = 2;

/** See `Server.fetchBlocks`. Memory holds at most three windows, and those with blocks that are not released. */
export async function* fetchBlocks(
  parts: FetchingParts,
  wanted: readonly WantedBlock[],
): AsyncGenerator<ArrivedBlock, void, undefined> {
  const bounds = {
    bytesMax: windowBytes,
    countMax: limits.fetchHashesMax,
    bytesOf: (block: WantedBlock) => block.sizeBytes,
  };
  const leaving = new AbortController();
  const windows = windowsOf(wanted, bounds);
  const reused = new ReusedWindows(windows.reduce((most, window) => Math.max(most, bodyBytesMax(window)), 0));
  const steps = windows.map((window) => async () => {
    const memory = reused.ofRequest();
    const plain = await fetchWindow({ ...parts, memory }, window, leaving.signal);
    return { memory, blocks: window.map(({ hash }) => plain.get(hash) ?? absent(hash)) };
  });
  try {
    for await (const { memory, blocks } of readAhead(steps, windowsAhead)) yield* memory.releasable(blocks);
  } finally {
    leaving.abort(new HoldfastError("failed", "These blocks are no longer needed."));
  }
}

function bodyBytesMax(wanted: readonly WantedBlock[]): number {
  return wanted.reduce((sum, { sizeBytes }) => sum + sizeBytes + frameHeaderBytes, 0);
}

/** If the server lacks several blocks, only the first has the exact reason. */
type Plain = Map<HashHex, ArrivedBlock | HoldfastError>;

async function fetchWindow(parts: RequestParts, wanted: readonly WantedBlock[], signal: AbortSignal): Promise<Plain> {
  const distinct = [...new Map(wanted.map((block) => [block.hash, block])).values()];
  const arrived = await fetchOnce(parts, distinct, signal);
  // These blocks are fetched whole: a patch may not match the local base, or bytes were corrupted.
  const again = distinct.filter(({ hash }) => !arrived.has(hash)).map(withoutBase);
  for (const [hash, block] of again.length === 0 ? [] : await fetchOnce(parts, again, signal)) arrived.set(hash, block);
  for (const block of distinct) {
    const came = arrived.get(block.hash) ?? damagedTwice(block.hash);
    const found = isAbsent(came) ? await fetchAlone(parts, block, signal) : came;
    arrived.set(block.hash, found);
    if (found instanceof HoldfastError) break;
  }
  return arrived;
}

function isAbsent(came: ArrivedBlock | HoldfastError): boolean {
  return came instanceof HoldfastError && came.code === "not_found";
}

function withoutBase({ hash, sizeBytes, versionId, wantsPieces = false }: WantedBlock): WantedBlock {
  return { hash, sizeBytes, versionId, wantsPieces };
}

/** Gets the exact error. In a batch, a lost block looks like an inaccessible one. */
async function fetchAlone(
  parts: RequestParts,
  block: WantedBlock,
  signal: AbortSignal,
): Promise<ArrivedBlock | HoldfastError> {
  try {
    const came = await fetchOnce(parts, [withoutBase(block)], signal);
    return came.get(block.hash) ?? damagedTwice(block.hash);
  } catch (thrown) {
    if (thrown instanceof HoldfastError && thrown.code === "damaged") return thrown;
    throw thrown;
  }
}

function damagedTwice(hash: HashHex): HoldfastError {
  return new HoldfastError("hash_mismatch", `Block ${hash} was damaged in transit twice.`, { body: { hash } });
}

/** After this many consecutive breaks without progress, the connection is unusable. */
const barrenBreaksMax = 3;

/**
 * Keeps complete blocks of a broken connection and requests only the rest. Otherwise a connection that always breaks
 * within a window would repeat the same bytes forever.
 * @returns blocks without corrupted ones; `not_found` for missing ones
 */
async function fetchOnce(parts: RequestParts, wanted: readonly WantedBlock[], signal: AbortSignal): Promise<Plain> {
  const arrived: Plain = new Map();
  let barrenBreaks = 0;
  for (let rest = wanted; rest.length > 0;) {
    const { window, frames, failure, begun } = await fetchFrames(parts, rest, signal);
    const frameOf = new Map(frames.map((frame) => [frame.hash, frame]));
    const came = failure === undefined ? rest : rest.filter(({ hash }) => frameOf.has(hash));
    for (const { hash } of came)
      if ((frameOf.get(hash)?.kind ?? "absent") === "absent") arrived.set(hash, absent(hash));
    const carried = await Promise.all(came.map((block) => carriedFrame(block, frameOf.get(block.hash))));
    const whole = carried.filter((frame) => frame !== undefined);
    for (const block of await openAll(parts.pool, window, whole)) arrived.set(block.hash, block);
    const answered = new Set(came);
    rest = rest.filter((block) => !answered.has(block));
    if (failure === undefined) continue;
    barrenBreaks = came.length > 0 ? 0 : barrenBreaks + 1;
    const cut = rest.find(({ hash, sizeBytes }) => begun?.hash === hash && begun.size === sizeBytes);
    // A possible patch is short enough to try again.
    const isTooLong = barrenBreaks > (rest[0]?.base === undefined ? 0 : 1);
    const next = cut ?? (isTooLong ? rest[0] : undefined);
    if (next === undefined) continue;
    const ended = await fetchToEnd(parts, next, cut === undefined ? undefined : begun?.bytes, signal);
    if (ended !== undefined) arrived.set(ended.hash, ended);
    rest = rest.filter((block) => block !== next);
  }
  return arrived;
}

/** Threads verify the response in shared memory without copies. */
async function fetchFrames({ client, memory }: RequestParts, wanted: readonly WantedBlock[], signal: AbortSignal) {
  const sizeBytes = bodyBytesMax(wanted);
  const window = memory.take(sizeBytes);
  const { bytes, failure } = await fetchBlocksUntilBreak(
    client,
    itemsOf(wanted),
    new Uint8Array(window, 0, sizeBytes),
    signal,
  );
  const body = new Uint8Array(window, 0, bytes);
  const frames = findFrames(body, { framesMax: wanted.length, isCut: failure !== undefined });
  const cut = failure === undefined ? undefined : findCutFrame(body, frames);
  // The start of a compressed block is useless.
  const begun = cut?.kind === "raw" ? { ...cut, bytes: body.subarray(cut.start) } : undefined;
  return { window, frames, failure, begun };
}

/**
 * Resumes after each break.
 * @returns undefined if the block was corrupted
 * @throws HoldfastError unreachable if the connection makes no progress
 */
async function fetchToEnd(
  { client, pool }: FetchingParts,
  { hash, sizeBytes, wantsPieces: pieces = false }: WantedBlock,
  begun: Uint8Array | undefined,
  signal: AbortSignal,
): Promise<ArrivedBlock | undefined> {
  const window = new SharedArrayBuffer(sizeBytes);
  const target = new Uint8Array(window);
  target.set(begun ?? []);
  let barrenBreaks = 0;
  for (let end = begun?.length ?? 0; end < sizeBytes;) {
    const came = await fetchRestOfBlock(client, { hash, target, end }, signal);
    if (came.failure === undefined && came.end < sizeBytes) return undefined;
    barrenBreaks = came.end > end ? 0 : barrenBreaks + 1;
    if (came.failure !== undefined && barrenBreaks === barrenBreaksMax) throw came.failure;
    end = came.end;
  }
  const [block] = await openAll(pool, window, [
    { kind: "raw", hash, size: sizeBytes, start: 0, end: sizeBytes, pieces },
  ]);
  return block;
}

function itemsOf(wanted: readonly WantedBlock[]): FetchItem[] {
  const items: (FetchItem & { version_id: string; bases: Record<string, HashHex> })[] = [];
  for (const { hash, versionId, base } of wanted) {
    const last = items.at(-1);
    const item = last?.version_id === versionId ? last : { version_id: versionId, hashes: [], bases: {} };
    if (item !== last) items.push(item);
    item.hashes.push(hash);
    if (base !== undefined) item.bases[hash] = base.hash;
  }
  return items.map(({ version_id, hashes, bases }) =>
    Object.keys(bases).length === 0 ? { version_id, hashes } : { version_id, hashes, bases },
  );
}

/** undefined: the block is missing, or cannot be the requested one */
async function carriedFrame(block: WantedBlock, frame: FramePlace | undefined): Promise<PlacedFrame | undefined> {
  if (frame === undefined || frame.kind === "absent") return undefined;
  const { kind, hash, size, start, end } = frame;
  const base = kind === "patch" ? await baseOf(block, frame) : undefined;
  if (size !== block.sizeBytes || (kind === "patch" && base === undefined)) return undefined;
  const pieces = block.wantsPieces === true;
  return { kind, hash, size, start, end, pieces, ...(base === undefined ? {} : { base }) };
}

/** Smaller blocks are verified faster than they are sent to a thread. */
const inlineBytesMax = 64 * 1024;
const openedTogetherBytes = 2 * 1024 * 1024;

async function openAll(
  pool: CodecPool,
  window: SharedArrayBuffer,
  frames: readonly PlacedFrame[],
): Promise<ArrivedBlock[]> {
  const small = frames.filter(({ size }) => size <= inlineBytesMax);
  const large = frames.filter(({ size }) => size > inlineBytesMax);
  const bounds = {
    bytesMax: openedTogetherBytes,
    countMax: large.length,
    bytesOf: ({ size }: PlacedFrame) => size,
  };
  const opening = windowsOf(large, bounds).map((some) => openTogether(pool, window, some));
  const here = arrivedOf(window, small, openWindow({ window, frames: small }));
  return [...here, ...(await Promise.all(opening)).flat()];
}

/** A block that crashes the thread counts as corrupted, without affecting others. */
async function openTogether(
  pool: CodecPool,
  window: SharedArrayBuffer,
  frames: readonly PlacedFrame[],
): Promise<ArrivedBlock[]> {
  // The bases move to the thread. Another attempt omits them.
  const bases = frames.flatMap(({ base }) => (base === undefined ? [] : [base]));
  try {
    return arrivedOf(window, frames, await pool.run("openWindowTask", { window, frames }, buffersOf(bases)));
  } catch (thrown) {
    if (!(thrown instanceof HoldfastError) || thrown.code === "unavailable") throw thrown;
    if (frames.length === 1) return [];
    const whole = frames.filter(({ base }) => base === undefined);
    return (await Promise.all(whole.map((frame) => openTogether(pool, window, [frame])))).flat();
  }
}

function arrivedOf(
  window: SharedArrayBuffer,
  frames: readonly PlacedFrame[],
  opened: readonly (OpenedFrame | undefined)[],
): ArrivedBlock[] {
  return frames.flatMap(({ hash, start, end }, index) => {
    const one = opened[index];
    if (one === undefined) return [];
    const bytes = one.plain ?? new Uint8Array(window, start, end - start);
    return [{ hash, bytes, pieces: one.pieces, isProved: true }];
  });
}

/** A copy, because it moves to a thread. @returns undefined if the base differs or is unreadable */
async function baseOf({ base }: WantedBlock, frame: FramePlace): Promise<Uint8Array<ArrayBuffer> | undefined> {
  if (base === undefined || frame.base !== base.hash) return undefined;
  try {
    return Uint8Array.from(await base.read());
  } catch (thrown) {
    if (thrown instanceof HoldfastError) return undefined;
    throw thrown;
  }
}

function absent(hash: HashHex): HoldfastError {
  return new HoldfastError("not_found", `The server no longer has block ${hash} of that version.`, {
    body: { hash },
  });
}
