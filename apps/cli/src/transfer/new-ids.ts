import { randomFillSync } from "node:crypto";
import { bucketOf, makeId } from "@holdfast/core/ids";
import type { NodeId } from "@holdfast/core/ids";

const poolBytes = 8192;

/** Draws random bytes from the system in large portions. */
export class NewIds {
  readonly #nowMs: () => number;
  #pool = Buffer.alloc(0);

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  /** @param folderId determines the space; may be in another account's */
  node(folderId: string): NodeId {
    return makeId<NodeId>(bucketOf(folderId as NodeId), this.#nowMs(), this.#take(8));
  }

  operation(): string {
    return this.#take(16).toString("hex");
  }

  #take(count: number): Buffer {
    if (this.#pool.length < count) this.#pool = randomFillSync(Buffer.alloc(poolBytes));
    const taken = this.#pool.subarray(0, count);
    this.#pool = this.#pool.subarray(count);
    return taken;
  }
}
