import { createHmac } from "node:crypto";
import { promisify } from "node:util";
import { constants, zstdCompress, zstdDecompress } from "node:zlib";
import { outputBufferBytes } from "@holdfast/codec/zstd-compress";
import type { Random } from "@holdfast/core/clock";
import { HoldfastError } from "@holdfast/core/errors";
import { deriveKey, openSealed, seal } from "../../packs/format/seal.ts";

/** For everything in a backup except packs. Its key opens nothing else, and is opened by the data keys. */
export interface SealedBox {
  /** @param label kind and location, required for opening */
  seal(label: string, plain: Uint8Array): Promise<Uint8Array>;
  /** @throws HoldfastError damaged unless sealed under this label with at most `plainBytesMax` bytes */
  open(label: string, sealed: Uint8Array, plainBytesMax: number): Promise<Uint8Array>;
  /** 64 hex digits that identify the bytes, but do not reveal them without the key. */
  nameOf(plain: Uint8Array): string;
}

/** @param secret 32 bytes */
export function openBox(secret: Uint8Array, random: Random): SealedBox {
  const sealKey = deriveKey(secret, Buffer.from("seal"), "backup");
  const nameKey = deriveKey(secret, Buffer.from("name"), "backup");
  return {
    async seal(label, plain) {
      const nonce = random(nonceBytes);
      return Buffer.concat([nonce, seal(sealKey, nonce, Buffer.from(label), await compress(plain))]);
    },
    async open(label, sealed, plainBytesMax) {
      const nonce = sealed.subarray(0, nonceBytes);
      const opened =
        sealed.length < nonceBytes
          ? undefined
          : openSealed(sealKey, nonce, Buffer.from(label), sealed.subarray(nonceBytes));
      if (opened === undefined) {
        throw new HoldfastError("damaged", `The backup is damaged: ${label} does not open.`);
      }
      return decompress(opened, { maxOutputLength: plainBytesMax });
    },
    nameOf: (plain) => createHmac("sha256", nameKey).update(plain).digest("hex"),
  };
}

const nonceBytes = 12;
const decompress = promisify(zstdDecompress);
const compressAsync = promisify(zstdCompress);

function compress(plain: Uint8Array): Promise<Buffer> {
  return compressAsync(plain, {
    pledgedSrcSize: plain.length,
    chunkSize: outputBufferBytes(plain.length),
    params: { [constants.ZSTD_c_compressionLevel]: 3 },
  });
}
