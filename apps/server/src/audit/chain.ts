import { createHmac, timingSafeEqual } from "node:crypto";

/** An entry's place in a chain. */
export interface Link {
  readonly seq: number;
  /** 32 bytes. */
  readonly hash: Buffer;
}

/** What the first entry of a chain follows. */
export const beginning: Link = { seq: 0, hash: Buffer.alloc(32) };

/**
 * The place of an entry behind another. With a key, so that whoever can write to the database, and has not the server's keys, cannot make a chain that
 * fits; where an entry stands follows from what it comes after.
 * @param text of the entry, byte for byte as it is kept
 */
export function follow(key: Uint8Array, { seq, hash }: Link, text: string): Link {
  return { seq: seq + 1, hash: createHmac("sha256", key).update(hash).update(text).digest() };
}

/** Proves that the server itself let everything up to this entry go. */
export function sealAnchor(key: Uint8Array, { seq, hash }: Link): Buffer {
  return createHmac("sha256", key).update(`holdfast audit anchor 1 ${seq} `).update(hash).digest();
}

export function isSealed(key: Uint8Array, anchor: Link, seal: Uint8Array | null): boolean {
  if (anchor.seq === 0) return anchor.hash.equals(beginning.hash);
  const right = sealAnchor(key, anchor);
  return seal !== null && seal.length === right.length && timingSafeEqual(seal, right);
}
