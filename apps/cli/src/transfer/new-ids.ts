import { randomFillSync } from "node:crypto";
import { makeId, toBucket } from "@holdfast/core/ids";
import type { Bucket, NodeId } from "@holdfast/core/ids";

const poolBytes = 8192;

/** Ids of nodes and operations for a whole tree; random bytes are drawn from the system by the thousand. */
export class NewIds {
  readonly #bucket: Bucket;
  readonly #nowMs: () => number;
  #pool = Buffer.alloc(0);

  /** @param bucket of the account, as GET /account tells it */
  constructor(bucket: number, nowMs: () => number) {
    this.#bucket = toBucket(bucket);
    this.#nowMs = nowMs;
  }

  node(): NodeId {
    return makeId<NodeId>(this.#bucket, this.#nowMs(), this.#take(8));
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
