import type { NodeId } from "@holdfast/core/ids";
import { lineOf, pathOfNode } from "../model/tree-paths.ts";
import type { Plan, RemoteOperation } from "../plan/plan-types.ts";
import type { SyncState } from "../state/sync-state.ts";
import { trashTopOf } from "./trash-top.ts";
import type { Trees } from "../model/trees.ts";
import type { NodeKind } from "@holdfast/sync-ports/ports";
import { type BrakeLimits, deletionLimits, eachDeletion, judge, leastInMount, rewriteLimits } from "./judge.ts";
import { type Rewrite, rewriteOf, rollbacksIn } from "./rewrites.ts";
import { basesBelow, shareOf } from "../model/whereabouts.ts";
import {
  type Braked,
  brakeId,
  brakeKey,
  type BrakeRecord,
  type BrakeSide,
  type DeletionThere,
  deletionsThere,
  isRewriteSide,
  type RewriteSide,
  rewriteSides,
} from "../model/brake-record.ts";

/** What waits for a person, as it is shown to one. */
export interface WaitingChange {
  /** Names exactly this change of exactly this state. */
  readonly id: string;
  readonly what: "deletion" | "rewrite";
  /**
   * Reason for which it waits: there are very many, the file holds earlier content again or looks damaged, or something else stands in the place
   * of a folder, or links in those of several files.
   */
  readonly why: "many" | "rollback" | "damage" | "replaced";
  readonly path: string;
  /** Where it would be done. */
  readonly side: "here" | "server";
  readonly kind: NodeKind;
  /** Of the file that would go or be replaced. */
  readonly bytes: number;
}

export type BrakeSetting = number | "off" | undefined;

/** Holds what is more often an accident than a wish, and remembers what a person said to it. */
export class Brakes {
  readonly #state: SyncState;
  readonly #setting: BrakeSetting;
  readonly #nowMs: () => number;

  /** @param setting so many deletions are too many; undefined: 500, or a quarter of the tree */
  constructor(state: SyncState, setting: BrakeSetting, nowMs: () => number) {
    this.#state = state;
    this.#setting = setting;
    this.#nowMs = nowMs;
  }

  /**
   * Tells whether so many files go back to earlier contents that this is a restored backup: then the files that it lacks were not deleted by
   * a person either. Approved files, and those that have waited for long, say nothing about present deletions.
   */
  isRolledBack(trees: Trees): boolean {
    if (this.#setting === "off") return false;
    const rollbacks = this.#rollbacks(rollbacksIn(this.#state, trees));
    return rewriteLimits("rollback", rollbacks).isTooMany(rollbacks.length, this.#state.synced.size);
  }

  /**
   * Rewrites of a plan that may be rollbacks to versions from before this device knew the files, where there would be too many of them. A
   * device that was set up anew knows none, and a backup is often restored to one.
   */
  suspectedRollbacks(remote: readonly RemoteOperation[]): readonly Rewrite[] {
    if (this.#setting === "off") return [];
    const suspects = remote.flatMap((each) => rewriteOf(this.#state, each)).filter(({ isUnknown }) => isUnknown);
    const sinceMs = this.#nowMs() - rewriteLimits("rollback").windowMs;
    const lately = this.#records("released").filter(({ side, atMs }) => side === "rewrite" && atMs > sinceMs);
    const ids = new Set(suspects.map(({ nodeId }) => nodeId));
    const all = [...suspects, ...lately.filter(({ nodeId }) => !ids.has(nodeId))];
    return rewriteLimits("rollback", all).isTooMany(all.length, this.#state.synced.size) ? suspects : [];
  }

  /** True for an upload that may be a part of a backup that is being restored: older content, or unknown content with an old time. */
  isLikeRestored(operation: RemoteOperation): boolean {
    if (this.#setting === "off" || isApproved(this.#state.brakes, operation)) return false;
    return rewriteOf(this.#state, operation).some(
      ({ side, isUnknown, isOldByTime }) => side === "rollback" || (isUnknown && isOldByTime),
    );
  }

  /** Those that are planned for the first time, and those of the last minutes that were sent or wait. */
  #rollbacks(planned: readonly Rewrite[]): readonly Pick<BrakeRecord, "isOldByTime">[] {
    const sinceMs = this.#nowMs() - rewriteLimits("rollback").windowMs;
    const records = [...this.#state.brakes.values()].filter(({ side }) => side === "rollback");
    const lately = records.filter(({ standing, atMs }) => atMs > sinceMs && standing !== "approved");
    const known = new Set(records.map(({ nodeId, base }) => `${nodeId} ${base}`));
    return [...lately, ...planned.filter(({ nodeId, base }) => !known.has(`${nodeId} ${base}`))];
  }

  /**
   * @param planned as `markReplaced` returns them
   * @param isRolledBack see there
   * @returns the nodes whose deletion waits
   */
  holdDeletions(planned: readonly Braked[], isRolledBack = false): ReadonlySet<NodeId> {
    const usual = deletionLimits(this.#own);
    const sorted = planned.map((each) => ({ ...each, side: this.#decidedSide(each) ?? each.side }));
    const of = (side: BrakeSide): Braked[] => sorted.filter((each) => each.side === side);
    return new Set([
      ...this.#hold("here", of("here"), usual),
      ...this.#holdThere(of("server"), isRolledBack ? eachDeletion : undefined),
      ...this.#hold("replaced", of("replaced"), eachDeletion),
    ]);
  }

  get #own(): number | undefined {
    return this.#setting === "off" ? undefined : this.#setting;
  }

  /** Each mount is judged by itself. @param limits undefined: the usual ones */
  #holdThere(planned: readonly Braked[], limits: BrakeLimits | undefined): readonly NodeId[] {
    const there = planned.map((each) => ({ ...each, share: shareOf(this.#state, this.#state.remote, each.nodeId) }));
    const shares = new Map(there.map((each) => [brakeKey(each), each.share]));
    const all = [...this.#state.brakes].filter(([, { side }]) => side === "server");
    // A node that moved into another mount counts there.
    const recordsOf = Map.groupBy(all, ([key, { share }]) => (shares.has(key) ? shares.get(key) : share));
    const groups = new Set([...shares.values(), ...recordsOf.keys()]);
    return [...groups].flatMap((share) => {
      const usual = share === undefined ? deletionLimits(this.#own) : deletionLimits(this.#own, leastInMount);
      const ofShare = there.filter((each) => each.share === share);
      const known = this.#knownIn(share, ofShare.length + (recordsOf.get(share)?.length ?? 0));
      const records = new Map(recordsOf.get(share));
      return this.#hold("server", ofShare, limits ?? usual, { records, known });
    });
  }

  /** How many nodes of a mount both sides have agreed on. It is counted as far as `count` deletions can be a quarter of them. */
  #knownIn(share: NodeId | undefined, count: number): number {
    if (share === undefined) return this.#state.synced.size;
    return basesBelow(this.#state, [share])
      .take(4 * count + 1)
      .reduce((known) => known + 1, 0);
  }

  /** A decision stays while the link is removed and the folder comes back piece by piece. */
  #decidedSide({ nodeId, side: planned }: Braked): DeletionThere | undefined {
    if (planned === "here") return undefined;
    return deletionsThere.find((side) => {
      const standing = this.#state.brakes.get(brakeKey({ side, nodeId }))?.standing;
      return standing === "waiting" || standing === "approved";
    });
  }

  /** The plan without the uploads of rewritten files that wait. */
  holdRewrites(plan: Plan): Plan {
    this.#forgetUndone();
    const rewrites = plan.remote.flatMap((operation) => rewriteOf(this.#state, operation));
    const decided = this.#decidedOf(plan);
    const held = new Set(
      rewriteSides.flatMap((side) => {
        const own = rewrites.filter((each) => each.side === side);
        const planned = [...own, ...decided.filter((each) => each.side === side)];
        return this.#hold(side, planned, rewriteLimits(side, this.#rollbacks(side === "rollback" ? own : [])));
      }),
    );
    if (held.size === 0) return plan;
    const isHeld = ({ op, id }: RemoteOperation): boolean => op === "put" && held.has(id);
    return {
      ...plan,
      remote: plan.remote.filter((operation) => !isHeld(operation)),
      waiting: new Map([...plan.waiting, ...[...held].map((id) => [id, "rewritten"] as const)]),
    };
  }

  /** Changes that wait, by path. @param side undefined: all sides */
  waiting(side?: BrakeSide): readonly WaitingChange[] {
    return this.#byPath(this.#undecided().filter((record) => side === undefined || record.side === side));
  }

  /** Approved changes that have not been made or sent yet, by path. */
  approved(): readonly WaitingChange[] {
    return this.#byPath(this.#unsent());
  }

  /** Deletions here that were undone, and that the server has not been asked to restore yet, by path. */
  undone(): readonly WaitingChange[] {
    return this.#byPath(this.#records("waiting").filter((record) => this.#isUndone(record)));
  }

  /** Without those that the server is to restore: they are held until it has. */
  #undecided(): BrakeRecord[] {
    const waiting = this.#records("waiting");
    return this.#state.answers.size === 0 ? waiting : waiting.filter((record) => !this.#isUndone(record));
  }

  #isUndone(record: BrakeRecord): boolean {
    const top = this.#topOf(record);
    return top !== undefined && this.#state.answers.get(top) === "restore";
  }

  get waitingDeletions(): number {
    return this.#undecided().filter(({ side }) => !isRewriteSide(side)).length;
  }

  /** How many uploads wait. */
  waitingOf(side: RewriteSide): number {
    return this.#records("waiting").filter((record) => record.side === side).length;
  }

  /** Exactly these; what waits beside them, or rests on another state by now, waits on. */
  approve(ids: readonly string[]): void {
    const chosen = this.#chosen(ids);
    const atMs = this.#nowMs();
    this.#state.commit({
      brakes: chosen.map((record) => [brakeKey(record), { ...record, standing: "approved", atMs }] as const),
      answers: [...this.#wholeTops(chosen)].map((id) => [id, "approve"] as const),
    });
  }

  /**
   * Withdraws the approval of changes that have not been made or sent: they wait again. An engine that uses the state may be sending them.
   * @returns the ids of those
   */
  withdraw(ids: readonly string[]): ReadonlySet<string> {
    const wanted = new Set(ids);
    const withdrawn = this.#unsent().filter((record) => wanted.has(brakeId(record)));
    const tops = new Set(withdrawn.flatMap((record) => this.#topOf(record) ?? []));
    const answers = [...tops].filter((id) => this.#state.answers.get(id) === "approve");
    this.#state.commit({
      brakes: withdrawn.map((record) => [brakeKey(record), { ...record, standing: "waiting" }] as const),
      answers: answers.map((id) => [id, undefined] as const),
    });
    return new Set(withdrawn.map(brakeId));
  }

  /** An operation that got no answer may have been carried out, and that of a folder includes everything in it. */
  #unsent(): BrakeRecord[] {
    const { rootId, remote, synced, offers } = this.#state;
    const offered = new Set(offers.flatMap(({ nodeId, isRefused }) => (isRefused === true ? [] : [nodeId])));
    const isOpen = (id: NodeId): boolean => synced.has(id) && !offered.has(id);
    return this.#records("approved").filter(({ nodeId, side, base }) => {
      if (isRewriteSide(side)) return isOpen(nodeId) && synced.get(nodeId)?.content !== base;
      return side === "here" ? isOpen(nodeId) : lineOf({ rootId, local: remote }, nodeId).every(isOpen);
    });
  }

  /**
   * What is in the trash of the account's own space, or was removed for good, and of which all that waits here is chosen. The server is told of it,
   * so that one answer counts on all devices of the account.
   */
  #wholeTops(chosen: readonly BrakeRecord[]): ReadonlySet<NodeId> {
    const wanted = new Set(chosen);
    const rest = this.#records("waiting").filter((record) => !wanted.has(record));
    const others = new Set(rest.map((record) => this.#topOf(record)));
    const tops = chosen.flatMap((record) => this.#topOf(record) ?? []);
    return new Set(tops.filter((id) => !others.has(id) && shareOf(this.#state, this.#state.remote, id) === undefined));
  }

  #topOf({ side, nodeId }: BrakeRecord): NodeId | undefined {
    return side === "here" ? trashTopOf(this.#state.remote, nodeId) : undefined;
  }

  /**
   * A deletion is taken back: what the server's trash has is restored there, for all devices; else, without a base, the other side's node
   * counts as new, and comes back from there. So is a rewriting: with what it left as the base the server's version counts as the newer one.
   */
  undo(ids: readonly string[]): void {
    const chosen = this.#chosen(ids);
    const tops = this.#wholeTops(chosen);
    const deletions = chosen.filter(
      (record) => !isRewriteSide(record.side) && !tops.has(this.#topOf(record) as NodeId),
    );
    const rewrites = chosen.flatMap((record) => {
      const base = this.#state.synced.get(record.nodeId);
      const local = this.#state.local.get(record.nodeId);
      // Rewritten again since: that is another change, and waits for itself.
      if (!isRewriteSide(record.side) || base === undefined || local?.content !== record.base) return [];
      return [{ record, base: { ...base, content: local.content } }];
    });
    const atMs = this.#nowMs();
    this.#state.commit({
      brakes: [
        ...deletions.map((record) => [brakeKey(record), undefined] as const),
        ...rewrites.map(({ record }) => [brakeKey(record), { ...record, standing: "undone", atMs }] as const),
      ],
      synced: [
        ...deletions.map(({ nodeId }) => [nodeId, undefined] as const),
        ...rewrites.map(({ record, base }) => [record.nodeId, base] as const),
      ],
      answers: [...tops].map((id) => [id, "restore"] as const),
    });
  }

  /** The server does not restore it: what waits with it counts as new here. */
  undoAlone(top: NodeId): void {
    const records = this.#records("waiting").filter((record) => this.#topOf(record) === top);
    this.#state.commit({
      brakes: records.map((record) => [brakeKey(record), undefined] as const),
      synced: records.map(({ nodeId }) => [nodeId, undefined] as const),
    });
  }

  /** Decisions about files that wait for something else, such as the end of a refusal or their own move. They stand until that is over. */
  #decidedOf({ remote, waiting }: Plan): BrakeRecord[] {
    const [puts, others] = [new Set<NodeId>(), new Set(waiting.keys())];
    for (const { op, id } of remote) (op === "put" ? puts : others).add(id);
    return [...this.#records("waiting"), ...this.#records("approved")].filter(({ side, nodeId, base }) => {
      const isOpen = isRewriteSide(side) && others.has(nodeId) && !puts.has(nodeId);
      return isOpen && this.#state.local.get(nodeId)?.content === base;
    });
  }

  /** Files that look damaged, were too few to wait, and have arrived on the server: each once. */
  takeSentDamage(): readonly NodeId[] {
    const sent = this.#records("released").filter(
      ({ side, nodeId, base, isReported }) =>
        side === "damage" && isReported !== true && this.#state.remote.get(nodeId)?.content === base,
    );
    if (sent.length === 0) return [];
    this.#state.commit({ brakes: sent.map((record) => [brakeKey(record), { ...record, isReported: true }] as const) });
    return sent.map(({ nodeId }) => nodeId);
  }

  #hold(
    side: BrakeSide,
    planned: readonly Braked[],
    limits: BrakeLimits,
    { records, known } = { records: this.#state.brakes, known: this.#state.synced.size },
  ): NodeId[] {
    const isOff = this.#setting === "off";
    // What waited before it was turned off goes, and waits no more.
    const judged = isOff ? [] : planned;
    const { held, changes } = judge(side, judged, records, { limits, nowMs: this.#nowMs(), known });
    if (changes.size > 0) this.#state.commit({ brakes: changes });
    return held.map(({ nodeId }) => nodeId);
  }

  /** What was undone has been replaced, or rewritten again. */
  #forgetUndone(): void {
    const over = this.#records("undone").filter(({ nodeId, base }) => this.#state.local.get(nodeId)?.content !== base);
    if (over.length === 0) return;
    this.#state.commit({ brakes: over.map((record) => [brakeKey(record), undefined] as const) });
  }

  #chosen(ids: readonly string[]): BrakeRecord[] {
    const wanted = new Set(ids);
    return this.#undecided().filter((record) => wanted.has(brakeId(record)));
  }

  #records(standing: BrakeRecord["standing"]): BrakeRecord[] {
    return [...this.#state.brakes.values()].filter((record) => record.standing === standing);
  }

  #byPath(records: readonly BrakeRecord[]): readonly WaitingChange[] {
    return records.map((record) => this.#show(record)).toSorted((one, other) => (one.path < other.path ? -1 : 1));
  }

  #show(record: BrakeRecord): WaitingChange {
    const { nodeId, side } = record;
    const [local, remote] = [this.#state.local.get(nodeId), this.#state.remote.get(nodeId)];
    const bytes = side === "here" ? local?.fingerprint.sizeBytes : remote?.sizeBytes;
    return {
      id: brakeId(record),
      what: isRewriteSide(side) ? "rewrite" : "deletion",
      why: side === "rollback" || side === "damage" || side === "replaced" ? side : "many",
      path: pathOfNode(this.#state, nodeId) ?? nodeId,
      side: side === "here" ? "here" : "server",
      kind: local?.kind ?? remote?.kind ?? "file",
      bytes: bytes ?? 0,
    };
  }
}

/** Whether a person has approved what is about to be sent. */
export function isApproved(records: ReadonlyMap<string, BrakeRecord>, operation: RemoteOperation): boolean {
  const isRewrite = operation.op === "put" && operation.revive === undefined;
  if (!isRewrite && operation.op !== "delete") return false;
  const sides = isRewrite ? rewriteSides : deletionsThere;
  return sides.some((side) => records.get(brakeKey({ side, nodeId: operation.id }))?.standing === "approved");
}
