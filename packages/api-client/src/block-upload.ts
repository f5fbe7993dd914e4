import { encodePatch } from "@holdfast/codec/patch";
import { HoldfastError } from "@holdfast/core/errors";
import { sha256 } from "@holdfast/core/hash";
import type { HashHex } from "@holdfast/core/ids";
import { limits } from "@holdfast/core/limits";
import { encodeFrame, framesContentType } from "@holdfast/protocol/frames";
import type { ApiClient } from "./api-client.ts";
import type { UploadPace } from "./upload-pace.ts";

export interface BlockUploadParts {
  readonly client: ApiClient;
  /** Shared by all that goes over the same link. */
  readonly pace: UploadPace;
  /** The node into whose space blocks go. */
  readonly into: string;
  readonly signal?: AbortSignal | undefined;
  /** Resolves after that many milliseconds, rejects when the signal aborts. */
  readonly wait: (delayMs: number, signal?: AbortSignal) => Promise<unknown>;
}

/** A block and the frame in which it goes. */
export interface FramedBlock {
  readonly hash: HashHex;
  readonly frame: readonly Uint8Array[];
  /** Asked for when the frame is more than the link carries at a time. */
  readonly plain: () => Uint8Array;
}

/** So many breaks in a row without anything that arrived: the server is not there, rather than the link weak. The pace is at its least by then. */
const barrenBreaksMax = 10;
/** What a broken connection brought is stored a moment later. */
const afterBreakMs = 200;

/**
 * Stores blocks, over a link that breaks too. The server keeps what came whole of a request that was cut; it is asked what it
 * has, and only the rest goes again, in smaller requests. A block that is more than one of those goes as a beginning of it,
 * then as a longer one that is told as a patch against that, and so on: each is a block like any other, so the server needs
 * to know nothing of it, and nothing that arrived goes twice.
 * @throws HoldfastError unreachable after ten breaks in a row with which nothing arrived, and what the server answers
 */
export async function uploadBlocks(parts: BlockUploadParts, blocks: readonly FramedBlock[]): Promise<void> {
  const breaks = new Breaks(parts);
  for (let rest = blocks; rest.length > 0;) {
    const some = rest.slice(0, countWithin(rest, parts.pace.bytes));
    const [first] = some;
    if (first !== undefined && frameBytes(first) > parts.pace.bytes) {
      await uploadInSteps(parts, first, breaks);
      rest = rest.slice(1);
      continue;
    }
    if (await arrives(parts, some, breaks)) rest = rest.slice(some.length);
    else {
      const missing = await missingBlocks(
        parts,
        some.map(({ hash }) => hash),
      );
      if (missing.size < some.length) breaks.forget();
      rest = rest.filter((block, index) => index >= some.length || missing.has(block.hash));
    }
  }
}

/** The room that an upload needs. */
export interface NeededRoom {
  /** The size of a file that is to be put there, less what it replaces. */
  readonly growthBytes?: number | undefined;
  /** The bytes that will be sent. */
  readonly sendBytes?: number | undefined;
}

/**
 * @returns those that the space of node `into` lacks
 * @throws HoldfastError quota if the space has no room for as much now, store_full if the server's disk has none
 */
export async function missingBlocks(
  { client, into, signal }: Pick<BlockUploadParts, "client" | "into" | "signal">,
  hashes: readonly HashHex[],
  { growthBytes, sendBytes }: NeededRoom = {},
): Promise<Set<HashHex>> {
  const missing = new Set<HashHex>();
  const room = {
    ...(growthBytes === undefined ? {} : { growth_bytes: Math.max(0, growthBytes) }),
    ...(sendBytes === undefined ? {} : { send_bytes: sendBytes }),
  };
  // Of room alone it is asked without any.
  for (let start = 0; start === 0 || start < hashes.length; start += limits.queryHashesMax) {
    const body = { hashes: hashes.slice(start, start + limits.queryHashesMax), into, ...room };
    for (const hash of (await client.call("queryBlocks", { body, signal })).missing) missing.add(hash as HashHex);
  }
  return missing;
}

async function uploadInSteps(parts: BlockUploadParts, block: FramedBlock, breaks: Breaks): Promise<void> {
  const plain = block.plain();
  for (let base = plain.subarray(0, 0); base.length < plain.length;) {
    const next = plain.subarray(0, base.length + parts.pace.bytes);
    const step = { hash: sha256(next), frame: frameOf(base, next), plain: () => next };
    // The answer may have been lost, or the server be starting again.
    if ((await arrives(parts, [step], breaks)) || !(await missingBlocks(parts, [step.hash])).has(step.hash))
      base = next;
  }
}

/** Of at most 4 MiB, on a link that carries less at a time: worth no thread. */
function frameOf(base: Uint8Array, next: Uint8Array): Uint8Array[] {
  const [hash, size] = [sha256(next), next.length];
  const payload = base.length === 0 ? undefined : encodePatch(base, next);
  if (payload === undefined) return encodeFrame({ kind: "raw", hash, size, payload: next });
  return encodeFrame({ kind: "patch", hash, size, payload, base: sha256(base) });
}

/** @returns false if the connection broke @throws HoldfastError unreachable if it does so all the time */
async function arrives(parts: BlockUploadParts, some: readonly FramedBlock[], breaks: Breaks): Promise<boolean> {
  const { client, into, signal, pace } = parts;
  const pieces = some.flatMap(({ frame }) => frame);
  try {
    const bytes = { contentType: framesContentType, pieces };
    await client.call("putBlocks", { query: { into }, bytes, signal, endsWithBreak: true });
  } catch (thrown) {
    if (!(thrown instanceof HoldfastError) || thrown.code !== "unreachable") throw thrown;
    await breaks.count(thrown);
    return false;
  }
  pace.arrived(some.reduce((sum, block) => sum + frameBytes(block), 0));
  breaks.forget();
  return true;
}

class Breaks {
  readonly #parts: BlockUploadParts;
  #barren = 0;

  constructor(parts: BlockUploadParts) {
    this.#parts = parts;
  }

  async count(failure: HoldfastError): Promise<void> {
    const { pace, wait, signal } = this.#parts;
    pace.cut();
    this.#barren += 1;
    if (this.#barren === barrenBreaksMax) throw failure;
    await wait(afterBreakMs, signal);
  }

  /** Something has arrived. */
  forget(): void {
    this.#barren = 0;
  }
}

/** As many as have so many bytes together, at least one. */
function countWithin(blocks: readonly FramedBlock[], bytesMax: number): number {
  let bytes = 0;
  const end = blocks.findIndex((block) => (bytes += frameBytes(block)) > bytesMax);
  return end === -1 ? blocks.length : Math.max(1, end);
}

function frameBytes({ frame }: FramedBlock): number {
  return frame.reduce((sum, piece) => sum + piece.length, 0);
}
