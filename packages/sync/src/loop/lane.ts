import { HoldfastError } from "@holdfast/core/errors";
import type { NodeId } from "@holdfast/core/ids";
import { Interrupted } from "./gate.ts";

/** The transfer of one file's bytes. Nothing but a copy of them comes of it: the trees, and what is at their paths, stay as they are. */
export interface Transfer {
  readonly id: NodeId;
  readonly path: string;
  /** All that the result depends on: a transfer with another key is another one. */
  readonly key: string;
  /**
   * @param advance called with the bytes of each part. @throws Interrupted once nobody wants the file any more
   * @throws HoldfastError
   */
  readonly run: (advance: (sizeBytes: number) => void) => Promise<void>;
  /** What it leaves on the disk, and how to remove that once no transfer that leaves the same is wanted. */
  readonly left?: { readonly path: string; readonly remove: () => Promise<void> };
}

interface Running {
  readonly transfer: Transfer;
  /** So far. */
  bytes: number;
  isWanted: boolean;
}

interface Ended extends Omit<Running, "isWanted"> {
  /** Undefined: all of it is there. */
  readonly failure: HoldfastError | undefined;
  /** A cycle knows of it. */
  isTold: boolean;
}

/** Transfers that go on beside the cycles, one after the other. Each cycle says which it wants, and takes those that have ended as far as it gets. */
export class Lane {
  #waiting: readonly Transfer[] = [];
  #running: Running | undefined;
  /** Ended, and wanted no more. */
  #dropped: Transfer[] = [];
  readonly #ended = new Map<string, Ended>();
  #work: Promise<void> | undefined;
  /** What is under way stops, and what it leaves is kept for the next run. */
  #isEnding = false;
  /** A defect: told by the next cycle. */
  #defect: { readonly error: unknown } | undefined;
  #tell = Promise.withResolvers<void>();

  /** Whether there will be something that no cycle knows of. */
  get isBusy(): boolean {
    return this.#work !== undefined || this.#hasNews;
  }

  get #hasNews(): boolean {
    return this.#ended.values().some(({ isTold }) => !isTold);
  }

  /** Those under way, or ended and not taken. */
  get begun(): readonly { readonly transfer: Transfer; readonly bytes: number }[] {
    return [...this.#ended.values(), ...(this.#running?.isWanted === true ? [this.#running] : [])];
  }

  /** Resolved when there is something to take: at once if nothing else is under way, else after a pause in which more may end. */
  async ended(pause: () => Promise<void>): Promise<void> {
    await this.#tell.promise;
    if (this.#work !== undefined) await Promise.race([this.#work, pause()]);
  }

  /**
   * @param isInPlan whether this cycle decides about a node; a transfer for another one stands
   * @returns by key those of `wanted` that have ended: undefined, or why it failed. What failed is no longer in the lane.
   */
  turn(wanted: readonly Transfer[], isInPlan: (id: NodeId) => boolean): ReadonlyMap<string, HoldfastError | undefined> {
    if (this.#defect !== undefined) throw this.#defect.error;
    const keys = new Set(wanted.map(({ key }) => key));
    const stands = ({ id, key }: Transfer): boolean => keys.has(key) || !isInPlan(id);
    if (this.#running !== undefined && !stands(this.#running.transfer)) this.#running.isWanted = false;
    for (const [key, { transfer }] of this.#ended) {
      if (stands(transfer)) continue;
      this.#ended.delete(key);
      this.#dropped.push(transfer);
    }
    const told = new Map<string, HoldfastError | undefined>();
    for (const key of keys) {
      const ended = this.#ended.get(key);
      if (ended === undefined) continue;
      told.set(key, ended.failure);
      ended.isTold = true;
      if (ended.failure !== undefined) this.#ended.delete(key);
    }
    // One whose turn comes with another portion of the plan is news still.
    if (!this.#hasNews) this.#tell = Promise.withResolvers();
    const runningKey = this.#running?.isWanted === true ? this.#running.transfer.key : undefined;
    const others = this.#waiting.filter((each) => !keys.has(each.key) && !isInPlan(each.id));
    const isNew = ({ key }: Transfer): boolean => key !== runningKey && !told.has(key);
    this.#waiting = [...wanted.filter(isNew), ...others];
    if (this.#waiting.length + this.#dropped.length > 0) {
      this.#work ??= this.#runAll();
    }
    return told;
  }

  /** It was used: if it is wanted again, it is done again. */
  take(key: string): void {
    this.#ended.delete(key);
  }

  /** After whatever its parts wait for was ended. What came of them is on the disk or the server, and found there. */
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
          this.#ended.set(next.key, { transfer: next, bytes: running.bytes, failure, isTold: false });
        }
        if (!running.isWanted) this.#dropped.push(next);
        await this.#removeDropped();
      } catch (error) {
        this.#defect = { error };
        this.#waiting = [];
      } finally {
        this.#running = undefined;
        if (running.isWanted) this.#tell.resolve();
      }
    }
    // In the same moment, or what is wanted from now on would never begin.
    this.#work = undefined;
    // A lane at rest is news too.
    this.#tell.resolve();
  }

  async #removeDropped(): Promise<void> {
    for (const { left } of this.#dropped.splice(0)) {
      const others = [...this.#waiting, ...[...this.#ended.values()].map(({ transfer }) => transfer)];
      if (left === undefined || this.#isEnding || others.some((each) => each.left?.path === left.path)) continue;
      // What cannot be removed now goes when the next run begins.
      await left.remove().catch((error: unknown) => {
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
