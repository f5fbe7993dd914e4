import { constants, zstdCompressSync } from "node:zlib";

export interface CompressOptions {
  readonly level: number;
  /** Bytes of a block, as raw dictionary. */
  readonly dictionary?: Uint8Array;
  readonly params?: Readonly<Record<number, number>>;
}

/** Compresses `bytes` to one zstd frame with content size and without checksum. */
export function compressFrame(bytes: Uint8Array, { level, dictionary, params = {} }: CompressOptions): Uint8Array {
  return zstdCompressSync(bytes, {
    ...(dictionary === undefined ? {} : { dictionary }),
    pledgedSrcSize: bytes.length,
    chunkSize: outputBufferBytes(bytes.length),
    params: {
      [constants.ZSTD_c_compressionLevel]: level,
      [constants.ZSTD_c_contentSizeFlag]: 1,
      [constants.ZSTD_c_checksumFlag]: 0,
      ...params,
    },
  });
}

/**
 * Returns the `chunkSize` for Node's zstd compressors: one buffer that no frame for this size fills. If a frame fills
 * its last buffer, Node (26.10) asks for more, starts again and appends an empty frame.
 *
 * A frame has a header of at most 18 bytes and 3 bytes per 128 KiB, far below ZSTD_COMPRESSBOUND. The size is one less
 * than that, because from the bound on zstd works in one pass, which finds less in a dictionary: a patch of 746 bytes
 * became one of 5,226.
 */
export function outputBufferBytes(inputBytes: number): number {
  const shortBytes = 128 * 1024;
  const forShort = inputBytes < shortBytes ? (shortBytes - inputBytes) >> 11 : 0;
  return Math.max(chunkBytesMin, inputBytes + (inputBytes >> 8) + forShort - 1);
}

/** Node's minimum. */
const chunkBytesMin = 64;
