import { createHash } from "node:crypto";
import type { Cut } from "@holdfast/core/chunker";
import type { HashHex } from "@holdfast/core/ids";
import { limits } from "@holdfast/core/limits";
import type { Codec } from "./codec.ts";
import { type Piece, PieceReader, putBefore } from "./pieces.ts";
import type { CodecPool } from "./pool.ts";

/** A block of a stream, ready to be sent or stored. */
export interface StreamBlock {
  readonly hash: HashHex;
  /** Plain bytes. */
  readonly size: number;
  /** Offset of its plain bytes in the stream. */
  readonly offset: number;
  readonly codec: Codec;
  /** Bytes in its piece's buffer, which lives as long as any of its payloads. */
  readonly payload: Uint8Array<ArrayBuffer>;
}

export interface CutStreamOptions {
  readonly compress: boolean;
  /** New bytes per task; default 8 MiB. Up to `threads` + 2 pieces are in memory, each with 4 MiB of extra room. */
  readonly pieceBytes?: number;
  /** Called once at the end with data of the whole stream. Its hash costs the event loop 0.5 ms per MiB. */
  readonly onWhole?: (whole: { sha256: HashHex; sizeBytes: number }) => void;
}

/**
 * Splits a stream into blocks in the pool's threads. While one piece is hashed and compressed, the next is split and a
 * third is read. Yields one piece's blocks at a time, in order; an empty stream has none. The source may reuse a slice
 * once the next one is requested.
 * @throws errors of the source; HoldfastError of the pool
 */
export async function* cutStream(
  pool: CodecPool,
  source: AsyncIterable<Uint8Array>,
  options: CutStreamOptions,
): AsyncGenerator<StreamBlock[], void, undefined> {
  const whole = createHash("sha256");
  const onBytes = options.onWhole === undefined ? () => {} : (bytes: Uint8Array) => whole.update(bytes);
  const reader = new PieceReader(source, options.pieceBytes ?? pieceBytesDefault, onBytes);
  const encoding: Promise<StreamBlock[]>[] = [];
  let offset = 0;
  let tail = new Uint8Array(0);
  try {
    let reading: Promise<Piece> | undefined = ahead(reader.next());
    while (reading !== undefined) {
      const piece = putBefore(await reading, tail);
      reading = piece.final ? undefined : ahead(reader.next());
      const found = await findCuts(pool, piece);
      tail = found.tail;
      encoding.push(ahead(encode(pool, found, offset, options.compress)));
      offset += found.consumed;
      if (encoding.length >= pool.threads) yield* oldest(encoding);
    }
    while (encoding.length > 0) yield* oldest(encoding);
    options.onWhole?.({ sha256: whole.digest("hex") as HashHex, sizeBytes: offset });
  } finally {
    await reader.close();
    await Promise.allSettled(encoding);
  }
}

const pieceBytesDefault = 8 * 1024 * 1024;

interface Found {
  readonly buffer: ArrayBuffer;
  readonly cuts: Cut[];
  readonly consumed: number;
  /** Copy of the data after the last split. */
  readonly tail: Uint8Array<ArrayBuffer>;
}

async function findCuts(pool: CodecPool, { buffer, start, end, final }: Piece): Promise<Found> {
  if (final && end - start <= limits.blockBytesMin) {
    const cuts = start < end ? [{ start, end }] : [];
    return { buffer, cuts, consumed: end - start, tail: new Uint8Array(0) };
  }
  const found = await pool.run("findCutsTask", { buffer, byteOffset: start, byteLength: end - start, final }, [buffer]);
  const tail = new Uint8Array(found.buffer, start + found.consumed, end - start - found.consumed);
  return { ...found, tail: tail.slice() };
}

async function encode(pool: CodecPool, found: Found, offset: number, compress: boolean): Promise<StreamBlock[]> {
  const { buffer, cuts } = found;
  const [first] = cuts;
  if (first === undefined) return [];
  const encoded = await pool.run("encodeBlocksTask", { buffer, cuts, compress }, [buffer]);
  return encoded.blocks.map(({ start, end, hash, codec, length }) => ({
    hash,
    size: end - start,
    offset: offset + start - first.start,
    codec,
    payload: new Uint8Array(encoded.buffer, start, length),
  }));
}

async function* oldest(encoding: Promise<StreamBlock[]>[]): AsyncGenerator<StreamBlock[], void, undefined> {
  const blocks = await encoding.shift();
  if (blocks !== undefined && blocks.length > 0) yield blocks;
}

/** Marks an error as handled until the promise is awaited later. */
function ahead<Value>(work: Promise<Value>): Promise<Value> {
  work.catch(() => {});
  return work;
}
