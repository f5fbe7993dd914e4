import { HoldfastError } from "@holdfast/core/errors";
import { deriveKey, onlyNonce, openSealed, seal } from "../format/seal.ts";

/**
 * Format version, epoch, salt, ciphertext and tag. Independent of the key-encryption key.
 * @param salt 16 new random bytes
 */
export function wrapSecret({ epoch, key }: DataKey, label: string, secret: Uint8Array, salt: Uint8Array): Uint8Array {
  const head = Buffer.alloc(headBytes);
  head.writeUInt8(formatVersion, 0);
  head.writeUInt32BE(epoch, 1);
  head.set(salt, 5);
  return Buffer.concat([head, seal(deriveKey(key, salt, "secret"), onlyNonce, additionalDataOf(head, label), secret)]);
}

/** @throws HoldfastError damaged for another label */
export async function unwrapSecret(
  keyOf: (epoch: number) => Promise<DataKey>,
  label: string,
  wrapped: Uint8Array,
): Promise<Uint8Array> {
  const bytes = Buffer.from(wrapped.buffer, wrapped.byteOffset, wrapped.byteLength);
  const opened = bytes.length >= headBytes && bytes[0] === formatVersion ? await open(keyOf, label, bytes) : undefined;
  if (opened !== undefined) return opened;
  throw new HoldfastError(
    "damaged",
    `The secret "${label}" in the database cannot be decrypted. Restore it from a backup.`,
  );
}

const formatVersion = 1;
const headBytes = 21;

async function open(
  keyOf: (epoch: number) => Promise<DataKey>,
  label: string,
  bytes: Buffer,
): Promise<Uint8Array | undefined> {
  const head = bytes.subarray(0, headBytes);
  const { key } = await keyOf(bytes.readUInt32BE(1));
  const secretKey = deriveKey(key, head.subarray(5), "secret");
  return openSealed(secretKey, onlyNonce, additionalDataOf(head, label), bytes.subarray(headBytes));
}

function additionalDataOf(head: Uint8Array, label: string): Uint8Array {
  return Buffer.concat([head, Buffer.from(label)]);
}

export interface DataKey {
  readonly epoch: number;
  /** 32 bytes. */
  readonly key: Uint8Array;
}
