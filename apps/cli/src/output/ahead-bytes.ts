/** Share of the bytes of requests and answers that is no content, at most. */
const besideShare = 1 / 4;

/** Bytes of a transfer at one moment. */
export interface BytesSoFar {
  /** Bytes that there are to do. */
  readonly planBytes: number;
  /** Bytes that are done. */
  readonly countedBytes: number;
  /** Content that came over the network and is counted. */
  readonly movedBytes: number;
  /** Bytes that went over the network, whether they are counted yet or not. */
  readonly travelledBytes: number;
}

/** Counts bytes that travelled before their block is counted: over a slow line a block takes a minute to arrive. */
export class AheadBytes {
  /** `aheadBytes`: travelled, and not counted yet. */
  #last = { planBytes: 0, countedBytes: 0, movedBytes: 0, travelledBytes: 0, aheadBytes: 0, doneBytes: 0 };

  /** @returns the bytes of the plan that are done; never less than before, but in another plan */
  after({ planBytes, countedBytes, movedBytes, travelledBytes }: BytesSoFar): number {
    const last = this.#last;
    // More may come to a plan while it is carried out.
    const isOther = last.planBytes === 0 || planBytes < last.planBytes || countedBytes < last.countedBytes;
    const arrivedBytes = movedBytes - last.movedBytes;
    const leftBytes = last.aheadBytes + travelledBytes - last.travelledBytes - arrivedBytes;
    // Little more than what arrived is what its requests had besides. Much more is of other files, which are still on their way.
    const aheadBytes = isOther || leftBytes < arrivedBytes * besideShare ? 0 : leftBytes;
    const doneBytes = Math.min(planBytes, Math.max(isOther ? 0 : last.doneBytes, countedBytes + aheadBytes));
    this.#last = { planBytes, countedBytes, movedBytes, travelledBytes, aheadBytes, doneBytes };
    return doneBytes;
  }
}
