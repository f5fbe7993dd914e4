import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex } from "./hex.ts";

/**
 * Without a wait, which a browser's own does not offer, and on plain http not at all.
 * @returns 64 lower-case hex digits
 */
export function sha256Hex(bytes: Uint8Array): string {
  return bytesToHex(sha256(bytes));
}

/** @returns 32 bytes */
export function sha256Bytes(bytes: Uint8Array): Uint8Array {
  return sha256(bytes);
}
