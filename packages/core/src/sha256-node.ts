import { hash } from "node:crypto";

/** @returns 64 lower-case hex digits */
export function sha256Hex(bytes: Uint8Array): string {
  return hash("sha256", bytes, "hex");
}

/** @returns 32 bytes */
export function sha256Bytes(bytes: Uint8Array): Uint8Array {
  return hash("sha256", bytes, "buffer");
}
