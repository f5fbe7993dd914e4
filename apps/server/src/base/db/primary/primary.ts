import { setTimeout as delay } from "node:timers/promises";
import pg from "pg";
import { HoldfastError } from "@holdfast/core/errors";
import { codeOf } from "../database-error.ts";
import type { DatabaseLog } from "../database-log.ts";
import { OutageLog } from "../outage-log.ts";
import { type Host, hostName } from "./database-url.ts";
import { type Guard, GuardedClient } from "./primary-client.ts";
import { Probe } from "./probe.ts";
import type { ServerState } from "./server-state.ts";
import { StandbyChoice } from "./standby-choice.ts";
import type { Timelines } from "./timelines.ts";

export interface PrimaryOptions {
  /** Settings of the database URL, with the first host. */
  readonly config: pg.ClientConfig;
  /** Empty for a single address. */
  readonly hosts: readonly Host[];
  /** For the log, without a password. */
  readonly name: string;
  readonly log: DatabaseLog;
  readonly timelines: Timelines;
  /** Time without an answer, after which connections are closed. */
  readonly silentMsMax: number;
  /** Time without a primary during which a standby answers reads; 0: never. */
  readonly standbyReadsMsMax: number;
}

interface Answer {
  readonly host: Host | undefined;
  readonly state?: ServerState;
  readonly error?: unknown;
}

interface Connected {
  readonly host?: Host | undefined;
  /** Undefined until the server has answered. */
  readonly timeline?: number;
  /** Connected to a standby. */
  readonly isReading?: true;
}

interface Server {
  readonly host: Host | undefined;
  readonly state: ServerState;
}

const roundEveryMs = 1000;
/** A process that starts can wait longer, also on a busy machine. */
const answerMsMax = { first: 10_000, later: 3000 } as const;
/** For the other servers, after the answer of one that matters. */
const othersMsMax = { first: 2000, later: 500 } as const;

/**
 * Finds the primary of a database URL, and prevents the use of every other server: an old primary that is started
 * again, other databases, and standbys, except for reads while there is no primary (see `StandbyChoice`). While connections are open, it asks each second, closes the connections to an
 * old primary, and those to a server that no longer answers.
 */
export class Primary implements Guard {
  readonly #options: PrimaryOptions;
  readonly #probes: readonly (readonly [Host | undefined, Probe])[];
  readonly #clients = new Map<GuardedClient, Connected>();
  readonly #rejected: OutageLog;
  readonly #missing: OutageLog;
  readonly #standbys: StandbyChoice;
  /** Answers reads instead of the primary. */
  #standby: Host | undefined;
  readonly #missingListeners: ((bytes: number) => void)[] = [];
  #system: string | undefined;
  #newest: ServerState | undefined;
  #host: Host | undefined;
  /** After a failed connection, the next one waits for a round. */
  #isDoubtful = false;
  #round: Promise<Host | undefined> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #silentSinceMs: number | undefined;

  constructor(options: PrimaryOptions) {
    const { config, hosts, log, name } = options;
    this.#options = options;
    this.#standbys = new StandbyChoice(options.standbyReadsMsMax);
    this.#missing = new OutageLog(log, {
      level: "error",
      message: `the database ${name} has no primary; a standby answers reads, and changes fail`,
      over: `the standby of the database ${name} no longer answers reads`,
    });
    const settings = { ...config, application_name: "holdfast primary", keepAlive: true };
    const places = hosts.length === 0 ? [undefined] : hosts;
    this.#probes = places.map((host) => [host, new Probe(settings, host)]);
    this.#rejected = new OutageLog(log, {
      level: "error",
      message: `a server of the database ${name} is not used`,
      over: `the primary of the database ${name} is used again`,
    });
  }

  get hosts(): readonly Host[] {
    return this.#options.hosts;
  }

  /** A standby answers reads, and changes fail. */
  get isReadOnly(): boolean {
    return this.#standby !== undefined;
  }

  /** For a pool, whose statements run on a standby while there is no primary. */
  get Client(): new (config?: pg.ClientConfig) => GuardedClient {
    return clientOf(this);
  }

  open(config: pg.ClientConfig): GuardedClient {
    return new GuardedClient(this, config);
  }

  /** Calls the listener after a promotion, with the length of the log that is certainly lost. */
  onMissing(listener: (bytes: number) => void): void {
    this.#missingListeners.push(listener);
  }

  enter(client: GuardedClient): void {
    this.#clients.set(client, {});
    this.#timer ??= this.#nextRound();
  }

  async find(client: GuardedClient): Promise<Host | undefined> {
    if (this.hosts.length === 0) return undefined;
    const host = await this.#find(client);
    if (this.#clients.has(client)) this.#clients.set(client, { host });
    return host;
  }

  async #find({ acceptsStandby }: GuardedClient): Promise<Host | undefined> {
    if (acceptsStandby && this.#standby !== undefined) return this.#standby;
    if (this.#host !== undefined && !this.#isDoubtful) return this.#host;
    try {
      return await this.#ask();
    } catch (error) {
      if (!acceptsStandby || this.#standby === undefined) throw error;
      return this.#standby;
    }
  }

  failed(): void {
    this.#isDoubtful = true;
  }

  admit(client: GuardedClient, state: ServerState): "primary" | "standby" {
    const { host } = this.#clients.get(client) ?? {};
    if (client.acceptsStandby && host !== undefined && host === this.#standby && this.#isStandbyOf(state)) {
      this.#clients.set(client, { host, isReading: true });
      return "standby";
    }
    const fault = this.#faultOf(state);
    if (fault !== undefined) {
      this.#rejected.failed({ reason: fault });
      throw unavailable(fault);
    }
    const connected = this.#clients.get(client);
    if (connected !== undefined) this.#clients.set(client, { ...connected, timeline: state.timeline });
    this.#observe({ host: connected?.host, state });
    return "primary";
  }

  #isStandbyOf({ isPrimary, system }: ServerState): boolean {
    return !isPrimary && system === this.#system;
  }

  /** Resolves when no connection of its own is left. Those of others are closed before. */
  async close(): Promise<void> {
    this.#standby = undefined;
    this.#rest();
    await this.#closeProbes();
  }

  leave(client: GuardedClient): void {
    if (this.#clients.delete(client) && !this.#isWatching) this.#rest();
  }

  /** While a standby answers reads, also without connections: after a pause, its lag would be unknown. */
  get #isWatching(): boolean {
    return this.#clients.size > 0 || this.#standby !== undefined;
  }

  #rest(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#host = undefined;
    this.#silentSinceMs = undefined;
    void this.#closeProbes();
  }

  async #closeProbes(): Promise<void> {
    await Promise.all(this.#probes.map(([, probe]) => probe.close()));
  }

  #nextRound(): NodeJS.Timeout {
    const next = async () => {
      await this.#ask().catch(() => {});
      // The last connection may have been closed, or the first one opened.
      if (this.#timer !== timer) return;
      if (this.#isWatching) this.#timer = this.#nextRound();
      else this.#rest();
    };
    const timer = setTimeout(() => void next(), roundEveryMs).unref();
    return timer;
  }

  /** Simultaneous calls share a round. */
  #ask(): Promise<Host | undefined> {
    this.#round ??= this.#askAll().finally(() => (this.#round = undefined));
    return this.#round;
  }

  async #askAll(): Promise<Host | undefined> {
    const answers = await this.#answers();
    const current = answers.find(({ host }) => host === this.#host);
    const isSilent = (this.#host !== undefined || this.hosts.length === 0) && !hasAnswered(current);
    this.#silentSinceMs = isSilent ? (this.#silentSinceMs ?? performance.now()) : undefined;
    try {
      const chosen = this.#choose(answers);
      this.#observe(chosen);
      this.#standbys.note(chosen.state, answers, Date.now());
      this.#readFrom(undefined);
      this.#host = chosen.host;
      this.#isDoubtful = false;
      this.#silentSinceMs = undefined;
      return chosen.host;
    } catch (error) {
      if (this.#silentSinceMs === undefined) this.#host = undefined;
      else this.#endSilence(this.#silentSinceMs);
      const isMissing = this.#host === undefined;
      this.#readFrom(isMissing ? this.#standbys.choose(answers, Date.now(), this.#standby) : undefined);
      throw error;
    } finally {
      if (!this.#isWatching) void this.#closeProbes();
    }
  }

  /**
   * Asks all servers, because more than one may claim to be the primary. When a process has found its first or a new one,
   * and while a primary is missing, a frozen server is not awaited for long; but if standbys answer reads, each gets its
   * time, because a slow primary must be found.
   */
  async #answers(): Promise<Answer[]> {
    const answers: Answer[] = [];
    const answered = Promise.withResolvers<void>();
    const kind = this.#newest === undefined ? "first" : "later";
    const known = this.#newest?.timeline ?? 0;
    const isMissing =
      kind === "later" &&
      this.hosts.length > 0 &&
      (this.#host === undefined || this.#isDoubtful || this.#silentSinceMs !== undefined);
    const asking = this.#probes.map(async ([host, probe]) => {
      try {
        const state = await probe.ask(answerMsMax[kind]);
        this.#take(answers, { host, state });
        if ((isMissing && this.#options.standbyReadsMsMax === 0) || state.timeline > known) answered.resolve();
      } catch (error) {
        this.#take(answers, { host, error });
      }
    });
    const later = answered.promise.then(() => delay(othersMsMax[kind], undefined, { ref: false }));
    await Promise.race([Promise.all(asking), later]);
    return [...answers];
  }

  /** Also after the end of the round. */
  #take(answers: Answer[], answer: Answer): void {
    answers.push(answer);
    if (answer.host === this.#host && hasAnswered(answer)) this.#silentSinceMs = undefined;
  }

  /** @param standby undefined: reads need a primary again */
  #readFrom(standby: Host | undefined): void {
    if (standby === this.#standby) return;
    this.#standby = standby;
    if (standby === undefined) this.#missing.worked();
    else this.#missing.failed({ reason: hostName(standby) });
    for (const [client, { isReading }] of this.#clients)
      if (isReading === true) client.abort("another server answers reads");
  }

  /** On a busy machine, a server that works may answer late. */
  #endSilence(sinceMs: number): void {
    if (performance.now() - sinceMs < this.#options.silentMsMax) return;
    this.#silentSinceMs = undefined;
    this.#host = undefined;
    const fields = { database: this.#options.name, connections: this.#clients.size };
    if (this.#clients.size > 0)
      this.#options.log.warn(fields, "the database's primary does not answer; its connections are closed");
    for (const client of this.#clients.keys()) client.abort("the database does not answer");
  }

  #choose(answers: readonly Answer[]): Server {
    const primaries = answers.filter((answer): answer is Answer & Server => answer.state?.isPrimary === true);
    const faults = primaries.flatMap(({ host, state }) => {
      const fault = this.#faultOf(state);
      return fault === undefined ? [] : [`${host === undefined ? "" : `${hostName(host)}: `}${fault}`];
    });
    if (faults.length > 0) this.#rejected.failed({ reason: faults.join(" ") });
    else if (primaries.length > 0) this.#rejected.worked();
    const usable = primaries.filter(({ state }) => this.#faultOf(state) === undefined);
    const timeline = Math.max(...usable.map(({ state }) => state.timeline));
    const newest = usable.filter(({ state }) => state.timeline === timeline);
    const [first] = newest;
    if (first === undefined) throw faults[0] === undefined ? this.#noPrimary(answers) : unavailable(faults[0]);
    const current = newest.find(({ state }) => state.startedAt === this.#newest?.startedAt);
    if (current !== undefined) return current;
    if (new Set(newest.map(({ state }) => `${state.system} ${state.startedAt}`)).size > 1) {
      const names = newest.map(({ host }) => (host === undefined ? "" : hostName(host))).join(" and ");
      const fault = `${names} are both primaries on timeline ${timeline}. Stop the wrong one.`;
      this.#rejected.failed({ reason: fault });
      throw unavailable(fault);
    }
    return first;
  }

  #noPrimary(answers: readonly Answer[]): unknown {
    // Invalid authorization, or no such database. During a failover, a standby may reject the account.
    const [first] = answers;
    if (answers.every(({ error }) => /^(28|3D)/.test(codeOf(error) ?? ""))) return first?.error;
    const reasons = answers.map(({ host, error }) => {
      const reason = error instanceof Error ? error.message || codeOf(error) : "It is a standby.";
      return `${host === undefined ? "" : `${hostName(host)}: `}${reason}`;
    });
    return unavailable(`No server of ${this.#options.name} is a primary now (${reasons.join("; ")}).`);
  }

  #faultOf({ isPrimary, system, timeline }: ServerState): string | undefined {
    if (!isPrimary) return "It is a standby, not a primary.";
    if (timeline === 0)
      return this.#system === undefined
        ? undefined
        : "It no longer reports its timeline to the role of the database URL.";
    if (this.#system !== undefined && this.#system !== system)
      return "It is not the same database as before. If it was replaced on purpose, restart Holdfast.";
    const { timelines } = this.#options;
    const reached = timelines.of(system);
    return timeline >= reached
      ? undefined
      : `It is an old primary, on timeline ${timeline}: a standby was promoted to timeline ${reached}. ${timelines.advice}`;
  }

  /** @param server a primary without a fault */
  #observe({ host, state }: Server): void {
    const former = this.#newest;
    if (former !== undefined && state.timeline < former.timeline) return;
    this.#newest = state;
    if (state.timeline === 0) return;
    this.#system = state.system;
    if (former?.timeline === state.timeline && former.startedAt === state.startedAt) return;
    this.#options.timelines.reached(state.system, state.timeline);
    if (former === undefined) return;
    const { log, name } = this.#options;
    if (former.timeline < state.timeline)
      log.warn({ database: name, timeline: state.timeline }, "the database has a new primary");
    if (state.endBytes < former.acknowledgedBytes) {
      const bytes = former.acknowledgedBytes - state.endBytes;
      for (const listener of this.#missingListeners) listener(bytes);
      log.error(
        { database: name, timeline: state.timeline, missing_bytes: bytes },
        "the new primary lacks changes that were stored on the old one; run 'holdfast admin shards renew-epochs' and 'holdfast admin rebuild-index'",
      );
    }
    // A frozen server may never answer those that connect to it.
    for (const [client, known] of this.#clients) {
      const isOld = known.timeline === undefined ? known.host !== host : known.timeline < state.timeline;
      if (isOld && (known.timeline !== undefined || known.host !== undefined))
        client.abort("the database has a new primary");
    }
  }
}

function clientOf(guard: Guard): Primary["Client"] {
  return class extends GuardedClient {
    constructor(config: pg.ClientConfig = {}) {
      super(guard, config, { acceptsStandby: true });
    }
  };
}

/** A refused connection is an answer, too. */
function hasAnswered(answer: Answer | undefined): boolean {
  if (answer?.error === undefined) return answer?.state !== undefined;
  return answer.error instanceof pg.DatabaseError || /^(ECONNREFUSED|ENOENT)$/.test(codeOf(answer.error) ?? "");
}

function unavailable(message: string): HoldfastError {
  return new HoldfastError("unavailable", message, { retryAfterSeconds: 1 });
}
