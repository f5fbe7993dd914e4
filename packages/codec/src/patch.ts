import { constants, zstdDecompressSync } from "node:zlib";
import { HoldfastError } from "@holdfast/core/errors";
import { hashBytes } from "@holdfast/core/hash";
import { checkedEncoding } from "./checked-encoding.ts";
import { type CompressOptions, compressFrame } from "./zstd-compress.ts";
import { checkZstdFrame } from "./zstd-frame.ts";

/**
 * Encodes the block `next` as one zstd frame with the block `base` as raw dictionary.
 * @param params further zstd parameters
 * @param compressor a broken one in tests
 * @returns undefined if the result is not smaller than `next`, `base` cannot be a raw dictionary, or the strict decoder
 * does not restore `next`
 */
export function encodePatch(
  base: Uint8Array,
  next: Uint8Array,
  params: CompressOptions["params"] = {},
  compressor: typeof compressFrame = compressFrame,
): Uint8Array | undefined {
  if (!isRawDictionary(base)) return undefined;
  const options = { level: patchLevel, dictionary: base, params: { ...patchParams, ...params } };
  const decode = (payload: Uint8Array) => decodePatch(base, payload, next.length);
  return checkedEncoding(next, () => compressor(next, options), decode);
}

/**
 * @param payload zstd frame without the base's hash that precedes it in a transfer
 * @param size declared plain bytes of the result
 * @throws HoldfastError invalid_field
 */
export function decodePatch(base: Uint8Array, payload: Uint8Array, size: number): Uint8Array {
  if (!isRawDictionary(base)) throw invalid("names a base that cannot be a dictionary");
  if (payload.length + hashBytes >= size) throw invalid(`of ${payload.length} bytes is not less than its ${size}`);
  checkZstdFrame(payload, size);
  let plain: Uint8Array;
  try {
    plain = zstdDecompressSync(payload, { dictionary: base, chunkSize: Math.max(64, size + 1), maxOutputLength: size });
  } catch (cause) {
    throw new HoldfastError("invalid_field", "The patch does not decode.", { field: "frames", cause });
  }
  if (plain.length !== size) throw invalid(`decodes to ${plain.length} bytes, not the declared ${size}`);
  return plain;
}

const patchLevel = 3;

/**
 * zstd's own tables are sized for small dictionaries: with 4 MiB of random bytes and 5 of them changed, level 3 alone
 * gave 3,145,972 bytes, and tables of 2^20 entries 732, in 10 ms.
 */
const patchParams = {
  [constants.ZSTD_c_windowLog]: 22,
  [constants.ZSTD_c_hashLog]: 20,
  [constants.ZSTD_c_chainLog]: 20,
};

/** A dictionary with this prefix is read as a trained one, whose tables the block lacks. */
const trainedMagic = 0xec30a437;
/** zstd ignores shorter dictionaries. */
const dictionaryBytesMin = 8;

function isRawDictionary(base: Uint8Array): boolean {
  if (base.length < dictionaryBytesMin) return false;
  return new DataView(base.buffer, base.byteOffset).getUint32(0, true) !== trainedMagic;
}

function invalid(problem: string): HoldfastError {
  return new HoldfastError("invalid_field", `The patch ${problem}.`, { field: "frames" });
}
