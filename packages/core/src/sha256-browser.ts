import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex } from "./hex.ts";

/**
 * Synchronous, unlike the browser's own hash, which is also missing on plain http.
 * @returns 64 lower-case hex digits
 */
export function sha256Hex(bytes: Uint8Array): string {
  return bytesToHex(sha256(bytes));
}

/** @returns 32 bytes */
export function sha256Bytes(bytes: Uint8Array): Uint8Array {
  return sha256(bytes);
}
