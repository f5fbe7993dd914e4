import { hash } from "node:crypto";
import type { HashHex } from "./ids.ts";

export { fromHashHex, hashBytes, parseHashHex, toHashHex } from "./hash-hex.ts";

/** The name of a block: the SHA-256 of its plain bytes. */
export function sha256(bytes: Uint8Array): HashHex {
  return hash("sha256", bytes, "hex") as HashHex;
}

/** @returns 32 bytes */
export function sha256Bytes(bytes: Uint8Array): Uint8Array {
  return hash("sha256", bytes, "buffer");
}
