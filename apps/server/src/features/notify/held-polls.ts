import { HoldfastError, toHoldfastError } from "@holdfast/core/errors";
import type { SpaceId } from "@holdfast/core/ids";
import type { Caller } from "../accounts/context/caller.ts";
import { findLiveCredentials, type Liveness } from "../accounts/callers/live-credentials.ts";
import type { CredentialWorld } from "../accounts/context/overdue.ts";
import type { Shard } from "../../base/db/shards.ts";
import { checkPosition, positionIn, reset } from "../../tree/journal/journal-position.ts";
import { decodeToken, type JournalPosition } from "../../tree/journal/change-token.ts";
import { findShares, type Share } from "../../tree/journal/share-changes.ts";
import { type JournalHead, type NewestChange, readHeads, readNewestChange } from "../../tree/journal/newest-change.ts";
import type { Log } from "../../base/operation/log.ts";
import { Deadlines } from "./deadlines.ts";
import { Load } from "./load.ts";
import { findNews } from "./share-news.ts";
import { WakeGate } from "./wake-gate.ts";

export interface PollAnswer {
  /** undefined: nothing changed before the timeout or the server's stop. */
  readonly change: NewestChange | undefined;
  readonly backoffSeconds: number;
}

export interface HeldPollsOptions extends CredentialWorld {
  /** 0 to 1. */
  readonly random: () => number;
  readonly log: Log;
  readonly onHeld?: () => void;
  readonly onReleased?: () => void;
  /** Receives the seconds since the change. */
  readonly onDelivered?: (seconds: number) => void;
}

/** State of a waiting request, minimal because there may be many thousands. */
export interface Poll {
  readonly spaceId: SpaceId;
  readonly epoch: string;
  readonly seq: number;
  /** Last notification in the cursor; undefined for a link or an older version's cursor. */
  readonly notified: number | undefined;
  /** Cursor's tag, until compared with the journal; before that, a wake-up only sets `woken`. */
  tag: string | undefined;
  readonly credential: Caller["credential"];
  /** Expiry of a link, else infinite. */
  readonly endsAtMicros: number;
  /** Called once; undefined while the poll is not held. */
  answer: ((answer: PollAnswer | HoldfastError) => void) | undefined;
  slot: number;
  /** By the server's clock. */
  heldSinceMicros: number;
  woken: boolean;
  /** Set only for callers that see more than their own space. */
  readonly view: PollView | undefined;
}

export interface PollView {
  readonly caller: Caller;
  /** Cursor's positions, advanced past entries that the caller cannot see. */
  readonly positions: Map<SpaceId, JournalPosition>;
  /** Shares by space; empty until read. */
  shares: ReadonlyMap<SpaceId, readonly Share[]>;
}

const mergeMs = 200;
/** When the server stops, all clients reconnect to the next one, spread over this time. */
const stopSpreadSeconds = 5;
const spacesPerStatement = 1000;
/** Ended sessions are found within 2 s, also without a wake-up. */
const credentialCheckMs = 1500;
const credentialsPerStatement = 1000;

/**
 * Waiting polls of this process. Each poll subscribes to wake-ups of its space before it compares its cursor with the
 * journal, so no commit is missed. A wake-up is only a hint: answers are read from the journal, once for all polls.
 */
export class HeldPolls {
  readonly #options: HeldPollsOptions;
  readonly #bySpace = new Map<SpaceId, Set<Poll>>();
  readonly #load: Load;
  readonly #deadlines: Deadlines<Poll>;
  readonly #gate: WakeGate;
  #stopping = false;
  /** A wake-up came while the journal could not be read. */
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

  /** Creates a poll that is not held. @throws HoldfastError bad_request, or reset for a cursor of another view */
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
   * Answers when the journal is ahead of the cursor, or after the timeout.
   * @param answer called once; with an error for a cursor of another history (reset), an ended session
   * (unauthenticated) or an unavailable database (unavailable)
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

  leave(poll: Poll): void {
    this.#settle(poll, undefined);
  }

  /** Called after a commit in this space, in any process. Costs nothing without waiting polls. */
  wake(spaceId: SpaceId): void {
    if (this.#bySpace.has(spaceId)) this.#gate.wake(spaceId);
  }

  /**
   * Compares all cursors with their journals, because wake-ups may have been lost. A database error causes a retry
   * within seconds, because no other wake-up would come.
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

  /** Answers all held polls, and later ones immediately. */
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
      // A link has no own space; changes here count only if the link sees them.
      const isOwn = poll.view?.caller.owns !== false;
      if (isOwn && (head.seq > poll.seq || poll.woken || hasNotification(poll, head)))
        await this.#answer(poll.spaceId, [poll]);
      else if (poll.view !== undefined) await this.#watchShares(poll, poll.view);
    } catch (error) {
      this.#fail(poll, toHoldfastError(error));
    }
  }

  /** A link's poll ends with the link, if that is earlier. */
  async #timeIsUp(poll: Poll): Promise<void> {
    if (poll.credential.kind !== "link") return this.#settle(poll, undefined);
    try {
      const live = await findLiveCredentials(this.#options, [poll.credential]);
      if (!this.#isEnded(poll, live)) this.#settle(poll, undefined);
    } catch (error) {
      this.#fail(poll, toHoldfastError(error));
    }
  }

  /** Subscribes before it reads, as for the caller's own space. */
  async #watchShares(poll: Poll, view: PollView): Promise<void> {
    const shares = await findShares(this.#options.shards, view.caller);
    if (poll.answer === undefined) return;
    view.shares = Map.groupBy(shares, (share) => share.spaceId);
    for (const spaceId of view.shares.keys()) this.#subscribe(spaceId, poll);
    for (const spaceId of view.shares.keys()) await this.#answerShares(spaceId, [poll]);
  }

  /** Answers polls that see a change in one of their folders. Reads the journal once for all of them. */
  async #answerShares(spaceId: SpaceId, polls: readonly Poll[]): Promise<void> {
    const watching = polls.flatMap((poll) => {
      const shares = poll.view?.shares.get(spaceId);
      if (poll.view === undefined || shares === undefined || poll.answer === undefined) return [];
      const { caller, positions } = poll.view;
      return [{ poll, caller, positions, shares }];
    });
    if (watching.length === 0) return;
    const news = await findNews(this.#options.shards, spaceId, watching);
    // A link's poll may not see the change that ends the link.
    const affected = watching.filter((each) => news.has(each) || each.poll.credential.kind === "link");
    if (affected.length === 0) return;
    const credentials = affected.map(({ poll }) => poll.credential);
    const live = await findLiveCredentials(this.#options, credentials);
    for (const each of affected) {
      const change = news.get(each);
      if (this.#isEnded(each.poll, live)) continue;
      if (change instanceof HoldfastError) this.#fail(each.poll, change);
      else if (change !== undefined) this.#answerWith(each.poll, change);
    }
  }

  /** Sessions and tokens may end in other processes, such as `admin` commands, without a wake-up. */
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
      // The polls stay held until the next check; answers check credentials anyway.
      this.#options.log.debug({ reason: toHoldfastError(error).message }, "held polls could not be checked");
    }
  }

  /**
   * Fails a poll whose session has ended. If access rules changed, the answer is empty, and the next request is
   * checked.
   */
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
      if (poll.spaceId === spaceId && hasNotification(poll, head)) return true;
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
      // The polls stay held; the next check or wake-up retries.
      this.#missed = true;
      this.#options.log.warn(
        { reason: toHoldfastError(error).message, polls: polls.length },
        "a wake-up was missed and follows later",
      );
    });
  }

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
        if (hasNotification(poll, newest.head) && newest.notification !== undefined)
          this.#answerWith(poll, newest.notification);
        continue;
      }
      // The newest entry is not stored any more, so neither is the cursor's.
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

  /** Skips changes from before the poll, which only measure the client's absence. */
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

  /** @param answer undefined after a timeout, or if the client has disconnected */
  #settle(poll: Poll, answer: PollAnswer | undefined): void {
    this.#release(poll)?.(answer ?? { change: undefined, backoffSeconds: this.#load.backoffSeconds() });
  }

  #fail(poll: Poll, error: HoldfastError): void {
    this.#release(poll)?.(error);
  }

  /** @returns undefined if already answered */
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

function hasNotification({ notified }: Poll, head: Pick<JournalHead, "notified">): boolean {
  return notified !== undefined && head.notified > notified;
}

function signedOut(): HoldfastError {
  return new HoldfastError("unauthenticated", "The session or token ended while the poll was held. Sign in again.");
}
