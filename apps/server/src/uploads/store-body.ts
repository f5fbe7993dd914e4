import { encodeBlocks } from "@holdfast/codec/cut-task";
import { type Piece, PieceReader, putBefore } from "@holdfast/codec/pieces";
import type { Cut } from "@holdfast/core/chunker";
import type { SpaceId, UserId } from "@holdfast/core/ids";
import { limits } from "@holdfast/core/limits";
import type { ManifestEntry } from "@holdfast/core/manifest";
import type { IncomingBlock } from "../blocks/incoming-block.ts";
import type { UploadsPorts } from "./uploads-ports.ts";

export interface BodyTarget {
  readonly spaceId: SpaceId;
  readonly uploader: UserId;
  readonly pieceBytes: number;
  /** Asked once the source has ended: does the file end there too? If not, what follows the last cut is left over. */
  readonly fileEnds: () => boolean;
  /** Called in order, once these blocks are stored. If it or a store fails, nothing more is read. */
  readonly onStored: (entries: readonly ManifestEntry[]) => Promise<void>;
}

interface Source extends AsyncIterable<Uint8Array> {
  stop(): void;
}

/**
 * Cuts a body in the pool's threads and stores its blocks as it arrives: while the blocks of one piece are stored, the
 * next is cut, hashed and compressed, and the one after it is read; no more than that is in memory. The source must
 * begin where a block begins.
 * @returns what follows the last block: less than a block of maximum size
 */
export async function storeBody(ports: UploadsPorts, target: BodyTarget, source: Source): Promise<Uint8Array> {
  const pieces = new PieceReader(source, target.pieceBytes);
  const underWay: Promise<void>[] = [];
  let told: Promise<void> = Promise.resolve();
  let tail: Uint8Array = new Uint8Array(0);
  let uncut: ArrayBuffer | undefined;
  try {
    for (let reading = ahead(pieces.next()); ;) {
      const piece = putBefore(await reading, tail);
      if (uncut !== undefined) pieces.giveBack(uncut);
      if (!piece.final) reading = ahead(pieces.next());
      const found = await findCuts(ports, piece, piece.final && target.fileEnds());
      tail = found.tail;
      uncut = found.cuts.length === 0 ? found.buffer : undefined;
      if (found.cuts.length > 0) {
        told = ahead(tellInOrder(target, told, ahead(storePiece(ports, target, found, pieces))));
        told.catch(() => source.stop());
        underWay.push(told);
      }
      if (piece.final) break;
      while (underWay.length >= piecesUnderWayMax) await underWay.shift();
    }
    await told;
    return tail;
  } finally {
    await pieces.close();
    await Promise.allSettled(underWay);
  }
}

/**
 * With the piece that is read, and less than a block of maximum size that waits for its end, this makes at most four times
 * 4 MiB that were received and are not durable: `limits.uploadDurableBytesMax`.
 */
const piecesUnderWayMax = 2;

interface Found {
  readonly buffer: ArrayBuffer;
  readonly cuts: readonly Cut[];
  readonly tail: Uint8Array;
}

async function findCuts({ codec }: UploadsPorts, { buffer, start, end }: Piece, final: boolean): Promise<Found> {
  if (end - start <= limits.blockBytesMin) {
    // No block is shorter, unless it is the last one.
    if (final && start < end) return { buffer, cuts: [{ start, end }], tail: new Uint8Array(0) };
    return { buffer, cuts: [], tail: new Uint8Array(buffer, start, end - start) };
  }
  const found = await codec.run("findCutsTask", { buffer, byteOffset: start, byteLength: end - start, final }, [
    buffer,
  ]);
  const tail = new Uint8Array(found.buffer, start + found.consumed, end - start - found.consumed);
  // Copied, because the buffer goes on to the next thread; without a cut it stays here.
  return { ...found, tail: found.cuts.length > 0 ? tail.slice() : tail };
}

/** Up to here the way to a thread and back takes longer than the work. */
const inlineBytesMax = 128 * 1024;

async function storePiece(
  { codec, blocks, crashPoint }: UploadsPorts,
  { spaceId, uploader }: BodyTarget,
  { buffer, cuts }: Found,
  pieces: PieceReader,
): Promise<ManifestEntry[]> {
  const input = { buffer, cuts, compress: true };
  const encoded =
    buffer.byteLength <= inlineBytesMax ? encodeBlocks(input) : await codec.run("encodeBlocksTask", input, [buffer]);
  const incoming = encoded.blocks.map(({ start, end, hash, codec: kind, length }): IncomingBlock => {
    const payload = new Uint8Array(encoded.buffer, start, length);
    return { hash, sizeBytes: end - start, codec: kind, payload, verified: true };
  });
  await blocks.store(spaceId, uploader, incoming);
  // Only now: the payloads stand in it.
  pieces.giveBack(encoded.buffer);
  await crashPoint("blocks stored");
  return incoming.map(({ hash, sizeBytes }) => ({ hash, size: sizeBytes }));
}

async function tellInOrder(
  { onStored }: BodyTarget,
  before: Promise<void>,
  stored: Promise<readonly ManifestEntry[]>,
): Promise<void> {
  await before;
  await onStored(await stored);
}

/** For work that is awaited later: until then its failure is not to count as one that nobody handles. */
function ahead<Value>(work: Promise<Value>): Promise<Value> {
  work.catch(() => {});
  return work;
}
