import { createHmac, timingSafeEqual } from "node:crypto";

export interface Link {
  readonly seq: number;
  /** 32 bytes. */
  readonly hash: Buffer;
}

/** Predecessor of the first entry. */
export const beginning: Link = { seq: 0, hash: Buffer.alloc(32) };

/**
 * A valid chain needs the server's keys, not only access to the database.
 * @param text exact stored text of the entry
 */
export function follow(key: Uint8Array, { seq, hash }: Link, text: string): Link {
  return { seq: seq + 1, hash: createHmac("sha256", key).update(hash).update(text).digest() };
}

/** Proves that the server itself deleted everything up to this entry. */
export function sealAnchor(key: Uint8Array, { seq, hash }: Link): Buffer {
  return createHmac("sha256", key).update(`holdfast audit anchor 1 ${seq} `).update(hash).digest();
}

export function isSealed(key: Uint8Array, anchor: Link, seal: Uint8Array | null): boolean {
  if (anchor.seq === 0) return anchor.hash.equals(beginning.hash);
  const right = sealAnchor(key, anchor);
  return seal !== null && seal.length === right.length && timingSafeEqual(seal, right);
}
