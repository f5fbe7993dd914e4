import { HoldfastError } from "@holdfast/core/errors";
import type { HashHex, NodeId } from "@holdfast/core/ids";
import type { BlockSink, ReadBlock, Server } from "@holdfast/sync-ports/ports";
import type { SyncState } from "../state/sync-state.ts";
import { givenAt, isReadOnlyAt } from "../model/rights.ts";

/** Each request has its data in memory until the response. */
const inFlightMax = 2;
/**
 * Total time for which a scan may wait for blocks; other changes wait for the scan. On a slow connection, most blocks
 * are read twice.
 */
const delayMsMax = 10_000;

export interface EarlyBlocksParts {
  readonly server: Server;
  readonly state: SyncState;
  readonly nowMs: () => number;
  /** Resolves early when the signal aborts. */
  readonly sleep: (durationMs: number, signal: AbortSignal) => Promise<void>;
}

/**
 * Sends blocks of large new files during their first read. Sending is optional: the plan sends missing blocks. A file
 * that shares a block with a known one is left to the plan, which sends only differences.
 */
export class EarlyBlocks {
  readonly #parts: EarlyBlocksParts;
  /** Space and hash of blocks that the server confirmed during this scan. */
  readonly #arrived = new Set<string>();
  readonly #underWay = new Set<Promise<unknown>>();
  #delayMs = 0;
  #isOver = false;

  constructor(parts: EarlyBlocksParts) {
    this.#parts = parts;
  }

  /** Blocks of an earlier scan may be gone. */
  beginScan(): void {
    this.#arrived.clear();
    this.#delayMs = 0;
    this.#isOver = false;
  }

  /**
   * @param folder nearest known folder above
   * @returns undefined if nothing may be sent
   */
  sinkFor(folder: NodeId, sizeBytes: number): BlockSink | undefined {
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
    return this.#arrived.has(blockKeyOf(hash, into));
  }

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

  /** @returns true once the bytes are no longer needed */
  async #send(blocks: readonly ReadBlock[], into: NodeId | undefined, sizeBytes: number): Promise<boolean> {
    const { server } = this.#parts;
    const wanted = new Map(
      blocks.flatMap((block) => (this.has(block.hash, into) ? [] : [[block.hash, block] as const])),
    );
    try {
      const missing = wanted.size === 0 ? new Set() : await server.missingBlocks([...wanted.keys()], into, sizeBytes);
      const sent = [...wanted.values()].filter(({ hash }) => missing.has(hash));
      if (sent.length > 0) await server.putBlocks(sent, into);
      for (const hash of wanted.keys()) this.#arrived.add(blockKeyOf(hash, into));
      return true;
    } catch (error) {
      // The plan meets the error again and reports it.
      if (!(error instanceof HoldfastError)) throw error;
      this.#isOver = true;
      return false;
    }
  }
}

function blockKeyOf(hash: HashHex, into: NodeId | undefined): string {
  return `${hash} ${into ?? ""}`;
}
