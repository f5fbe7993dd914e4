import { HoldfastError, toHoldfastError } from "@holdfast/core/errors";
import type { SpaceId } from "@holdfast/core/ids";
import type { Caller } from "../accounts/caller.ts";
import { findLiveCredentials, type Liveness } from "../accounts/live-credentials.ts";
import type { CredentialWorld } from "../accounts/overdue.ts";
import type { Shard } from "../db/shards.ts";
import { checkPosition, positionIn, reset } from "../journal/journal-position.ts";
import { decodeToken, type JournalPosition } from "../journal/change-token.ts";
import { findShares, type Share } from "../journal/share-changes.ts";
import { type JournalHead, type NewestChange, readHeads, readNewestChange } from "../journal/newest-change.ts";
import type { Log } from "../operation/log.ts";
import { Deadlines } from "./deadlines.ts";
import { Load } from "./load.ts";
import { findNews } from "./share-news.ts";
import { WakeGate } from "./wake-gate.ts";

export interface PollAnswer {
  /** Undefined: nothing happened until the time was over, or until the server stops. */
  readonly change: NewestChange | undefined;
  /** How long the client is asked to wait before its next request; 0: not at all. */
  readonly backoffSeconds: number;
}

export interface HeldPollsOptions extends CredentialWorld {
  /** 0 to 1. */
  readonly random: () => number;
  readonly log: Log;
  readonly onHeld?: () => void;
  readonly onReleased?: () => void;
  /** A poll was answered that had waited for the change: so many seconds after the change. */
  readonly onDelivered?: (seconds: number) => void;
}

/** What is kept of a request while it waits, and no more: there may be many thousand of them. */
export interface Poll {
  readonly spaceId: SpaceId;
  readonly epoch: string;
  readonly seq: number;
  /** The notification that its cursor knows as the last; undefined for a link, and for a cursor from before there were any. */
  readonly notified: number | undefined;
  /** Of its cursor, until that is compared with the journal; before, a wake-up only leaves a mark. */
  tag: string | undefined;
  readonly credential: Caller["credential"];
  /** Of a link; infinite for who has no end. */
  readonly endsAtMicros: number;
  /** Called once, unless the poll is never held. */
  answer: ((answer: PollAnswer | HoldfastError) => void) | undefined;
  slot: number;
  /** By the server's clock. */
  heldSinceMicros: number;
  woken: boolean;
  /** Of who sees more than its own space; the others cost nothing for it. */
  readonly view: PollView | undefined;
}

/** What a poll waits for beside the caller's own space. */
export interface PollView {
  readonly caller: Caller;
  /** Of its cursor; moved on over what the caller does not see. */
  readonly positions: Map<SpaceId, JournalPosition>;
  /** By space, once it was looked for. */
  shares: ReadonlyMap<SpaceId, readonly Share[]>;
}

const mergeMs = 200;
/** At a stop the clients are asked to come back spread over so long, since all of them come to the next start. */
const stopSpreadSeconds = 5;
/** Of one statement that compares many spaces with their journals. */
const spacesPerStatement = 1000;
/** A session that ends without a wake-up is found by this check: with the tick of the deadlines within 2 s, by one statement for 1,000 polls. */
const credentialCheckMs = 1500;
const credentialsPerStatement = 1000;

/**
 * The polls that wait in this process. Each subscribes to the wake-ups of its space first, then compares its cursor
 * with the journal, then waits: a commit falls either before the comparison or after the subscription. A wake-up is only a hint: what
 * is answered is read from the journal, once for all polls of the space.
 */
export class HeldPolls {
  readonly #options: HeldPollsOptions;
  readonly #bySpace = new Map<SpaceId, Set<Poll>>();
  readonly #load: Load;
  readonly #deadlines: Deadlines<Poll>;
  readonly #gate: WakeGate;
  #stopping = false;
  /** A wake-up came, and the journal could not be read. */
  #missed = false;
  #checkedAtMs = performance.now();
  #checking = false;

  constructor(options: HeldPollsOptions) {
    this.#options = options;
    this.#load = new Load(options.random);
    this.#deadlines = new Deadlines(
      (poll) => void this.#timeIsUp(poll),
      (latenessMs) => {
        this.#load.noteLateness(latenessMs);
        this.#checkNowAndThen();
      },
    );
    this.#gate = new WakeGate((spaceId) => this.#answerSpace(spaceId), mergeMs);
  }

  get size(): number {
    return this.#deadlines.size;
  }

  /** A poll that is not held yet. @throws HoldfastError bad_request, and reset for a cursor of another view */
  open(caller: Caller, token: string): Poll {
    const { spaceId, credential } = caller;
    const { epoch, seq, tag, notified } = positionIn(caller, token);
    const positions = new Map(decodeToken(token).map((position) => [position.spaceId, position]));
    const view = caller.owns && !caller.receives ? undefined : { caller, positions, shares: new Map() };
    const endsAtMicros = caller.endsAtMicros ?? Infinity;
    const held = { answer: undefined, slot: 0, heldSinceMicros: Infinity, woken: false };
    return { spaceId, epoch, seq, notified, tag, credential, endsAtMicros, view, ...held };
  }

  /**
   * Answers once the journal is ahead of the poll's cursor or the time is over.
   * @param answer called once; with an error where the cursor is of another history (reset), the session ended
   * meanwhile (unauthenticated) or the database does not answer (unavailable)
   */
  hold(poll: Poll, timeoutMs: number, answer: (answer: PollAnswer | HoldfastError) => void): void {
    if (this.#stopping) {
      answer(this.#stopAnswer());
      return;
    }
    poll.answer = answer;
    poll.heldSinceMicros = this.#options.clock.nowMicros();
    const endsMs = (poll.endsAtMicros - poll.heldSinceMicros) / 1000;
    this.#add(poll, Math.max(0, Math.min(timeoutMs, endsMs)));
    void this.#compare(poll);
  }

  /** The client went away. */
  leave(poll: Poll): void {
    this.#settle(poll, undefined);
  }

  /** Something was committed in this space, here or in another process. Costs nothing where nobody waits for it. */
  wake(spaceId: SpaceId): void {
    if (this.#bySpace.has(spaceId)) this.#gate.wake(spaceId);
  }

  /**
   * For when wake-ups may have been lost: every poll's cursor is compared with its journal again. Where the database fails at that it is
   * asked again within seconds: nobody would wake those polls a second time.
   */
  async compareAll(): Promise<void> {
    this.#missed = false;
    try {
      await this.#compareEach();
    } catch (error) {
      this.#missed = true;
      throw error;
    }
  }

  async #compareEach(): Promise<void> {
    const byShard = new Map<Shard, SpaceId[]>();
    for (const spaceId of this.#bySpace.keys()) {
      const shard = this.#options.shards.ofId(spaceId);
      const list = byShard.get(shard);
      if (list === undefined) byShard.set(shard, [spaceId]);
      else list.push(spaceId);
    }
    for (const [shard, spaceIds] of byShard) {
      for (let start = 0; start < spaceIds.length; start += spacesPerStatement) {
        const heads = await readHeads(shard, spaceIds.slice(start, start + spacesPerStatement));
        for (const head of heads) if (this.#isMoved(head)) this.wake(head.spaceId);
      }
    }
  }

  /** Answers everything that is held, and from now on whatever comes, at once. */
  stop(): void {
    this.#stopping = true;
    for (const polls of this.#bySpace.values()) for (const poll of polls) this.#settle(poll, this.#stopAnswer());
  }

  #stopAnswer(): PollAnswer {
    return { change: undefined, backoffSeconds: this.#load.spread(stopSpreadSeconds) };
  }

  async #compare(poll: Poll): Promise<void> {
    try {
      const { spaceId, epoch, seq, tag = "" } = poll;
      const head = await checkPosition(this.#options.shards.ofId(spaceId), { spaceId, epoch, seq, tag });
      poll.tag = undefined;
      // A link has no space of its own: what happened in this one counts only where it sees it.
      const isOwn = poll.view?.caller.owns !== false;
      if (isOwn && (head.seq > poll.seq || poll.woken || isTold(poll, head))) await this.#answer(poll.spaceId, [poll]);
      else if (poll.view !== undefined) await this.#watchShares(poll, poll.view);
    } catch (error) {
      this.#fail(poll, toHoldfastError(error));
    }
  }

  /** That of a link ends with it, if that is sooner. */
  async #timeIsUp(poll: Poll): Promise<void> {
    if (poll.credential.kind !== "link") return this.#settle(poll, undefined);
    try {
      const live = await findLiveCredentials(this.#options, [poll.credential]);
      if (!this.#isEnded(poll, live)) this.#settle(poll, undefined);
    } catch (error) {
      this.#fail(poll, toHoldfastError(error));
    }
  }

  /** Subscribes first and looks then, as for the caller's own space. */
  async #watchShares(poll: Poll, view: PollView): Promise<void> {
    const shares = await findShares(this.#options.shards, view.caller);
    if (poll.answer === undefined) return;
    view.shares = Map.groupBy(shares, (share) => share.spaceId);
    for (const spaceId of view.shares.keys()) this.#subscribe(spaceId, poll);
    for (const spaceId of view.shares.keys()) await this.#answerShares(spaceId, [poll]);
  }

  /** Of polls that see a folder of the space those for which something has happened in it: one look at the journal for all of them. */
  async #answerShares(spaceId: SpaceId, polls: readonly Poll[]): Promise<void> {
    const watching = polls.flatMap((poll) => {
      const shares = poll.view?.shares.get(spaceId);
      if (poll.view === undefined || shares === undefined || poll.answer === undefined) return [];
      const { caller, positions } = poll.view;
      return [{ poll, caller, positions, shares }];
    });
    if (watching.length === 0) return;
    const news = await findNews(this.#options.shards, spaceId, watching);
    // A link ends by a change of the space that its poll sees nothing of.
    const told = watching.filter((each) => news.has(each) || each.poll.credential.kind === "link");
    if (told.length === 0) return;
    const credentials = told.map(({ poll }) => poll.credential);
    const live = await findLiveCredentials(this.#options, credentials);
    for (const each of told) {
      const change = news.get(each);
      if (this.#isEnded(each.poll, live)) continue;
      if (change instanceof HoldfastError) this.#fail(each.poll, change);
      else if (change !== undefined) this.#answerWith(each.poll, change);
    }
  }

  /** Sessions and tokens end in other processes too, and nobody tells: not even `admin` beside this server can. */
  #checkNowAndThen(): void {
    if (this.#checking || performance.now() - this.#checkedAtMs < credentialCheckMs) return;
    this.#checking = true;
    void Promise.all([this.#endSignedOut(), this.#makeUp()]).finally(() => {
      this.#checking = false;
      this.#checkedAtMs = performance.now();
    });
  }

  async #makeUp(): Promise<void> {
    if (!this.#missed) return;
    await this.compareAll().catch((error: unknown) => {
      this.#options.log.debug({ reason: toHoldfastError(error).message }, "held polls could not be compared again");
    });
  }

  async #endSignedOut(): Promise<void> {
    const polls: Poll[] = [];
    for (const ofSpace of this.#bySpace.values()) for (const poll of ofSpace) polls.push(poll);
    try {
      for (let start = 0; start < polls.length; start += credentialsPerStatement) {
        const some = polls.slice(start, start + credentialsPerStatement);
        const credentials = some.map((poll) => poll.credential);
        const live = await findLiveCredentials(this.#options, credentials);
        for (const poll of some) this.#isEnded(poll, live);
      }
    } catch (error) {
      // They are held on until the next time; whatever is answered meanwhile is checked by itself.
      this.#options.log.debug({ reason: toHoldfastError(error).message }, "held polls could not be checked");
    }
  }

  /** Answers a poll whose session ended, and one that other rules hold for by now: what comes next is asked by them. */
  #isEnded(poll: Poll, live: ReadonlyMap<Caller["credential"], Liveness>): boolean {
    const liveness = live.get(poll.credential);
    if (liveness === "live") return false;
    if (liveness === "anew") this.#settle(poll, undefined);
    else this.#fail(poll, signedOut());
    return true;
  }

  #isMoved(head: JournalHead): boolean {
    const { spaceId, epoch, seq } = head;
    for (const poll of this.#bySpace.get(spaceId) ?? []) {
      if (poll.spaceId === spaceId && isTold(poll, head)) return true;
      const at = poll.spaceId === spaceId ? poll : poll.view?.positions.get(spaceId);
      if (at?.seq !== seq || at.epoch !== epoch) return true;
    }
    return false;
  }

  #answerSpace(spaceId: SpaceId): void {
    const polls: Poll[] = [];
    const beside: Poll[] = [];
    for (const poll of this.#bySpace.get(spaceId) ?? []) {
      if (poll.spaceId !== spaceId || poll.view?.caller.owns === false) beside.push(poll);
      else if (poll.tag === undefined) polls.push(poll);
      else poll.woken = true;
    }
    const own = polls.length === 0 ? Promise.resolve() : this.#answer(spaceId, polls);
    Promise.all([own, this.#answerShares(spaceId, beside)]).catch((error: unknown) => {
      // They are held on: the next check, or the next wake-up before it, makes up for this one.
      this.#missed = true;
      this.#options.log.warn(
        { reason: toHoldfastError(error).message, polls: polls.length },
        "a wake-up was missed and follows later",
      );
    });
  }

  /** One reading of the journal and one of the credentials, whatever the number of polls. */
  async #answer(spaceId: SpaceId, polls: readonly Poll[]): Promise<void> {
    const credentials = polls.map((poll) => poll.credential);
    const [newest, live] = await Promise.all([
      readNewestChange(this.#options.shards.ofId(spaceId), spaceId),
      findLiveCredentials(this.#options, credentials),
    ]);
    for (const poll of polls) {
      if (this.#isEnded(poll, live)) continue;
      if (newest === undefined || newest.head.epoch !== poll.epoch || newest.head.seq < poll.seq) {
        this.#fail(poll, reset("epoch"));
        continue;
      }
      if (newest.head.seq === poll.seq) {
        if (isTold(poll, newest.head) && newest.notification !== undefined) this.#answerWith(poll, newest.notification);
        continue;
      }
      // Ahead of the cursor, and yet the newest entry is no longer kept: the cursor's is not either.
      if (newest.change === undefined) this.#fail(poll, reset("expired"));
      else this.#answerWith(poll, newest.change);
    }
  }

  #answerWith(poll: Poll, change: NewestChange): void {
    if (poll.answer === undefined) return;
    this.#load.noteAnswers(1);
    this.#noteDelivered(poll, change);
    this.#settle(poll, { change, backoffSeconds: this.#load.backoffSeconds() });
  }

  /** What happened before the poll was there says how long its client was away, and nothing of this server. */
  #noteDelivered({ heldSinceMicros }: Poll, { atMicros }: NewestChange): void {
    if (atMicros < heldSinceMicros) return;
    this.#options.onDelivered?.(Math.max(0, this.#options.clock.nowMicros() - atMicros) / 1e6);
  }

  #add(poll: Poll, timeoutMs: number): void {
    this.#subscribe(poll.spaceId, poll);
    poll.slot = this.#deadlines.add(poll, timeoutMs);
    this.#options.onHeld?.();
  }

  #subscribe(spaceId: SpaceId, poll: Poll): void {
    const polls = this.#bySpace.get(spaceId);
    if (polls === undefined) this.#bySpace.set(spaceId, new Set([poll]));
    else polls.add(poll);
  }

  #unsubscribe(spaceId: SpaceId, poll: Poll): void {
    const polls = this.#bySpace.get(spaceId);
    polls?.delete(poll);
    if (polls?.size === 0) this.#bySpace.delete(spaceId);
  }

  /** @param answer undefined where nothing happened in time, or nobody is there to be told */
  #settle(poll: Poll, answer: PollAnswer | undefined): void {
    this.#release(poll)?.(answer ?? { change: undefined, backoffSeconds: this.#load.backoffSeconds() });
  }

  #fail(poll: Poll, error: HoldfastError): void {
    this.#release(poll)?.(error);
  }

  /** @returns what the poll was to be answered by; undefined for one that was answered before */
  #release(poll: Poll): Poll["answer"] {
    const { answer } = poll;
    if (answer === undefined) return undefined;
    poll.answer = undefined;
    this.#deadlines.remove(poll, poll.slot);
    this.#unsubscribe(poll.spaceId, poll);
    for (const spaceId of poll.view?.shares.keys() ?? []) this.#unsubscribe(spaceId, poll);
    this.#options.onReleased?.();
    return answer;
  }
}

/** Its account was told something since. */
function isTold({ notified }: Poll, head: Pick<JournalHead, "notified">): boolean {
  return notified !== undefined && head.notified > notified;
}

function signedOut(): HoldfastError {
  return new HoldfastError("unauthenticated", "The session or token ended while the poll was held. Sign in again.");
}
