import type { Random } from "@holdfast/core/clock";
import { type PlainKey, unwrapDataKey, type UnwrappedKey, wrapDataKey, type WrappedKey } from "./wrapped-keys.ts";

/** Wraps and opens data keys, with a local key-encryption key or a service that keeps its key. */
export interface KeyWrapping {
  /** Identifies the key-encryption key for people, without revealing it. */
  readonly id: string;
  wrap(key: PlainKey): Promise<Uint8Array>;
  /**
   * @returns undefined if another key, epoch or time was wrapped
   * @throws HoldfastError unavailable if this cannot be determined now
   */
  unwrap(wrapped: WrappedKey): Promise<UnwrappedKey | undefined>;
}

export interface KeyWrappings {
  readonly current: KeyWrapping;
  /** Replaces the current one by a rotation. As soon as it has wrapped anything, it wraps everything. */
  readonly next: KeyWrapping | undefined;
  /** Only open earlier wrappings, such as a keyring from a backup. */
  readonly retired: readonly KeyWrapping[];
}

/** @param key 32 bytes */
export function wrappingBy(id: string, key: Uint8Array, random: Random): KeyWrapping {
  return {
    id,
    wrap: async (plain) => wrapDataKey(key, plain, random(12)),
    unwrap: async (wrapped) => unwrapDataKey(key, wrapped),
  };
}
