import { sha256Hex } from "#sha256";
import type { HashHex } from "./ids.ts";

export { sha256Bytes } from "#sha256";
export { fromHashHex, hashBytes, parseHashHex, toHashHex } from "./hash-hex.ts";

/** The name of a block: the SHA-256 of its plain bytes. */
export function sha256(bytes: Uint8Array): HashHex {
  return sha256Hex(bytes) as HashHex;
}
