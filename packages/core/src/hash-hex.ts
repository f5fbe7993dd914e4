import { HoldfastError } from "./errors.ts";
import { bytesToHex } from "./hex.ts";
import { isHashHex } from "./ids.ts";
import type { HashHex } from "./ids.ts";

export const hashBytes = 32;

/** @throws HoldfastError internal unless it is 32 bytes */
export function toHashHex(bytes: Uint8Array): HashHex {
  if (bytes.length !== hashBytes) throw new HoldfastError("internal", `A hash has 32 bytes, not ${bytes.length}.`);
  return bytesToHex(bytes) as HashHex;
}

/** @returns a new array of 32 bytes */
export function fromHashHex(hash: HashHex): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(hashBytes);
  writeHash(bytes, 0, hash);
  return bytes;
}

/** Writes the 32 bytes of `hash` at `offset` without an allocation, because manifests have millions of hashes. */
export function writeHash(target: Uint8Array, offset: number, hash: HashHex): void {
  for (let index = 0; index < hashBytes; index += 1) {
    const high = digitOf[hash.charCodeAt(2 * index)] ?? 0;
    target[offset + index] = (high << 4) | (digitOf[hash.charCodeAt(2 * index + 1)] ?? 0);
  }
}

/** @throws HoldfastError invalid_field unless `text` is 64 lower-case hex digits */
export function parseHashHex(text: string, field = "hash"): HashHex {
  if (isHashHex(text)) return text;
  throw new HoldfastError("invalid_field", "A hash is 64 lower-case hex digits.", { field });
}

/** Digits by character code, up to that of `f`. `HashHex` guarantees that only hex digits occur. */
const digitOf = Uint8Array.from({ length: 103 }, (_, code) => {
  const digit = Number.parseInt(String.fromCharCode(code), 16);
  return Number.isNaN(digit) ? 0 : digit;
});
