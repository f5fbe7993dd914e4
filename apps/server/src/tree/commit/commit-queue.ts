import type { Clock, Random } from "@holdfast/core/clock";
import { HoldfastError, toHoldfastError } from "@holdfast/core/errors";
import type { NodeId, SpaceId } from "@holdfast/core/ids";
import { limits } from "@holdfast/core/limits";
import type { Actor } from "../actor.ts";
import type { Shards } from "../../base/db/shards.ts";
import { loadGivers } from "../rights/load-rights.ts";
import { refusal } from "./apply-steps.ts";
import { copyFolder } from "./copy-folder.ts";
import type { KnowsLost } from "./lost-content.ts";
import type { CommitOutcome, Operation, OperationResult } from "./operation.ts";
import { type PieceSizes, pieceSizes } from "./piece-sizes.ts";
import { prepareSteps } from "./prepare.ts";
import { sweepDetached } from "./removal.ts";
import { runTransaction, type SliceOutcome, type TransactionOutcome, unitsOf } from "./run-transaction.ts";
import type { GuardsRoom, TransactionPlace } from "./transaction-place.ts";
import type { Step } from "./work.ts";

export interface CommitLog {
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

export interface CommitterOptions {
  readonly shards: Shards;
  readonly clock: Clock;
  readonly random: Random;
  /** Called after each transaction that changed the space. It is only a wake-up; the journal is authoritative. */
  readonly onCommitted: (spaceId: SpaceId, seq: number) => void;
  /** Called after each transaction that added messages to the queue of the space's shard. */
  readonly onMessages?: (spaceId: SpaceId) => void;
  readonly log: CommitLog;
  readonly blocks: KnowsLost & GuardsRoom;
  readonly pieces?: PieceSizes;
  readonly brakes?: boolean;
}

export interface Committer {
  /**
   * The only way to change nodes and versions of a space. Operations run in order, each with its own result, and
   * continue after a rejected one.
   * @param options.epoch the space's epoch as known to the caller
   * @throws HoldfastError reset (wrong epoch, nothing done), invalid_field (too many operations), unavailable,
   * store_full. After these two it is unknown which operations were done; those with an operation id may be repeated.
   */
  commit(
    caller: Actor,
    operations: readonly Operation[],
    options?: { readonly epoch?: string | undefined },
  ): Promise<CommitOutcome>;
}

export function openCommitter(options: CommitterOptions): Committer {
  const { pieces = pieceSizes, brakes = true } = options;
  const queues = new Map<SpaceId, SpaceQueue>();
  return {
    async commit(caller, operations, { epoch } = {}) {
      if (operations.length > limits.batchOperationsMax) {
        const message = `A batch has at most ${limits.batchOperationsMax} operations.`;
        throw new HoldfastError("invalid_field", message, { field: "operations" });
      }
      const { spaceId, grantees } = caller;
      const actor = caller.owns ? caller : { ...caller, givers: await loadGivers(options.shards, spaceId, grantees) };
      const { db } = options.shards.ofId(spaceId);
      const steps = await prepareSteps(
        { ...options, db, caller: actor, nowMicros: options.clock.nowMicros(), pieces, brakes },
        operations,
      );
      const queue =
        queues.get(spaceId) ??
        new SpaceQueue(options, { ...options, db, spaceId, pieces, brakes }, () => queues.delete(spaceId));
      queues.set(spaceId, queue);
      return queue.add(withGroupsTogether(steps), epoch);
    },
  };
}

interface Request {
  readonly steps: Step[];
  readonly results: OperationResult[];
  readonly epoch: string | undefined;
  readonly settle: (outcome: CommitOutcome) => void;
  readonly fail: (error: unknown) => void;
  failedIds: ReadonlySet<string>;
}

interface Cut {
  readonly request: Request;
  readonly steps: readonly Step[];
}

/** A put of some hundred blocks costs as much as several small ones. */
const blocksPerWeight = 8;
/** A purge deletes what is below with statements of its own. */
const purgeWeight = 25;
/**
 * The statements of a transaction cost as much as some 60 puts, regardless of its size. On a busy machine, where each
 * statement waits, smaller transactions would be more numerous but not shorter.
 */
const weightMin = 200;
const weightMax = 2000;
/** Aims well below the limit, because past times say little about the next transaction. */
const targetMs = limits.commitLockMs * 0.8;

/**
 * Waiting requests for one space in this process. Requests that arrive during a transaction share the next one. Another
 * process that needs the space waits for the row lock in between.
 */
class SpaceQueue {
  readonly #options: CommitterOptions;
  readonly #place: TransactionPlace;
  readonly #onIdle: () => void;
  readonly #waiting: Request[] = [];
  #running = false;
  #copying = 0;
  #weight = 1000;

  constructor(options: CommitterOptions, place: TransactionPlace, onIdle: () => void) {
    this.#options = options;
    this.#place = place;
    this.#onIdle = onIdle;
  }

  async add(steps: Step[], epoch: string | undefined): Promise<CommitOutcome> {
    return new Promise((settle, fail) => {
      this.#waiting.push({ steps, results: [], epoch, settle, fail, failedIds: new Set() });
      void this.#run();
    });
  }

  async #run(): Promise<void> {
    if (this.#running) return;
    this.#running = true;
    while (this.#waiting.length > 0) {
      const cuts = this.#cut();
      await this.#transact(cuts);
    }
    this.#running = false;
    if (this.#copying === 0) this.#onIdle();
  }

  /** Takes whole units, at least one. */
  #cut(): Cut[] {
    const cuts: Cut[] = [];
    let left = this.#weight;
    for (const request of this.#waiting) {
      const steps: Step[] = [];
      for (const unit of unitsOf(request.steps.slice(request.results.length))) {
        const weight = unit.reduce((sum, step) => sum + weightOf(step), 0);
        if (weight > left && (cuts.length > 0 || steps.length > 0)) {
          left = 0;
          break;
        }
        left -= weight;
        steps.push(...unit);
      }
      // A request without remaining steps, because its last folder could not be copied, still gets the journal's
      // position.
      const over = request.results.length === request.steps.length;
      if (steps.length > 0 || over) cuts.push({ request, steps });
      if (left <= 0) break;
    }
    return cuts;
  }

  async #transact(cuts: readonly Cut[]): Promise<void> {
    const slices = cuts.map(({ request, steps }) => ({ steps, failedIds: request.failedIds, epoch: request.epoch }));
    let outcome: TransactionOutcome;
    try {
      outcome = await runTransaction(this.#place, slices);
    } catch (error) {
      await this.#refuse(cuts, error);
      return;
    }
    this.#measure(cuts, performance.now() - outcome.lockedAtMs);
    const { seq, epoch, changed, messages } = outcome;
    for (const [index, cut] of cuts.entries()) this.#take(cut.request, outcome.slices[index], { seq, epoch });
    if (changed) this.#notifyCommitted(seq);
    if (messages) this.#options.onMessages?.(this.#place.spaceId);
  }

  /** The change is committed even if the wake-up fails. */
  #notifyCommitted(seq: number): void {
    try {
      this.#options.onCommitted(this.#place.spaceId, seq);
    } catch (error) {
      this.#options.log.error({ reason: toHoldfastError(error).message }, "clients could not be notified of a commit");
    }
  }

  /** After a failed transaction, tries each request alone, so that one request cannot break the others. */
  async #refuse(cuts: readonly Cut[], thrown: unknown): Promise<void> {
    const error = toHoldfastError(thrown);
    if (!error.retryable && cuts.length > 1) {
      for (const cut of cuts) await this.#transact([cut]);
      return;
    }
    this.#options.log.error(
      { code: error.code, reason: error.message, spaceId: this.#place.spaceId },
      "a commit failed",
    );
    for (const { request } of cuts) {
      this.#leave(request);
      request.fail(error);
    }
  }

  #take(request: Request, outcome: SliceOutcome | undefined, state: { seq: number; epoch: string }): void {
    if (outcome === undefined) return;
    if (outcome.reset !== undefined) {
      this.#leave(request);
      request.fail(outcome.reset);
      return;
    }
    request.results.push(...outcome.results);
    request.failedIds = outcome.failedIds;
    if (outcome.folderCopy !== undefined) {
      this.#leave(request);
      void this.#copy(request, outcome.folderCopy);
      return;
    }
    if (request.results.length < request.steps.length) return;
    this.#leave(request);
    request.settle({ results: request.results, ...state });
  }

  /** Copies beside the queue: other requests continue, and this request's next operations wait. */
  async #copy(request: Request, folder: Parameters<typeof copyFolder>[2]): Promise<void> {
    const index = request.results.length;
    const step = request.steps[index];
    if (step === undefined) return;
    this.#copying += 1;
    try {
      const attach = await copyFolder(this.#place, step, folder);
      request.steps[index] = { ...step, attach };
      this.#requeue({ ...request, ...this.#cleaning(request, index, attach.topId) });
    } catch (error) {
      this.#copyFailed(request, step, error);
    } finally {
      this.#copying -= 1;
      void this.#run();
    }
  }

  #copyFailed(request: Request, step: Step, error: unknown): void {
    try {
      request.results.push(refusal(error, step));
      this.#requeue(request);
    } catch (thrown) {
      request.fail(toHoldfastError(thrown));
    }
  }

  /** Immediately removes a copy that could not be attached. */
  #cleaning(request: Request, index: number, topId: NodeId): Pick<Request, "settle" | "fail"> {
    const clean = () => {
      const { db, spaceId, clock, pieces } = this.#place;
      sweepDetached(db, spaceId, topId, { nowMicros: clock.nowMicros(), pieces }).catch((error: unknown) => {
        this.#options.log.warn({ reason: toHoldfastError(error).message }, "a copy waits for the next sweep");
      });
    };
    return {
      settle: (outcome) => {
        if (outcome.results[index]?.status !== "committed") clean();
        request.settle(outcome);
      },
      fail: request.fail,
    };
  }

  #requeue(request: Request): void {
    this.#waiting.push(request);
    void this.#run();
  }

  #leave(request: Request): void {
    const index = this.#waiting.indexOf(request);
    if (index !== -1) this.#waiting.splice(index, 1);
  }

  /** Adapts the weight to the target time, by at most half each time. */
  #measure(cuts: readonly Cut[], tookMs: number): void {
    const weight = cuts.flatMap((cut) => cut.steps).reduce((sum, step) => sum + weightOf(step), 0);
    if (weight < weightMin) return;
    const fitting = (weight * targetMs) / tookMs;
    const next = Math.min(this.#weight * 1.5, Math.max(this.#weight / 2, fitting));
    this.#weight = Math.min(weightMax, Math.max(weightMin, next));
  }
}

function weightOf(step: Step): number {
  const refs = (step.content?.blocks.size ?? 0) + (step.content?.segmentHashes.length ?? 0);
  return (step.operation.op === "purge" ? purgeWeight : 1) + Math.floor(refs / blocksPerWeight);
}

/**
 * Operations of a group must be adjacent in the batch. If a group's name occurs again elsewhere, all its operations are
 * rejected, because no part of a group may be done alone.
 */
function withGroupsTogether(steps: readonly Step[]): Step[] {
  const seen = new Set<string>();
  const scattered = new Set<string>();
  let last: string | undefined;
  for (const { operation } of steps) {
    const { group } = operation;
    if (group !== undefined && group !== last && seen.has(group)) scattered.add(group);
    if (group !== undefined) seen.add(group);
    last = group;
  }
  return steps.map((step) => {
    const { group } = step.operation;
    if (group === undefined || !scattered.has(group)) return step;
    const message = `The operations of group ${JSON.stringify(group)} must be next to each other.`;
    return { ...step, refused: new HoldfastError("invalid_field", message, { field: "group" }) };
  });
}
