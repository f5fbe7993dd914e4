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
  readonly pace: UploadPace;
  /** Node whose space receives the blocks. */
  readonly into: string;
  readonly signal?: AbortSignal | undefined;
  /** Resolves after `delayMs`; rejects when the signal aborts. */
  readonly wait: (delayMs: number, signal?: AbortSignal) => Promise<unknown>;
}

export interface FramedBlock {
  readonly hash: HashHex;
  readonly frame: readonly Uint8Array[];
  /** Used if the frame exceeds what the connection can carry. */
  readonly plain: () => Uint8Array;
}

/** After this many consecutive breaks without progress, the server is unreachable. The pace is then at its minimum. */
const barrenBreaksMax = 10;
/** The server then has stored the data of a broken connection. */
const afterBreakMs = 200;

/**
 * Uploads blocks, even over an unstable connection. The server keeps complete parts of a broken request, and only
 * missing blocks are sent again, in smaller requests. A block larger than a request is sent as a prefix, then a longer
 * prefix as a patch against that, and so on. Each is an ordinary block for the server, and nothing is sent twice.
 * @throws HoldfastError unreachable after ten consecutive breaks without progress; errors of the server
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

export interface NeededRoom {
  /** New file's size minus that of the replaced one. */
  readonly growthBytes?: number | undefined;
  readonly sendBytes?: number | undefined;
}

/**
 * @returns blocks that the space of node `into` lacks
 * @throws HoldfastError quota if the space is too full now, store_full if the server's disk is
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
  // Without hashes, one request checks the space only.
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
    // The response may have been lost, or the server may be restarting.
    if ((await arrives(parts, [step], breaks)) || !(await missingBlocks(parts, [step.hash])).has(step.hash))
      base = next;
  }
}

/** At most 4 MiB on a slow connection, which needs no thread. */
function frameOf(base: Uint8Array, next: Uint8Array): Uint8Array[] {
  const [hash, size] = [sha256(next), next.length];
  const payload = base.length === 0 ? undefined : encodePatch(base, next);
  if (payload === undefined) return encodeFrame({ kind: "raw", hash, size, payload: next });
  return encodeFrame({ kind: "patch", hash, size, payload, base: sha256(base) });
}

/**
 * @returns false if the connection broke
 * @throws HoldfastError unreachable if it breaks repeatedly
 */
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

  forget(): void {
    this.#barren = 0;
  }
}

/** Counts blocks that fit, at least one. */
function countWithin(blocks: readonly FramedBlock[], bytesMax: number): number {
  let bytes = 0;
  const end = blocks.findIndex((block) => (bytes += frameBytes(block)) > bytesMax);
  return end === -1 ? blocks.length : Math.max(1, end);
}

function frameBytes({ frame }: FramedBlock): number {
  return frame.reduce((sum, piece) => sum + piece.length, 0);
}
