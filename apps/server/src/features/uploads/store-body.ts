import { encodeBlocks } from "@holdfast/codec/cut-task";
import { type Piece, PieceReader, putBefore } from "@holdfast/codec/pieces";
import type { Cut } from "@holdfast/core/chunker";
import type { SpaceId, UserId } from "@holdfast/core/ids";
import { limits } from "@holdfast/core/limits";
import type { ManifestEntry } from "@holdfast/core/manifest";
import type { IncomingBlock } from "../../packs/format/incoming-block.ts";
import type { UploadsPorts } from "./uploads-ports.ts";

export interface BodyTarget {
  readonly spaceId: SpaceId;
  readonly uploader: UserId;
  readonly pieceBytes: number;
  /** Called at the source's end. false: the file continues, and bytes after the last cut are the tail. */
  readonly fileEnds: () => boolean;
  /** Called in order after blocks are stored. A failure of this or a store stops reading. */
  readonly onStored: (entries: readonly ManifestEntry[]) => Promise<void>;
}

interface Source extends AsyncIterable<Uint8Array> {
  stop(): void;
}

/**
 * Cuts a body in the pool's threads and stores its blocks as it arrives. Memory holds three pieces: one being stored,
 * one being cut, hashed and compressed, one being read. The source must begin at the start of a block.
 * @returns bytes after the last block, fewer than a block of maximum size
 */
export async function storeBody(ports: UploadsPorts, target: BodyTarget, source: Source): Promise<Uint8Array> {
  const pieces = new PieceReader(source, target.pieceBytes);
  const underWay: Promise<void>[] = [];
  let reported: Promise<void> = Promise.resolve();
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
        reported = ahead(reportInOrder(target, reported, ahead(storePiece(ports, target, found, pieces))));
        reported.catch(() => source.stop());
        underWay.push(reported);
      }
      if (piece.final) break;
      while (underWay.length >= piecesUnderWayMax) await underWay.shift();
    }
    await reported;
    return tail;
  } finally {
    await pieces.close();
    await Promise.allSettled(underWay);
  }
}

/**
 * With the piece being read and an unfinished block, at most four times 4 MiB are received but not durable:
 * `limits.uploadDurableBytesMax`.
 */
const piecesUnderWayMax = 2;

interface Found {
  readonly buffer: ArrayBuffer;
  readonly cuts: readonly Cut[];
  readonly tail: Uint8Array;
}

async function findCuts({ codec }: UploadsPorts, { buffer, start, end }: Piece, final: boolean): Promise<Found> {
  if (end - start <= limits.blockBytesMin) {
    // Only the last block may be shorter.
    if (final && start < end) return { buffer, cuts: [{ start, end }], tail: new Uint8Array(0) };
    return { buffer, cuts: [], tail: new Uint8Array(buffer, start, end - start) };
  }
  const found = await codec.run("findCutsTask", { buffer, byteOffset: start, byteLength: end - start, final }, [
    buffer,
  ]);
  const tail = new Uint8Array(found.buffer, start + found.consumed, end - start - found.consumed);
  // Copied, because the buffer is transferred to the next thread. Without a cut it stays here.
  return { ...found, tail: found.cuts.length > 0 ? tail.slice() : tail };
}

/** Up to this size, a transfer to a thread takes longer than the work. */
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
  // Given back only now, because the payloads are views of this buffer.
  pieces.giveBack(encoded.buffer);
  await crashPoint("blocks stored");
  return incoming.map(({ hash, sizeBytes }) => ({ hash, size: sizeBytes }));
}

async function reportInOrder(
  { onStored }: BodyTarget,
  before: Promise<void>,
  stored: Promise<readonly ManifestEntry[]>,
): Promise<void> {
  await before;
  await onStored(await stored);
}

/** Marks work that is awaited later, so that a failure is not reported as unhandled. */
function ahead<Value>(work: Promise<Value>): Promise<Value> {
  work.catch(() => {});
  return work;
}
