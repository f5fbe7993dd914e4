import { HoldfastError } from "@holdfast/core/errors";
import type { HashHex } from "@holdfast/core/ids";
import { sha256 } from "@holdfast/core/hash";
import type { OutgoingBlock } from "@holdfast/sync-ports/ports";
import { decodeSmallPatch } from "./small-patches.ts";

/** Blocks and the spaces that stored them. Knowing a hash does not give access to another space's block. */
export class ModelBlocks {
  readonly all = new Map<HashHex, Uint8Array>();
  /** A block without an entry is in all spaces. */
  readonly #holders = new Map<HashHex, Set<string>>();
  readonly #senders = new Map<HashHex, Set<string>>();
  readonly #patched: () => void;

  constructor(patched: () => void) {
    this.#patched = patched;
  }

  wasSentBy(account: string, hash: HashHex): boolean {
    return this.#senders.get(hash)?.has(account) === true;
  }

  holds(space: string, hash: HashHex): boolean {
    return this.all.has(hash) && this.#holders.get(hash)?.has(space) !== false;
  }

  holdAlso(hashes: Iterable<HashHex>, space: string): void {
    for (const hash of hashes) this.#holders.get(hash)?.add(space);
  }

  /** A patch with a wrong result is rejected, and the whole block is used: adapters do both in one call. */
  store(blocks: readonly OutgoingBlock[], spaces: readonly string[], account: string): void {
    for (const { hash, bytes, patch } of blocks) {
      const base = patch === undefined ? undefined : this.all.get(patch.base);
      const patched = patch === undefined || base === undefined ? undefined : decodeSmallPatch(base, patch.payload);
      const isTrue = patched !== undefined && sha256(patched) === hash;
      if (isTrue) this.#patched();
      if (!isTrue && sha256(bytes) !== hash) throw new HoldfastError("hash_mismatch", "These bytes have another hash.");
      const isForAll = this.all.has(hash) && !this.#holders.has(hash);
      this.all.set(hash, isTrue ? patched : bytes.slice());
      this.#senders.set(hash, new Set([...(this.#senders.get(hash) ?? []), account]));
      if (!isForAll) this.#holders.set(hash, new Set([...(this.#holders.get(hash) ?? []), ...spaces]));
    }
  }
}
