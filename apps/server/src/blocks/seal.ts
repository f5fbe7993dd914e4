import { createCipheriv, createDecipheriv, hkdfSync } from "node:crypto";
import { codecCodes, packFormatVersion, packIdBytes, tagBytes } from "./pack-format.ts";
import type { PackId } from "./pack-format.ts";

/**
 * AES-256-GCM with a key that seals one thing only: HKDF-SHA256 (RFC 5869) of the epoch's data key, with 16 random bytes
 * as the salt. So a nonce may count, and two sealings never share key and nonce as long as the salt is drawn anew.
 */
export function deriveKey(dataKey: Uint8Array, salt: Uint8Array, use: "pack" | "tail" | "secret"): Uint8Array {
  return new Uint8Array(hkdfSync("sha256", dataKey, salt, `holdfast ${use} 1`, 32));
}

export function packKeyOf(dataKey: Uint8Array, packId: PackId): Uint8Array {
  return deriveKey(dataKey, packIdBytes(packId), "pack");
}

export interface RecordPlace {
  readonly packId: PackId;
  /** The footer's index is the number of records. */
  readonly index: number;
  readonly codec: keyof typeof codecCodes;
  /** Plain bytes of the block (of a zstd record: decoded), or of the footer. */
  readonly sizeBytes: number;
}

/** Writes ciphertext and tag at `offset` of `target`: `payload.length + tagBytes` bytes. */
export function sealRecord(key: Uint8Array, place: RecordPlace, payload: Uint8Array, target: Uint8Array, offset: number): void {
  sealInto(key, nonceOf(place.index), additionalDataOf(place), payload, target, offset);
}

/** @returns undefined where the bytes, or the place they are said to be from, are not what was sealed */
export function openRecord(key: Uint8Array, place: RecordPlace, sealed: Uint8Array): Buffer | undefined {
  return openSealed(key, nonceOf(place.index), additionalDataOf(place), sealed);
}

/** For a key that seals once. */
export const onlyNonce = Buffer.alloc(12);

export function seal(key: Uint8Array, nonce: Uint8Array, additionalData: Uint8Array, plain: Uint8Array): Buffer {
  const sealed = Buffer.allocUnsafeSlow(plain.length + tagBytes);
  sealInto(key, nonce, additionalData, plain, sealed, 0);
  return sealed;
}

/** @returns undefined where it does not open */
export function openSealed(
  key: Uint8Array,
  nonce: Uint8Array,
  additionalData: Uint8Array,
  sealed: Uint8Array,
): Buffer | undefined {
  if (sealed.length < tagBytes) return undefined;
  const decipher = createDecipheriv("aes-256-gcm", key, nonce, { authTagLength: tagBytes });
  decipher.setAAD(additionalData);
  decipher.setAuthTag(sealed.subarray(sealed.length - tagBytes));
  const plain = decipher.update(sealed.subarray(0, sealed.length - tagBytes));
  try {
    decipher.final();
  } catch {
    // The one failure that `final` has: the tag does not fit.
    return undefined;
  }
  return plain;
}

function sealInto(
  key: Uint8Array,
  nonce: Uint8Array,
  additionalData: Uint8Array,
  plain: Uint8Array,
  target: Uint8Array,
  offset: number,
): void {
  const cipher = createCipheriv("aes-256-gcm", key, nonce, { authTagLength: tagBytes });
  cipher.setAAD(additionalData);
  target.set(cipher.update(plain), offset);
  cipher.final();
  target.set(cipher.getAuthTag(), offset + plain.length);
}

function nonceOf(index: number): Uint8Array {
  const nonce = Buffer.alloc(12);
  nonce.writeUInt32BE(index, 8);
  return nonce;
}

function additionalDataOf({ packId, index, codec, sizeBytes }: RecordPlace): Uint8Array {
  const data = Buffer.alloc(27);
  data.writeUInt16BE(packFormatVersion, 0);
  data.set(packIdBytes(packId), 2);
  data.writeUInt32BE(index, 18);
  data.writeUInt8(codecCodes[codec], 22);
  data.writeUInt32BE(sizeBytes, 23);
  return data;
}
