import { HoldfastError } from "@holdfast/core/errors";
import type { ByteRange } from "./object-store.ts";

const keyPattern = /^[a-z0-9._-]+(\/[a-z0-9._-]+)*$/;
/** S3 allows 1024, including a store's own prefix. */
const keyBytesMax = 512;
/** Limit of file names. */
const keyPartBytesMax = 255;

export function isKey(key: string): boolean {
  if (key.length > keyBytesMax || !keyPattern.test(key)) return false;
  return key.split("/").every((part) => part !== "." && part !== ".." && part.length <= keyPartBytesMax);
}

export function assertKey(key: string): void {
  if (isKey(key)) return;
  const shown = key.slice(0, keyBytesMax);
  throw new HoldfastError("invalid_field", `"${shown}" is not an object key: use a-z, 0-9, ".", "_", "-" and "/".`, {
    field: "key",
  });
}

/** A prefix may be empty or end anywhere in a key. */
export function assertPrefix(prefix: string): void {
  if (prefix !== "") assertKey(prefix.endsWith("/") ? prefix.slice(0, -1) : prefix);
}

export function assertRange(key: string, range: ByteRange | undefined): void {
  if (range === undefined) return;
  const { start, end } = range;
  if (!Number.isSafeInteger(start) || !Number.isSafeInteger(end) || start < 0 || end <= start)
    throw rangeError(key, range);
}

export function rangeError(key: string, { start, end }: ByteRange): HoldfastError {
  return new HoldfastError("range", `Bytes ${start} to ${end} are outside the object ${key}.`);
}

export function notFoundError(key: string, cause?: unknown): HoldfastError {
  return new HoldfastError("not_found", `The store has no object ${key}.`, { cause });
}

export function countBytes(bytes: Uint8Array | readonly Uint8Array[]): number {
  if (bytes instanceof Uint8Array) return bytes.length;
  return bytes.reduce((sum, piece) => sum + piece.length, 0);
}

export function joinBytes(bytes: Uint8Array | readonly Uint8Array[]): Uint8Array {
  if (bytes instanceof Uint8Array) return bytes;
  const [first] = bytes;
  return bytes.length === 1 && first !== undefined ? first : Buffer.concat(bytes);
}
