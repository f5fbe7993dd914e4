import { HoldfastError } from "@holdfast/core/errors";
import type { NodeId } from "@holdfast/core/ids";
import { Interrupted } from "../access/abortable.ts";

/** Transfer of one file's bytes. It creates only a copy; trees and visible paths stay unchanged. */
export interface Transfer {
  readonly id: NodeId;
  readonly path: string;
  /** Identifies everything that the result depends on. */
  readonly key: string;
  /**
   * @param advance called with the size of each part
   * @throws Interrupted if the file is not wanted any longer
   * @throws HoldfastError
   */
  readonly run: (advance: (sizeBytes: number) => void) => Promise<void>;
  /** File left on the disk, removed once no wanted transfer leaves the same file. */
  readonly leftover?: { readonly path: string; readonly remove: () => Promise<void> };
}

interface Running {
  readonly transfer: Transfer;
  bytes: number;
  isWanted: boolean;
}

interface Ended extends Omit<Running, "isWanted"> {
  /** undefined: success */
  readonly failure: HoldfastError | undefined;
  isReported: boolean;
}

/** Transfers that run one after another beside the cycles. Each cycle states which ones it wants. */
export class TransferQueue {
  #waiting: readonly Transfer[] = [];
  #running: Running | undefined;
  #dropped: Transfer[] = [];
  readonly #ended = new Map<string, Ended>();
  #work: Promise<void> | undefined;
  /** Running work stops and keeps its partial result for the next run. */
  #isEnding = false;
  /** Programming error, thrown in the next cycle. */
  #defect: { readonly error: unknown } | undefined;
  #resultReady = Promise.withResolvers<void>();

  /** True if there is or will be a result that no cycle has received. */
  get isBusy(): boolean {
    return this.#work !== undefined || this.#hasUnreported;
  }

  get #hasUnreported(): boolean {
    return this.#ended.values().some(({ isReported }) => !isReported);
  }

  /** Running, or ended and unused. */
  get begun(): readonly { readonly transfer: Transfer; readonly bytes: number }[] {
    return [...this.#ended.values(), ...(this.#running?.isWanted === true ? [this.#running] : [])];
  }

  /**
   * Resolves when there is a result: immediately if nothing else runs, otherwise after a pause in which more may end.
   */
  async ended(pause: () => Promise<void>): Promise<void> {
    await this.#resultReady.promise;
    if (this.#work !== undefined) await Promise.race([this.#work, pause()]);
  }

  /**
   * @param isInPlan true if this cycle decides about the node; transfers of other nodes stay
   * @returns ended transfers of `wanted` by key: undefined or the error. Failed ones leave the queue.
   */
  update(
    wanted: readonly Transfer[],
    isInPlan: (id: NodeId) => boolean,
  ): ReadonlyMap<string, HoldfastError | undefined> {
    if (this.#defect !== undefined) throw this.#defect.error;
    const keys = new Set(wanted.map(({ key }) => key));
    const isStillWanted = ({ id, key }: Transfer): boolean => keys.has(key) || !isInPlan(id);
    if (this.#running !== undefined && !isStillWanted(this.#running.transfer)) this.#running.isWanted = false;
    for (const [key, { transfer }] of this.#ended) {
      if (isStillWanted(transfer)) continue;
      this.#ended.delete(key);
      this.#dropped.push(transfer);
    }
    const results = new Map<string, HoldfastError | undefined>();
    for (const key of keys) {
      const ended = this.#ended.get(key);
      if (ended === undefined) continue;
      results.set(key, ended.failure);
      ended.isReported = true;
      if (ended.failure !== undefined) this.#ended.delete(key);
    }
    // A result for another portion of the plan is unreported.
    if (!this.#hasUnreported) this.#resultReady = Promise.withResolvers();
    const runningKey = this.#running?.isWanted === true ? this.#running.transfer.key : undefined;
    const others = this.#waiting.filter((each) => !keys.has(each.key) && !isInPlan(each.id));
    const isNew = ({ key }: Transfer): boolean => key !== runningKey && !results.has(key);
    this.#waiting = [...wanted.filter(isNew), ...others];
    if (this.#waiting.length + this.#dropped.length > 0) {
      this.#work ??= this.#runAll();
    }
    return results;
  }

  /** Wanting a used result again runs it again. */
  take(key: string): void {
    this.#ended.delete(key);
  }

  /** Ends all work. Called after its dependencies have ended. Results stay on the disk or the server. */
  async end(): Promise<void> {
    this.#waiting = [];
    this.#isEnding = true;
    await this.#work;
    this.#isEnding = false;
    this.#ended.clear();
  }

  async #runAll(): Promise<void> {
    await this.#removeDropped();
    for (let next = this.#shift(); next !== undefined; next = this.#shift()) {
      const running: Running = { transfer: next, bytes: 0, isWanted: true };
      this.#running = running;
      try {
        const failure = await failureOf(running, () => !running.isWanted || this.#isEnding);
        if (failure?.code === "unreachable") this.#waiting = [];
        if (running.isWanted && !(failure instanceof Interrupted)) {
          this.#ended.set(next.key, { transfer: next, bytes: running.bytes, failure, isReported: false });
        }
        if (!running.isWanted) this.#dropped.push(next);
        await this.#removeDropped();
      } catch (error) {
        this.#defect = { error };
        this.#waiting = [];
      } finally {
        this.#running = undefined;
        if (running.isWanted) this.#resultReady.resolve();
      }
    }
    // Cleared in the same tick, so that transfers requested from now on start.
    this.#work = undefined;
    this.#resultReady.resolve();
  }

  async #removeDropped(): Promise<void> {
    for (const { leftover } of this.#dropped.splice(0)) {
      const others = [...this.#waiting, ...[...this.#ended.values()].map(({ transfer }) => transfer)];
      if (leftover === undefined || this.#isEnding || others.some((each) => each.leftover?.path === leftover.path))
        continue;
      // Leftovers that cannot be removed now are removed at the next start.
      await leftover.remove().catch((error: unknown) => {
        if (!(error instanceof HoldfastError)) this.#defect = { error };
      });
    }
  }

  #shift(): Transfer | undefined {
    const [first, ...rest] = this.#waiting;
    this.#waiting = rest;
    return first;
  }
}

async function failureOf(running: Running, isOver: () => boolean): Promise<HoldfastError | undefined> {
  try {
    await running.transfer.run((sizeBytes) => {
      if (isOver()) throw new Interrupted();
      running.bytes += sizeBytes;
    });
    return undefined;
  } catch (error) {
    if (error instanceof HoldfastError) return error;
    throw error;
  }
}
