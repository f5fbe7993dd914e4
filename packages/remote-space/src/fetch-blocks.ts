import type { ApiClient } from "@holdfast/api-client/api-client";
import { fetchBlocksUntilBreak, type FetchItem } from "@holdfast/api-client/block-transfer";
import { verifyFrame, type CarriedBlock } from "@holdfast/codec/codec";
import type { CodecPool } from "@holdfast/codec/pool";
import { HoldfastError } from "@holdfast/core/errors";
import type { HashHex } from "@holdfast/core/ids";
import { limits } from "@holdfast/core/limits";
import { readAhead } from "@holdfast/core/read-ahead";
import { type Frame, frameHeaderBytes, FrameParser } from "@holdfast/protocol/frames";
import type { ArrivedBlock, WantedBlock } from "@holdfast/sync/ports";
import { windowsOf } from "./windows.ts";

export interface FetchingParts {
  readonly client: ApiClient;
  readonly pool: CodecPool;
}

/** Plain bytes of one request. */
const windowBytes = 8 * 1024 * 1024;
/** Requests under way, or answered and not yet taken, beside the one that is being taken. */
const windowsAhead = 2;

/** See `Server.fetchBlocks`. At most three windows are held, each as it came and decoded. */
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
  const steps = windows.map((window) => () => fetchWindow(parts, window, leaving.signal));
  try {
    let index = 0;
    for await (const plain of readAhead(steps, windowsAhead)) {
      for (const { hash } of windows[index] ?? []) {
        const bytes = plain.get(hash);
        if (bytes === undefined) throw absent(hash);
        yield { hash, bytes };
      }
      index += 1;
    }
  } finally {
    leaving.abort(new HoldfastError("failed", "Nobody wants these blocks any more."));
  }
}

type Plain = Map<HashHex, Uint8Array>;

async function fetchWindow(parts: FetchingParts, wanted: readonly WantedBlock[], signal: AbortSignal): Promise<Plain> {
  const distinct = [...new Map(wanted.map((block) => [block.hash, block])).values()];
  const plain = await fetchOnce(parts, distinct, signal);
  // A patch that does not fit the base of this side, or bytes that were damaged on their way, come whole once more.
  const again = distinct
    .filter(({ hash }) => plain.get(hash) === "wrong")
    .map(({ hash, sizeBytes, versionId }) => ({ hash, sizeBytes, versionId }));
  const whole = again.length === 0 ? new Map<HashHex, never>() : await fetchOnce(parts, again, signal);
  const arrived: Plain = new Map();
  for (const [hash, bytes] of [...plain, ...whole]) if (bytes !== "wrong") arrived.set(hash, bytes);
  const wrong = again.find(({ hash }) => whole.get(hash) === "wrong");
  if (wrong === undefined) return arrived;
  throw new HoldfastError("hash_mismatch", `Block ${wrong.hash} came damaged from the server, twice.`, {
    body: { hash: wrong.hash },
  });
}

/** After so many breaks in a row without one whole block the connection is no use. */
const barrenBreaksMax = 3;

/**
 * What a connection that breaks has brought whole is kept, and only the rest is asked for again: else a link that never lasts for
 * a window would carry the same bytes for ever.
 * @throws HoldfastError not_found for one that is absent
 */
async function fetchOnce(
  parts: FetchingParts,
  wanted: readonly WantedBlock[],
  signal: AbortSignal,
): Promise<Map<HashHex, Uint8Array | "wrong">> {
  const arrived = new Map<HashHex, Uint8Array | "wrong">();
  let barrenBreaks = 0;
  for (let rest = wanted; rest.length > 0; rest = rest.filter(({ hash }) => !arrived.has(hash))) {
    const { frames, failure } = await fetchFrames(parts, rest, signal);
    const frameOf = new Map(frames.map((frame) => [frame.hash, frame]));
    const came = failure === undefined ? rest : rest.filter(({ hash }) => frameOf.has(hash));
    const carried = came.map((block) => ({ block, frame: carriedFrame(frameOf.get(block.hash), block.hash) }));
    for (const [hash, bytes] of await verifyAll(parts.pool, carried)) arrived.set(hash, bytes);
    barrenBreaks = came.length > 0 ? 0 : barrenBreaks + 1;
    if (failure !== undefined && barrenBreaks === barrenBreaksMax) throw failure;
  }
  return arrived;
}

async function fetchFrames({ client }: FetchingParts, wanted: readonly WantedBlock[], signal: AbortSignal) {
  const sizeBytes = wanted.reduce((sum, block) => sum + block.sizeBytes, 0);
  const body = new Uint8Array(sizeBytes + wanted.length * frameHeaderBytes);
  const { bytes, failure } = await fetchBlocksUntilBreak(client, itemsOf(wanted), body, signal);
  const parser = new FrameParser({ framesBytesMax: sizeBytes, framesMax: wanted.length });
  const frames = parser.push(body.subarray(0, bytes));
  if (failure === undefined) parser.finish();
  return { frames, failure };
}

/** Neighbours of one version together, in the order asked. */
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

interface Carried {
  readonly block: WantedBlock;
  readonly frame: Frame & { readonly kind: "raw" | "zstd" | "patch" };
}

function carriedFrame(frame: Frame | undefined, hash: HashHex): Carried["frame"] {
  if (frame === undefined || frame.kind === "absent") throw absent(hash);
  return { ...frame, kind: frame.kind };
}

/** Below, a block is verified sooner than it crosses to a thread. */
const inlineBytesMax = 64 * 1024;

async function verifyAll(pool: CodecPool, carried: readonly Carried[]): Promise<Map<HashHex, Uint8Array | "wrong">> {
  const outcomes = await Promise.all(carried.map((each) => verifyOne(pool, each)));
  return new Map(carried.map(({ block }, index) => [block.hash, outcomes[index] ?? "wrong"]));
}

async function verifyOne(pool: CodecPool, { block, frame }: Carried): Promise<Uint8Array | "wrong"> {
  const { kind, hash, size, payload } = frame;
  const base = kind === "patch" ? await baseOf(block, frame) : undefined;
  if (size !== block.sizeBytes || (kind === "patch" && base === undefined)) return "wrong";
  const carriedBlock: CarriedBlock = { kind, hash, size, payload, ...(base === undefined ? {} : { base }) };
  if (size <= inlineBytesMax) return verifiedHere(carriedBlock);
  const moved = [payload.buffer, ...(base === undefined ? [] : [base.buffer])];
  const [outcome] = await pool.run("verifyTask", { frames: [carriedBlock], want: "plain" }, moved);
  return outcome?.ok === true ? outcome.payload : "wrong";
}

function verifiedHere(block: CarriedBlock): Uint8Array | "wrong" {
  try {
    return verifyFrame(block);
  } catch (thrown) {
    if (thrown instanceof HoldfastError && thrown.code !== "internal") return "wrong";
    throw thrown;
  }
}

/** A copy, since it moves to a thread. @returns undefined if it is another one, or cannot be read any more */
async function baseOf({ base }: WantedBlock, frame: Frame): Promise<Uint8Array<ArrayBuffer> | undefined> {
  if (base === undefined || frame.base !== base.hash) return undefined;
  try {
    return Uint8Array.from(await base.read());
  } catch (thrown) {
    if (thrown instanceof HoldfastError) return undefined;
    throw thrown;
  }
}

function absent(hash: HashHex): HoldfastError {
  return new HoldfastError("not_found", `The server does not have block ${hash} of that version any more.`, {
    body: { hash },
  });
}
