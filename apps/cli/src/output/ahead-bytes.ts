/** Maximum share of network bytes that is not content. */
const besideShare = 1 / 4;

export interface BytesSoFar {
  readonly planBytes: number;
  readonly countedBytes: number;
  readonly movedBytes: number;
  /** Transferred bytes, counted or not. */
  readonly travelledBytes: number;
}

/** Estimates bytes of blocks in transfer. On a slow connection, a block takes a minute. */
export class AheadBytes {
  #last = { planBytes: 0, countedBytes: 0, movedBytes: 0, travelledBytes: 0, aheadBytes: 0, doneBytes: 0 };

  /** @returns bytes done of the plan; they decrease only for a new plan */
  after({ planBytes, countedBytes, movedBytes, travelledBytes }: BytesSoFar): number {
    const last = this.#last;
    const isOther = last.planBytes === 0 || planBytes < last.planBytes || countedBytes < last.countedBytes;
    const arrivedBytes = movedBytes - last.movedBytes;
    const leftBytes = last.aheadBytes + travelledBytes - last.travelledBytes - arrivedBytes;
    // A small difference is overhead of the requests. A large one belongs to files in transfer.
    const aheadBytes = isOther || leftBytes < arrivedBytes * besideShare ? 0 : leftBytes;
    const doneBytes = Math.min(planBytes, Math.max(isOther ? 0 : last.doneBytes, countedBytes + aheadBytes));
    this.#last = { planBytes, countedBytes, movedBytes, travelledBytes, aheadBytes, doneBytes };
    return doneBytes;
  }
}
