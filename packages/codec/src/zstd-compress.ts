import { constants, zstdCompressSync } from "node:zlib";

export interface CompressOptions {
  readonly level: number;
  /** The bytes of a block, as raw dictionary. */
  readonly dictionary?: Uint8Array;
  /** Further ones of zstd. */
  readonly params?: Readonly<Record<number, number>>;
}

/** `bytes` as one zstd frame that says how many they are, without a checksum. */
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
 * The `chunkSize` for Node's zstd compressors: one buffer, which no frame of so many bytes fills. A frame that fills the last
 * of its buffers is followed by an empty one in what Node (26.10) gives back, since it asks for more and so begins anew.
 *
 * A frame has its header of at most 18 bytes, and 3 for each 128 KiB beside them, which is far below ZSTD_COMPRESSBOUND. It
 * is that less one, because from the bound on zstd works in one pass, which finds less in a dictionary: a patch of 746 bytes
 * became one of 5,226.
 */
export function outputBufferBytes(inputBytes: number): number {
  const shortBytes = 128 * 1024;
  const forShort = inputBytes < shortBytes ? (shortBytes - inputBytes) >> 11 : 0;
  return Math.max(chunkBytesMin, inputBytes + (inputBytes >> 8) + forShort - 1);
}

/** Node takes no less. */
const chunkBytesMin = 64;
