import { HoldfastError } from "@holdfast/core/errors";
import type { ObjectStore } from "@holdfast/object-store/object-store";
import { copiesOf } from "@holdfast/object-store/two-stores";
import { firstProblem, issueWords } from "@holdfast/protocol/issue-words";
import { z } from "zod";
import { openSealed, seal } from "../format/seal.ts";

export interface WrappedKey {
  readonly epoch: number;
  readonly wrapped: Uint8Array;
  /** Microseconds since 1970. */
  readonly createdAt: number;
}

export interface PlainKey {
  readonly epoch: number;
  /** 32 bytes. */
  readonly key: Uint8Array;
  readonly createdAt: number;
}

export interface UnwrappedKey {
  readonly key: Uint8Array;
  /** The format authenticates the epoch but not the time. */
  readonly isUntimed: boolean;
}

export const keyringKey = "keyring";

/**
 * @param nonce 12 new random bytes
 * @returns 61 bytes: version, nonce, ciphertext, tag
 */
export function wrapDataKey(
  keyEncryptionKey: Uint8Array,
  { epoch, key, createdAt }: PlainKey,
  nonce: Uint8Array,
): Uint8Array {
  return Buffer.concat([
    Uint8Array.of(wrappingVersion),
    nonce,
    seal(keyEncryptionKey, nonce, timedData(epoch, createdAt), key),
  ]);
}

/** @returns undefined if another key, epoch or time was wrapped */
export function unwrapDataKey(
  keyEncryptionKey: Uint8Array,
  { epoch, wrapped, createdAt }: WrappedKey,
): UnwrappedKey | undefined {
  const isUntimed = wrapped.length === untimedBytes;
  if (!isUntimed && (wrapped.length !== 1 + untimedBytes || wrapped[0] !== wrappingVersion)) return undefined;
  const sealed = wrapped.subarray(isUntimed ? 0 : 1);
  const additionalData = isUntimed ? untimedData(epoch) : timedData(epoch, createdAt);
  const key = openSealed(keyEncryptionKey, sealed.subarray(0, 12), additionalData, sealed.subarray(12));
  return key === undefined ? undefined : { key, isUntimed };
}

/** Serves the rebuild of a lost database. Of two stores, the first with a keyring counts. */
export async function readKeyringObject(store: ObjectStore): Promise<WrappedKey[]> {
  const [, ...others] = copiesOf(store);
  try {
    return await readOne(store);
  } catch (error) {
    const [other] = others;
    if (other === undefined || !(error instanceof HoldfastError) || error.code !== "damaged") throw error;
    return readOne(other);
  }
}

async function readOne(store: ObjectStore): Promise<WrappedKey[]> {
  const stat = await store.stat(keyringKey);
  if (stat === undefined) return [];
  if (stat.sizeBytes > keyringBytesMax) throw notOne(`it has ${stat.sizeBytes} bytes`);
  return parseKeyring(await store.get(keyringKey));
}

function parseKeyring(bytes: Uint8Array): WrappedKey[] {
  let json: unknown;
  try {
    json = JSON.parse(Buffer.from(bytes).toString("utf8"));
  } catch {
    throw notOne("it is not JSON");
  }
  const parsed = keyringSchema.safeParse(json, { error: issueWords });
  if (!parsed.success) throw notOne(firstProblem(parsed.error, "it"));
  return parsed.data.keys.map(({ epoch, wrapped, created_at }) => ({
    epoch,
    wrapped: Buffer.from(wrapped, "base64"),
    createdAt: created_at,
  }));
}

/** Durable when it returns. */
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

/** The first format: nonce, ciphertext and tag. */
const untimedBytes = 12 + 32 + 16;
const wrappingVersion = 2;
const keyringBytesMax = 1024 * 1024;
const keyringFormat = "holdfast keyring 1";
const keyringSchema = z.strictObject({
  format: z.literal(keyringFormat),
  keys: z
    .array(
      z.strictObject({ epoch: z.int().min(1).max(0xffff_ffff), wrapped: z.base64().max(1024), created_at: z.int() }),
    )
    .max(1024),
});

function timedData(epoch: number, createdAt: number): Uint8Array {
  const data = Buffer.alloc(timedLabel.length + 12);
  timedLabel.copy(data);
  data.writeUInt32BE(epoch, timedLabel.length);
  data.writeBigInt64BE(BigInt(createdAt), timedLabel.length + 4);
  return data;
}

function untimedData(epoch: number): Uint8Array {
  const data = Buffer.alloc(untimedLabel.length + 4);
  untimedLabel.copy(data);
  data.writeUInt32BE(epoch, untimedLabel.length);
  return data;
}

const timedLabel = Buffer.from("holdfast data key 2");
const untimedLabel = Buffer.from("holdfast data key 1");

function notOne(problem: string): HoldfastError {
  return new HoldfastError(
    "damaged",
    `The object "${keyringKey}" in the block store is not a keyring: ${problem}. Restore it from the second store or a backup.`,
  );
}
