import { HoldfastError } from "@holdfast/core/errors";
import type { CallerKey } from "./caller-keys.ts";
import type { ConcurrencyLimit } from "./adaptive-limit.ts";

export interface AdmissionLimits {
  /** Maximum of a client beside others, so that it cannot fill the queue of a database. */
  readonly clientInWorkMax: number;
  /** Work that takes longer mostly waits for a database or a store, and no longer counts. */
  readonly inWorkMsMax: number;
  /** Without those that resume. */
  readonly waitingMax: number;
  /** While more requests wait, each is rejected after `waitMs`. */
  readonly crowdedAbove: number;
  readonly waitMs: number;
}

export const admissionLimits: AdmissionLimits = {
  clientInWorkMax: 16,
  inWorkMsMax: 10_000,
  waitingMax: 512,
  crowdedAbove: 64,
  waitMs: 250,
};

const tickMs = 25;
const idleMs = 50;

/**
 * Limits the number of requests in work, so that latency stays low under any load and no client takes all of the
 * process. Above the limit, requests wait for a short time, in turns by client, and the rest is rejected before the
 * server has done anything for it, because late responses cost as much as timely ones.
 */
export class Admission {
  readonly #limits: AdmissionLimits;
  readonly #limit: ConcurrencyLimit;
  readonly #nowMs: () => number;
  /** With work that counts or waiting requests, now or a moment ago. */
  readonly #clients = new Map<string, Client>();
  /** Clients with waiting requests, in the order of their turns. */
  readonly #turns = new Set<Client>();
  /** In the order of their starts. */
  readonly #inWork = new Set<Work>();
  /** Clients without an account. */
  readonly #strangers = { clients: 0, inWork: 0, waiting: 0 };
  readonly #endedInLoopTurn: Work[] = [];
  #loopTurn = 0;
  #isLoopTurnEndDue = false;
  /** Without those that resume. */
  #waiting = 0;
  #forgotMs = 0;
  #ticks: NodeJS.Timeout | undefined;

  constructor(limits: AdmissionLimits, limit: ConcurrencyLimit, nowMs: () => number = () => performance.now()) {
    this.#limits = limits;
    this.#limit = limit;
    this.#nowMs = nowMs;
  }

  open(caller: CallerKey): AdmittedWork {
    return new AdmittedWork(this, caller);
  }

  /**
   * @param isResumed for work that was admitted before, which waits for as long as it takes
   * @returns a promise only if the work has to wait
   * @throws HoldfastError unavailable
   */
  enter(caller: CallerKey, isResumed: boolean): Work | Promise<Work> {
    const nowMs = this.#nowMs();
    this.#forgetIdle(nowMs);
    const client = this.#clientOf(caller);
    this.#admitWaiting();
    if (!this.#turns.has(client) && this.#hasPlace(client, this.#max())) return this.#start(client);
    if (!isResumed && this.#waiting >= this.#limits.waitingMax) this.#makeRoom(client);
    const { promise, resolve, reject } = Promise.withResolvers<Work>();
    const waiter = { sinceMs: nowMs, start: resolve, reject };
    if (isResumed) client.resumed.push(waiter);
    else {
      client.waiting.push(waiter);
      this.#countWaiting(client, 1);
    }
    this.#turns.add(client);
    this.#ticks ??= setInterval(() => this.#tick(), tickMs).unref();
    return promise;
  }

  /**
   * Work counts at least until the end of its turn of the event loop. Otherwise, requests that wait for nothing would
   * all be done in one turn, before those of other clients are read. Extra calls do nothing.
   */
  leave(work: Work): void {
    if (work.loopTurn === this.#loopTurn) return void this.#endedInLoopTurn.push(work);
    this.#release(work);
    this.#admitWaiting();
  }

  #endLoopTurn(): void {
    this.#loopTurn += 1;
    this.#isLoopTurnEndDue = false;
    for (const work of this.#endedInLoopTurn) this.#release(work);
    this.#endedInLoopTurn.length = 0;
    this.#admitWaiting();
  }

  #release(work: Work): void {
    if (!this.#inWork.delete(work)) return;
    work.client.inWork -= 1;
    if (work.client.isStranger) this.#strangers.inWork -= 1;
    work.client.idleSinceMs = this.#nowMs();
  }

  #max(): number {
    return this.#limit.max(this.#inWork.size);
  }

  /** Beside others, each client has the same share. Strangers have one together: addresses cost an attacker nothing. */
  #hasPlace({ inWork, isStranger }: Client, max: number): boolean {
    if (this.#inWork.size >= max) return false;
    if (this.#clients.size <= 1) return true;
    const strangers = this.#strangers;
    const accounts = this.#clients.size - strangers.clients;
    const ofAll = Math.max(1, Math.floor(max / (accounts + Math.min(1, strangers.clients))));
    if (!isStranger) return inWork < Math.min(ofAll, this.#limits.clientInWorkMax);
    if (accounts > 0 && strangers.inWork >= ofAll) return false;
    return inWork < Math.min(Math.max(1, Math.floor(ofAll / strangers.clients)), this.#limits.clientInWorkMax);
  }

  #start(client: Client): Work {
    const work = { client, sinceMs: this.#nowMs(), loopTurn: this.#loopTurn };
    client.inWork += 1;
    if (client.isStranger) this.#strangers.inWork += 1;
    this.#inWork.add(work);
    if (!this.#isLoopTurnEndDue) setImmediate(() => this.#endLoopTurn());
    this.#isLoopTurnEndDue = true;
    return work;
  }

  #tick(): void {
    const nowMs = this.#nowMs();
    this.#forgetIdle(nowMs);
    for (const work of this.#inWork) {
      if (nowMs - work.sinceMs < this.#limits.inWorkMsMax) break;
      this.#release(work);
    }
    for (const client of Array.from(this.#turns)) {
      let [oldest] = client.waiting;
      while (oldest !== undefined && this.#isCrowded() && nowMs - oldest.sinceMs >= this.#limits.waitMs) {
        this.#reject(client, oldest);
        [oldest] = client.waiting;
      }
    }
    this.#admitWaiting();
  }

  /**
   * A few requests, or those of one client alone, may wait longer: on a slow machine, a repetition would take longer.
   * So may those of a process that is not busy, which wait for others of their client.
   */
  #isCrowded(): boolean {
    if (this.#clients.size <= 1 || this.#waiting <= this.#limits.crowdedAbove) return false;
    return this.#max() < this.#limit.most;
  }

  #admitWaiting(): void {
    while (this.#turns.size > 0) {
      const next = this.#next();
      if (next === undefined) return;
      const waiter = this.#nextOf(next);
      this.#remove(next, waiter);
      waiter.start(this.#start(next));
    }
    if (this.#ticks !== undefined) clearInterval(this.#ticks);
    this.#ticks = undefined;
  }

  /** The client with the least work. */
  #next(): Client | undefined {
    const max = this.#max();
    if (this.#inWork.size >= max) return undefined;
    let next: Client | undefined;
    for (const client of this.#turns)
      if ((next === undefined || client.inWork < next.inWork) && this.#hasPlace(client, max)) next = client;
    return next;
  }

  /** If many wait, the newest is next: those before it will probably be rejected anyway. */
  #nextOf({ resumed, waiting }: Client): Waiter {
    return (resumed[0] ?? waiting.at(this.#isCrowded() ? -1 : 0)) as Waiter;
  }

  /** @throws HoldfastError unavailable if no other request can be rejected */
  #makeRoom(arriving: Client): void {
    let most = arriving;
    for (const client of this.#turns) if (this.#isLonger(client, most)) most = client;
    const [oldest] = most.waiting;
    if (oldest === undefined) throw rejection();
    this.#reject(most, oldest);
  }

  /** All strangers together count as one client. */
  #isLonger(one: Client, other: Client): boolean {
    if (one.isStranger === other.isStranger) return one.waiting.length > other.waiting.length;
    const strangers = this.#strangers.waiting;
    return one.isStranger ? strangers > other.waiting.length : one.waiting.length > strangers;
  }

  #reject(client: Client, waiter: Waiter): void {
    this.#remove(client, waiter);
    waiter.reject(rejection());
  }

  /** Moves the client to the end of the turns. */
  #remove(client: Client, waiter: Waiter): void {
    const { resumed, waiting } = client;
    if (resumed[0] === waiter) resumed.shift();
    else {
      waiting.splice(waiting.indexOf(waiter), 1);
      this.#countWaiting(client, -1);
    }
    this.#turns.delete(client);
    if (resumed.length + waiting.length > 0) this.#turns.add(client);
  }

  #countWaiting({ isStranger }: Client, change: number): void {
    this.#waiting += change;
    if (isStranger) this.#strangers.waiting += change;
  }

  #clientOf({ key, isStranger }: CallerKey): Client {
    const known = this.#clients.get(key);
    if (known !== undefined) return known;
    if (isStranger) this.#strangers.clients += 1;
    const client: Client = { isStranger, inWork: 0, idleSinceMs: 0, resumed: [], waiting: [] };
    this.#clients.set(key, client);
    return client;
  }

  /** A client is idle for a moment between two requests, and still has its share. */
  #forgetIdle(nowMs: number): void {
    if (nowMs - this.#forgotMs < tickMs) return;
    this.#forgotMs = nowMs;
    for (const [key, client] of this.#clients)
      if (client.inWork === 0 && !this.#turns.has(client) && nowMs - client.idleSinceMs >= idleMs) {
        this.#clients.delete(key);
        if (client.isStranger) this.#strangers.clients -= 1;
      }
  }
}

/** The work of one request. It pauses while it waits for its client. */
export class AdmittedWork {
  readonly #admission: Admission;
  readonly #caller: CallerKey;
  #work: Work | undefined;
  #isClosed = false;

  constructor(admission: Admission, caller: CallerKey) {
    this.#admission = admission;
    this.#caller = caller;
  }

  /** @returns a promise only if the work has to wait. @throws HoldfastError unavailable */
  begin(): Promise<void> | undefined {
    return this.#enter(false);
  }

  /** Does nothing if the work has not ended. */
  resume(): Promise<void> | undefined {
    return this.#work === undefined ? this.#enter(true) : undefined;
  }

  /** Extra calls do nothing. */
  end(): void {
    if (this.#work !== undefined) this.#admission.leave(this.#work);
    this.#work = undefined;
  }

  /** Ends the work for good, also if it waits. */
  close(): void {
    this.#isClosed = true;
    this.end();
  }

  #enter(isResumed: boolean): Promise<void> | undefined {
    const entered = this.#admission.enter(this.#caller, isResumed);
    if (entered instanceof Promise) return entered.then((work) => this.#begun(work));
    return this.#begun(entered);
  }

  #begun(work: Work): undefined {
    if (this.#isClosed) this.#admission.leave(work);
    else this.#work = work;
  }
}

interface Work {
  readonly client: Client;
  readonly sinceMs: number;
  /** Number of the turn of the event loop. */
  readonly loopTurn: number;
}

interface Client {
  readonly isStranger: boolean;
  /** Number of requests. */
  inWork: number;
  /** End of its last work. */
  idleSinceMs: number;
  /** Next before `waiting`, never rejected, the oldest first. */
  readonly resumed: Waiter[];
  /** The oldest first. */
  readonly waiting: Waiter[];
}

interface Waiter {
  readonly sinceMs: number;
  start(work: Work): void;
  reject(error: HoldfastError): void;
}

/** Made once, because a stack costs more than the rest of a rejection. */
const [soon, later] = [tooBusy(1), tooBusy(2)];

function tooBusy(retryAfterSeconds: number): HoldfastError {
  return new HoldfastError("unavailable", "The server is busy. Try again in a moment.", { retryAfterSeconds });
}

/** The delay varies, so that rejected clients do not return together. */
function rejection(): HoldfastError {
  return Math.random() < 0.5 ? soon : later;
}
