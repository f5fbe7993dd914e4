import { HoldfastError } from "@holdfast/core/errors";
import type { ManifestEntry } from "@holdfast/core/manifest";
import { encodeFrameHeader } from "@holdfast/protocol/frames";
import { remedyFor } from "./remedies.ts";
import type { UploadWork } from "./upload-work.ts";

export interface LocatedBlock extends ManifestEntry {
  readonly at: number;
}

export interface Sending {
  readonly file: Blob;
  readonly into: string;
  readonly growthBytes: number;
  readonly signal: AbortSignal;
  /** Bytes now stored, and if they were stored before. */
  readonly onDurable: (bytes: number, wasHere: boolean) => void;
}

const requestBytesMax = 16 * 1024 * 1024;
/** Attempts per block with internal errors. */
const barrenMax = 6;

/**
 * Read from the file during the request, and again on a retry, so no block is kept in memory.
 * @throws HoldfastError hash_mismatch if the file has changed, failed if it is unreadable, quota and similar
 */
export async function sendBlocks(work: UploadWork, blocks: readonly LocatedBlock[], sending: Sending): Promise<void> {
  const missing = await missingOf(work, blocks, sending);
  const first = new Map(blocks.map((block) => [block.hash, block]));
  const wanted = [...first.values()].filter(({ hash }) => missing.has(hash));
  const wantedBytes = sum(wanted);
  sending.onDurable(sum(blocks) - wantedBytes, true);
  await Promise.all(requestsOf(wanted, requestBytesMax).map((some) => sendSome(work, some, sending)));
}

/** The browser reads a file's bytes when it sends the request. */
export function framesOf(file: Blob | Uint8Array<ArrayBuffer>, blocks: readonly LocatedBlock[]): Blob {
  const part = (start: number, end: number): BlobPart =>
    file instanceof Blob ? file.slice(start, end) : file.subarray(start, end);
  return new Blob(
    blocks.flatMap(({ hash, size, at }) => [
      encodeFrameHeader({ kind: "raw", hash, size, length: size }),
      part(at, at + size),
    ]),
  );
}

async function missingOf(
  { server, patience }: UploadWork,
  blocks: readonly LocatedBlock[],
  { into, growthBytes, signal }: Sending,
): Promise<ReadonlySet<string>> {
  const hashes = [...new Set(blocks.map(({ hash }) => hash))];
  return patience.run(signal, () => server.missingBlocks(into, hashes, growthBytes, signal));
}

/** The server keeps complete blocks of a broken request. The rest is queried and sent in smaller requests. */
async function sendSome(work: UploadWork, blocks: readonly LocatedBlock[], sending: Sending): Promise<void> {
  const { pace, limit, patience } = work;
  let barren = 0;
  for (let rest = blocks; rest.length > 0;) {
    const some = requestsOf(rest, limit.requestBytes(pace.bytes))[0] ?? rest;
    try {
      await sendOnce(work, some, sending);
      pace.arrived(sum(some));
      sending.onDurable(sum(some), false);
      rest = rest.slice(some.length);
      barren = 0;
    } catch (thrown) {
      sending.signal.throwIfAborted();
      if (!(thrown instanceof HoldfastError) || remedyFor(thrown.code) !== "wait") throw thrown;
      await assertReadable(sending.file, some[0]?.at ?? 0);
      barren += 1;
      if (thrown.code === "internal" && barren >= barrenMax) throw thrown;
      if (thrown.code === "unreachable") pace.cut();
      patience.failed(thrown);
      const missing = await missingOf(work, rest, sending);
      const arrived = rest.filter(({ hash }) => !missing.has(hash));
      sending.onDurable(sum(arrived), false);
      rest = rest.filter(({ hash }) => missing.has(hash));
    }
  }
}

function sendOnce(work: UploadWork, blocks: readonly LocatedBlock[], { file, into, signal }: Sending): Promise<void> {
  return work.slots.with(signal, async () => {
    await work.limit.take(sum(blocks), signal);
    await work.server.putBlocks(into, framesOf(file, blocks), signal);
  });
}

/** Browsers report an unreadable or changed file as a network error. */
async function assertReadable(file: Blob, at: number): Promise<void> {
  try {
    await file.slice(at, at + 1).arrayBuffer();
  } catch (thrown) {
    throw new HoldfastError("failed", "The file can no longer be read.", { cause: thrown });
  }
}

function requestsOf(blocks: readonly LocatedBlock[], bytesMax: number): LocatedBlock[][] {
  const requests: LocatedBlock[][] = [];
  let bytes = Number.POSITIVE_INFINITY;
  for (const block of blocks) {
    if (bytes + block.size > bytesMax) {
      requests.push([]);
      bytes = 0;
    }
    requests.at(-1)?.push(block);
    bytes += block.size;
  }
  return requests;
}

function sum(blocks: readonly ManifestEntry[]): number {
  return blocks.reduce((bytes, { size }) => bytes + size, 0);
}
