import type { Random } from "@holdfast/core/clock";
import { type PlainKey, unwrapDataKey, type UnwrappedKey, wrapDataKey, type WrappedKey } from "./wrapped-keys.ts";

/** What wraps data keys and opens them again: a key-encryption key at hand, or a service that has one and never gives it away. */
export interface KeyWrapping {
  /** By which people tell one key-encryption key from another; says nothing of the key itself. */
  readonly id: string;
  wrap(key: PlainKey): Promise<Uint8Array>;
  /**
   * @returns undefined where it did not wrap this key, or not with this epoch and time
   * @throws HoldfastError unavailable where that cannot be told now
   */
  unwrap(wrapped: WrappedKey): Promise<UnwrappedKey | undefined>;
}

/** Those that are at hand when keys are opened. */
export interface KeyWrappings {
  readonly current: KeyWrapping;
  /** Takes the place of the current one by a rotation; as soon as anything is wrapped by it, it wraps everything. */
  readonly next: KeyWrapping | undefined;
  /** Open what was wrapped before (a keyring from a backup), and wrap nothing. */
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
