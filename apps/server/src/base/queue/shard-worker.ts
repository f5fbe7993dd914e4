import type { Clock } from "@holdfast/core/clock";
import type { MessageId } from "@holdfast/core/ids";
import { toHoldfastError } from "@holdfast/core/errors";
import { within } from "../within.ts";
import type { Shard } from "../db/shards.ts";
import type { Log } from "../operation/log.ts";
import { OutageLog } from "../db/outage-log.ts";
import { concurrencyUsual, type Kinds } from "./kind.ts";
import { type Claimed, claimDue, findHeld, nextDueMicros, putBack, renewLeases, type Room } from "./message-rows.ts";
import type { Neighbours, OpenNeighbours } from "./neighbours.ts";
import { settle, retryOrGiveUp } from "./settle.ts";

export interface WorkerOptions {
  readonly clock: Clock;
  readonly log: Log;
  readonly kinds: Kinds;
  readonly random: () => number;
  readonly assertMayRun: () => void;
  readonly id: string;
  /** Without it, only an expired lease shows the death of a process. */
  readonly neighbours?: OpenNeighbours | undefined;
}

/** Interval of looks while nothing is due. */
const restMs = 10_000;
/** Lease time without a lock (`neighbours.ts`). Renewed six times as often. */
const leaseMs = 60_000;
const renewMs = 10_000;
/** Running work is returned after this time at a stop. Below the time limit of the whole server. */
const endMs = 3000;

interface Running {
  readonly message: Claimed;
  readonly abort: AbortController;
  readonly over: Promise<void>;
}

export class ShardWorker {
  readonly #shard: Shard;
  readonly #outage: OutageLog;
  readonly #options: WorkerOptions;
  readonly #running = new Map<MessageId, Running>();
  /** Kinds that may have more due messages than room. */
  readonly #full = new Set<string>();
  #looking = Promise.resolve();
  #isLooking = false;
  /** New work came during the current look. */
  #again = false;
  #stopped = false;
  #timer: NodeJS.Timeout | undefined;
  #renewal: NodeJS.Timeout | undefined;
  #startedCount = 0;
  readonly #neighbours: Neighbours | undefined;
  #asking: NodeJS.Timeout | undefined;
  #isAsking = false;

  constructor(shard: Shard, options: WorkerOptions) {
    this.#shard = shard;
    this.#options = options;
    const message = "the queue could not be read; retrying soon";
    this.#outage = new OutageLog(options.log, { level: "warn", message, over: "the queue can be read again" });
    this.#neighbours = options.neighbours?.(shard, options.id, options.log, () => this.kick());
    const everyMs = this.#neighbours?.everyMs;
    if (everyMs !== undefined) this.#asking = setInterval(() => void this.#askForGone(), everyMs).unref();
  }

  kick(): void {
    if (this.#stopped) return;
    this.#again = true;
    if (this.#isLooking) return;
    this.#isLooking = true;
    this.#looking = this.#look();
  }

  /** @returns true if there was any work */
  async idle(): Promise<boolean> {
    const before = this.#startedCount;
    for (let runningCount = 1; runningCount > 0 && !this.#stopped;) {
      this.kick();
      await this.#looking;
      runningCount = this.#running.size;
      await Promise.all([...this.#running.values()].map(({ over }) => over));
    }
    return this.#startedCount !== before;
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    clearInterval(this.#asking);
    await this.#looking;
    for (const { abort } of this.#running.values()) abort.abort();
    const allOver = Promise.all([...this.#running.values()].map(({ over }) => over));
    await within(endMs, allOver, () => {});
    clearInterval(this.#renewal);
    for (const { message } of this.#running.values())
      await putBack(this.#shard.db, message, { dueMicros: 0, uncounted: true });
    await this.#neighbours?.close();
  }

  async #look(): Promise<void> {
    clearTimeout(this.#timer);
    const restMsNow = restMs * (0.9 + this.#options.random() * 0.2);
    let inMs = restMsNow;
    try {
      while (this.#again && !this.#stopped) {
        this.#again = false;
        this.#options.assertMayRun();
        if (this.#neighbours?.isSeen === false) break;
        await this.#takeOver();
        await this.#claim();
        inMs = Math.min(restMsNow, await this.#msToNextDue());
        this.#outage.worked();
      }
    } catch (error) {
      this.#outage.failed({ shard: this.#shard.id, reason: toHoldfastError(error).message });
    }
    this.#isLooking = false;
    if (this.#stopped) return;
    this.#timer = setTimeout(() => this.kick(), inMs);
    this.#timer.unref();
  }

  async #claim(): Promise<void> {
    const { clock, id: worker } = this.#options;
    const rooms = this.#rooms();
    if (rooms.size === 0) return;
    const nowMicros = clock.nowMicros();
    const leasedUntil = nowMicros + leaseMs * 1000;
    const claimed = await claimDue(this.#shard.db, { worker, rooms, nowMicros, leasedUntil });
    for (const [kind, { count, perOwner }] of rooms) {
      const claimedCount = claimed.filter((message) => message.kind === kind).length;
      if (claimedCount < count) this.#full.delete(kind);
      else this.#full.add(kind);
      // An owner at its limit may have hidden messages of others.
      if (perOwner !== undefined && claimedCount > 0) this.#again = true;
    }
    for (const message of claimed) this.#start(message);
  }

  #rooms(): Map<string, Room> {
    const rooms = new Map<string, Room>();
    for (const [name, { concurrency = concurrencyUsual, perOwner }] of Object.entries(this.#options.kinds)) {
      const runningCount = [...this.#running.values()].filter(({ message }) => message.kind === name).length;
      if (runningCount < concurrency) rooms.set(name, { count: concurrency - runningCount, perOwner });
      else this.#full.add(name);
    }
    return rooms;
  }

  #start(message: Claimed): void {
    const abort = new AbortController();
    const over = this.#work(message, abort.signal);
    this.#running.set(message.id, { message, abort, over });
    this.#startedCount += 1;
    this.#renewal ??= setInterval(() => void this.#renew(), renewMs).unref();
  }

  async #work(message: Claimed, signal: AbortSignal): Promise<void> {
    // Starts in a later turn of the loop, after it is marked as running.
    await Promise.resolve();
    try {
      await settle({ ...this.#options, db: this.#shard.db }, message, signal);
    } catch (error) {
      this.#options.log.warn(
        { shard: this.#shard.id, kind: message.kind, id: message.id, reason: toHoldfastError(error).message },
        "the result of a message could not be stored; the message is processed again",
      );
    }
    this.#running.delete(message.id);
    if (this.#running.size === 0) {
      clearInterval(this.#renewal);
      this.#renewal = undefined;
    }
    const isShared = this.#options.kinds[message.kind]?.perOwner !== undefined;
    if (this.#full.has(message.kind) || message.key !== null || isShared) this.kick();
  }

  /**
   * A dead process's message may be the cause of its death, so its work counts as a failed attempt. Work of
   * a certainly dead process need not wait, except for a message that may have killed it.
   */
  async #takeOver(): Promise<boolean> {
    const { clock, id } = this.#options;
    const { db } = this.#shard;
    const held = await findHeld(db, id, clock.nowMicros());
    const problem = "The process that handled the message exited.";
    for (const message of held) {
      if (!message.isAbandoned || this.#running.has(message.id)) continue;
      await retryOrGiveUp({ ...this.#options, db }, message, problem);
    }
    if (this.#neighbours === undefined) return false;
    const others = held.filter(({ isAbandoned, worker }) => !isAbandoned && worker !== id);
    const gone = await this.#neighbours.gone([...new Set(others.map(({ worker }) => worker))]);
    const left = others.filter(({ worker }) => gone.has(worker));
    for (const message of left) {
      if (message.attempts === 1) await putBack(db, message, { dueMicros: 0, problem });
      else await retryOrGiveUp({ ...this.#options, db }, message, problem);
    }
    return left.length > 0;
  }

  async #askForGone(): Promise<void> {
    if (this.#isAsking || this.#isLooking || this.#stopped) return;
    this.#isAsking = true;
    try {
      this.#options.assertMayRun();
      if (await this.#takeOver()) this.kick();
    } catch (error) {
      this.#options.log.debug(
        { shard: this.#shard.id, reason: toHoldfastError(error).message },
        "other processes were not checked",
      );
    }
    this.#isAsking = false;
  }

  async #renew(): Promise<void> {
    const { clock, id: worker, log } = this.#options;
    try {
      const leasedUntil = clock.nowMicros() + leaseMs * 1000;
      const ids = [...this.#running.keys()];
      const own = await renewLeases(this.#shard.db, { worker, ids, leasedUntil });
      for (const id of ids) if (!own.has(id)) this.#running.get(id)?.abort.abort();
    } catch (error) {
      log.warn(
        { shard: this.#shard.id, reason: toHoldfastError(error).message },
        "leases of messages were not renewed",
      );
    }
  }

  async #msToNextDue(): Promise<number> {
    const { clock, kinds } = this.#options;
    const nowMicros = clock.nowMicros();
    const due = await nextDueMicros(this.#shard.db, Object.keys(kinds), nowMicros);
    return due === undefined ? Infinity : Math.ceil((due - nowMicros) / 1000);
  }
}
