import { HoldfastError } from "@holdfast/core/errors";
import type { HashHex, NodeId } from "@holdfast/core/ids";
import type { BlockTaker, ReadBlock, Server } from "@holdfast/sync-ports/ports";
import type { SyncState } from "../state/sync-state.ts";
import { givenAt, isReadOnlyAt } from "../model/rights.ts";

/** Requests under way at a time; what each carries stands in memory until it is answered. */
const inFlightMax = 2;
/** So much longer a look may take for them in all, since whatever else has changed waits for its end: over a slow line most is read once more. */
const delayMsMax = 10_000;

export interface EarlyBlocksParts {
  readonly server: Server;
  readonly state: SyncState;
  readonly nowMs: () => number;
  /** Ends earlier if the signal says so. */
  readonly sleep: (durationMs: number, signal: AbortSignal) => Promise<void>;
}

/**
 * Sends the blocks of large new files while they are read for the first time. It promises nothing: what it could not send, and
 * what nothing comes of because the file changed, is sent or left out when the plan is carried out. A file that shows a block of
 * one that is known is left to the plan, which tells what differs in fewer bytes.
 */
export class EarlyBlocks {
  readonly #parts: EarlyBlocksParts;
  /** By space and hash: the server has said that it has them, in this look. */
  readonly #arrived = new Set<string>();
  readonly #underWay = new Set<Promise<unknown>>();
  #delayMs = 0;
  #isOver = false;

  constructor(parts: EarlyBlocksParts) {
    this.#parts = parts;
  }

  /** What was sent for the look before is not believed to be there any more. */
  beginLook(): void {
    this.#arrived.clear();
    this.#delayMs = 0;
    this.#isOver = false;
  }

  /** @param folder the nearest one above that is known @param sizeBytes of the file @returns undefined where nothing may be sent */
  takerIn(folder: NodeId, sizeBytes: number): BlockTaker | undefined {
    const { state } = this.#parts;
    if (isReadOnlyAt(state, state.local, folder)) return undefined;
    const into = givenAt(state, state.local, folder);
    let isKnown = false;
    return {
      hasRoom: async () => !isKnown && (await this.#waitForRoom()) && !isKnown,
      take: async (blocks) => {
        isKnown ||= blocks.some(({ hash }) => state.manifests.placesOf(hash).length > 0);
        if (isKnown) return true;
        const sending = this.#send(blocks, into, sizeBytes);
        this.#underWay.add(sending);
        const isDone = await sending;
        this.#underWay.delete(sending);
        return isDone;
      },
    };
  }

  has(hash: HashHex, into: NodeId | undefined): boolean {
    return this.#arrived.has(keyOf(hash, into));
  }

  /** Once nothing is under way any more. */
  async settled(): Promise<void> {
    await Promise.all(this.#underWay);
  }

  async #waitForRoom(): Promise<boolean> {
    if (this.#isOver || this.#underWay.size < inFlightMax) return !this.#isOver;
    const { sleep, nowMs } = this.#parts;
    const startMs = nowMs();
    const enough = new AbortController();
    await Promise.race([...this.#underWay, sleep(delayMsMax - this.#delayMs, enough.signal)]);
    enough.abort();
    this.#delayMs += Math.max(0, nowMs() - startMs);
    this.#isOver ||= this.#delayMs >= delayMsMax;
    return !this.#isOver;
  }

  /** @returns whether nothing reads the bytes any more */
  async #send(blocks: readonly ReadBlock[], into: NodeId | undefined, sizeBytes: number): Promise<boolean> {
    const { server } = this.#parts;
    const wanted = new Map(
      blocks.flatMap((block) => (this.has(block.hash, into) ? [] : [[block.hash, block] as const])),
    );
    try {
      const missing = wanted.size === 0 ? new Set() : await server.missingBlocks([...wanted.keys()], into, sizeBytes);
      const sent = [...wanted.values()].filter(({ hash }) => missing.has(hash));
      if (sent.length > 0) await server.putBlocks(sent, into);
      for (const hash of wanted.keys()) this.#arrived.add(keyOf(hash, into));
      return true;
    } catch (error) {
      // Whatever it is, it is met again, and told, when the plan is carried out.
      if (!(error instanceof HoldfastError)) throw error;
      this.#isOver = true;
      return false;
    }
  }
}

function keyOf(hash: HashHex, into: NodeId | undefined): string {
  return `${hash} ${into ?? ""}`;
}
