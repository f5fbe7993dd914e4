import { HoldfastError } from "@holdfast/core/errors";
import type { ObjectStore } from "@holdfast/object-store/object-store";
import { z } from "zod";
import { openSealed, seal } from "./seal.ts";

/** A data key as it is kept: sealed by the key-encryption key. */
export interface WrappedKey {
  readonly epoch: number;
  /** 60 bytes: nonce, ciphertext, tag. */
  readonly wrapped: Uint8Array;
  /** Microseconds since 1970. */
  readonly createdAt: number;
}

export const keyringKey = "keyring";

/** @param nonce 12 fresh random bytes */
export function wrapDataKey(
  keyEncryptionKey: Uint8Array,
  epoch: number,
  dataKey: Uint8Array,
  nonce: Uint8Array,
): Uint8Array {
  return Buffer.concat([nonce, seal(keyEncryptionKey, nonce, additionalDataOf(epoch), dataKey)]);
}

/** @returns 32 bytes, or undefined where this key-encryption key did not wrap it */
export function unwrapDataKey(keyEncryptionKey: Uint8Array, { epoch, wrapped }: WrappedKey): Uint8Array | undefined {
  if (wrapped.length !== wrappedBytes) return undefined;
  const plain = openSealed(keyEncryptionKey, wrapped.subarray(0, 12), additionalDataOf(epoch), wrapped.subarray(12));
  return plain;
}

/** The copy of the data keys in the object store, from which an index can be rebuilt when the database is lost. */
export async function readKeyringObject(store: ObjectStore): Promise<WrappedKey[]> {
  const stat = await store.stat(keyringKey);
  if (stat === undefined) return [];
  if (stat.sizeBytes > keyringBytesMax) throw notOne(`it has ${stat.sizeBytes} bytes`);
  const text = Buffer.from(await store.get(keyringKey)).toString("utf8");
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw notOne("it is not JSON");
  }
  const parsed = keyringSchema.safeParse(json);
  if (!parsed.success) throw notOne(parsed.error.issues[0]?.message ?? "its members are others");
  return parsed.data.keys.map(({ epoch, wrapped, created_at }) => ({
    epoch,
    wrapped: Buffer.from(wrapped, "base64"),
    createdAt: created_at,
  }));
}

/** Durable once it has returned. */
export async function writeKeyringObject(store: ObjectStore, keys: readonly WrappedKey[]): Promise<void> {
  const json: z.output<typeof keyringSchema> = {
    format: keyringFormat,
    keys: keys.map(({ epoch, wrapped, createdAt }) => ({
      epoch,
      wrapped: Buffer.from(wrapped).toString("base64"),
      created_at: createdAt,
    })),
  };
  await store.put(keyringKey, Buffer.from(`${JSON.stringify(json, undefined, 2)}\n`));
}

const wrappedBytes = 12 + 32 + 16;
const keyringBytesMax = 1024 * 1024;
const keyringFormat = "holdfast keyring 1";
const keyringSchema = z.strictObject({
  format: z.literal(keyringFormat),
  keys: z
    .array(
      z.strictObject({ epoch: z.int().min(1).max(0xffff_ffff), wrapped: z.base64().max(200), created_at: z.int() }),
    )
    .max(4096),
});

function additionalDataOf(epoch: number): Uint8Array {
  const data = Buffer.alloc(label.length + 4);
  label.copy(data);
  data.writeUInt32BE(epoch, label.length);
  return data;
}

const label = Buffer.from("holdfast data key 1");

function notOne(problem: string): HoldfastError {
  return new HoldfastError(
    "damaged",
    `The object "${keyringKey}" in the block store is not a keyring: ${problem}. Restore it from the second store or a backup.`,
  );
}
