import { HoldfastError } from "./errors.ts";
import { isHashHex } from "./ids.ts";
import type { HashHex } from "./ids.ts";

/** Bytes of a SHA-256. */
export const hashBytes = 32;

/** @throws HoldfastError internal unless it is 32 bytes */
export function toHashHex(bytes: Uint8Array): HashHex {
  if (bytes.length !== hashBytes) throw new HoldfastError("internal", `A hash has 32 bytes, not ${bytes.length}.`);
  let hex = "";
  for (const byte of bytes) hex += hexOfByte[byte] ?? "";
  return hex as HashHex;
}

/** @returns 32 fresh bytes */
export function fromHashHex(hash: HashHex): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(hashBytes);
  writeHash(bytes, 0, hash);
  return bytes;
}

/** Writes the 32 bytes of `hash` at `offset`, without an allocation (manifests hold millions). */
export function writeHash(target: Uint8Array, offset: number, hash: HashHex): void {
  for (let index = 0; index < hashBytes; index += 1) {
    target[offset + index] = (digitOf(hash, 2 * index) << 4) | digitOf(hash, 2 * index + 1);
  }
}

/** @throws HoldfastError invalid_field unless `text` is 64 lower-case hex digits */
export function parseHashHex(text: string, field = "hash"): HashHex {
  if (isHashHex(text)) return text;
  throw new HoldfastError("invalid_field", "A hash is 64 lower-case hex digits.", { field });
}

const hexOfByte = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));

/** Digits are 0x30 to 0x39 and 0x61 to 0x66; `HashHex` promises that nothing else comes. */
function digitOf(hash: HashHex, index: number): number {
  const code = hash.charCodeAt(index);
  return code < 0x3a ? code - 0x30 : code - 0x57;
}
