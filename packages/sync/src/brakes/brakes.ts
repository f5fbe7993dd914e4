import type { NodeId } from "@holdfast/core/ids";
import { selfAndAncestors, pathOfNode } from "../model/tree-paths.ts";
import type { Plan, RemoteOperation } from "../plan/plan-types.ts";
import type { SyncState } from "../state/sync-state.ts";
import { trashTopOf } from "./trash-top.ts";
import type { Trees } from "../model/trees.ts";
import type { NodeKind } from "@holdfast/sync-ports/ports";
import { type BrakeLimits, deletionLimits, eachDeletion, judge, leastInMount, rewriteLimits } from "./judge.ts";
import { type Rewrite, rewriteOf, rollbacksIn } from "./rewrites.ts";
import { basesBelow, shareOf } from "../model/enclosing-share.ts";
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

export interface WaitingChange {
  /** Valid for this exact state of the change. */
  readonly id: string;
  readonly what: "deletion" | "rewrite";
  /**
   * - rollback: earlier content again
   * - replaced: another item took the folder's place, or links took the places of several files
   */
  readonly why: "many" | "rollback" | "damage" | "replaced";
  readonly path: string;
  readonly side: "here" | "server";
  readonly kind: NodeKind;
  /** Size of the file to be deleted or replaced. */
  readonly bytes: number;
}

export type BrakeSetting = number | "off" | undefined;

/** Holds changes that are more often accidents than intended, and stores people's decisions about them. */
export class Brakes {
  readonly #state: SyncState;
  readonly #setting: BrakeSetting;
  readonly #nowMs: () => number;

  /** @param setting number of deletions from which all are held; undefined: 500, or a quarter of the tree */
  constructor(state: SyncState, setting: BrakeSetting, nowMs: () => number) {
    this.#state = state;
    this.#setting = setting;
    this.#nowMs = nowMs;
  }

  /**
   * True if so many files have earlier content again that somebody probably restored a backup. Files that it lacks were
   * then not deleted on purpose. Approved and long-held files do not count.
   */
  isRolledBack(trees: Trees): boolean {
    if (this.#setting === "off") return false;
    const rollbacks = this.#rollbacks(rollbacksIn(this.#state, trees));
    return rewriteLimits("rollback", rollbacks).isTooMany(rollbacks.length, this.#state.synced.size);
  }

  /**
   * Possible rollbacks to versions that this device never knew, if too many. A newly set up device knows no older
   * versions, and backups are often restored to one.
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

  /** True for older content, or unknown content with an old time: perhaps part of a backup being restored. */
  looksRestored(operation: RemoteOperation): boolean {
    if (this.#setting === "off" || isApproved(this.#state.brakes, operation)) return false;
    return rewriteOf(this.#state, operation).some(
      ({ side, isUnknown, isOldByTime }) => side === "rollback" || (isUnknown && isOldByTime),
    );
  }

  /** Covers rollbacks planned now, or sent or held in the last minutes. */
  #rollbacks(planned: readonly Rewrite[]): readonly Pick<BrakeRecord, "isOldByTime">[] {
    const sinceMs = this.#nowMs() - rewriteLimits("rollback").windowMs;
    const records = [...this.#state.brakes.values()].filter(({ side }) => side === "rollback");
    const lately = records.filter(({ standing, atMs }) => atMs > sinceMs && standing !== "approved");
    const known = new Set(records.map(({ nodeId, base }) => `${nodeId} ${base}`));
    return [...lately, ...planned.filter(({ nodeId, base }) => !known.has(`${nodeId} ${base}`))];
  }

  /**
   * @param planned from `markReplaced`
   * @returns nodes whose deletion is held
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

  /** Counts each mount by itself. @param limits undefined: the usual ones */
  #holdThere(planned: readonly Braked[], limits: BrakeLimits | undefined): readonly NodeId[] {
    const there = planned.map((each) => ({ ...each, share: shareOf(this.#state, this.#state.remote, each.nodeId) }));
    const shares = new Map(there.map((each) => [brakeKey(each), each.share]));
    const all = [...this.#state.brakes].filter(([, { side }]) => side === "server");
    // A node moved to another mount counts there.
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

  /** Stops once `count` deletions are less than a quarter of the nodes. */
  #knownIn(share: NodeId | undefined, count: number): number {
    if (share === undefined) return this.#state.synced.size;
    return basesBelow(this.#state, [share])
      .take(4 * count + 1)
      .reduce((known) => known + 1, 0);
  }

  /** The decision stays valid while the link is removed and the folder returns piece by piece. */
  #decidedSide({ nodeId, side: planned }: Braked): DeletionThere | undefined {
    if (planned === "here") return undefined;
    return deletionsThere.find((side) => {
      const standing = this.#state.brakes.get(brakeKey({ side, nodeId }))?.standing;
      return standing === "waiting" || standing === "approved";
    });
  }

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

  /** Held changes, sorted by path. @param side undefined: all sides */
  waiting(side?: BrakeSide): readonly WaitingChange[] {
    return this.#byPath(this.#undecided().filter((record) => side === undefined || record.side === side));
  }

  /** Approved changes that are not made or sent yet, sorted by path. */
  approved(): readonly WaitingChange[] {
    return this.#byPath(this.#unsent());
  }

  /** Undone changes that the server has not been asked to restore yet, sorted by path. */
  undone(): readonly WaitingChange[] {
    return this.#byPath(this.#records("waiting").filter((record) => this.#isUndone(record)));
  }

  /** Changes that the server must restore stay held until then. */
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

  waitingOf(side: RewriteSide): number {
    return this.#records("waiting").filter((record) => record.side === side).length;
  }

  /** Approves only these changes. Those whose state has changed since stay held. */
  approve(ids: readonly string[]): void {
    const chosen = this.#chosen(ids);
    const atMs = this.#nowMs();
    this.#state.commit({
      brakes: chosen.map((record) => [brakeKey(record), { ...record, standing: "approved", atMs }] as const),
      answers: [...this.#wholeTops(chosen)].map((id) => [id, "approve"] as const),
    });
  }

  /**
   * Withdraws the approval of changes not made or sent. A running engine may be sending them at this moment.
   * @returns ids of those held again
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

  /** Without a response, the server may have executed an operation. A folder's operation includes all its content. */
  #unsent(): BrakeRecord[] {
    const { rootId, remote, synced, offers } = this.#state;
    const offered = new Set(offers.flatMap(({ nodeId, isRefused }) => (isRefused === true ? [] : [nodeId])));
    const isOpen = (id: NodeId): boolean => synced.has(id) && !offered.has(id);
    return this.#records("approved").filter(({ nodeId, side, base }) => {
      if (isRewriteSide(side)) return isOpen(nodeId) && synced.get(nodeId)?.content !== base;
      return side === "here" ? isOpen(nodeId) : selfAndAncestors({ rootId, local: remote }, nodeId).every(isOpen);
    });
  }

  /**
   * Trashed or purged items of the account's own space whose held changes are all chosen. The server receives this
   * decision, which then applies to all devices of the account.
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
   * The server restores an item in its trash for all devices. Otherwise the deletion loses its base, and the other
   * side's node returns as new. For a rewrite, the local content becomes the base, so the server's version counts as
   * newer.
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
      // The file was rewritten again, which is a separate change.
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

  /** If the server cannot restore them, held items are new here. */
  undoAlone(top: NodeId): void {
    const records = this.#records("waiting").filter((record) => this.#topOf(record) === top);
    this.#state.commit({
      brakes: records.map((record) => [brakeKey(record), undefined] as const),
      synced: records.map(({ nodeId }) => [nodeId, undefined] as const),
    });
  }

  /** Files that wait for another reason, such as a refusal, keep their decisions. */
  #decidedOf({ remote, waiting }: Plan): BrakeRecord[] {
    const [puts, others] = [new Set<NodeId>(), new Set(waiting.keys())];
    for (const { op, id } of remote) (op === "put" ? puts : others).add(id);
    return [...this.#records("waiting"), ...this.#records("approved")].filter(({ side, nodeId, base }) => {
      const isOpen = isRewriteSide(side) && others.has(nodeId) && !puts.has(nodeId);
      return isOpen && this.#state.local.get(nodeId)?.content === base;
    });
  }

  /** Damage too small to be held, now on the server. Each node is returned once. */
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
    // Turning the brake off releases all held changes.
    const judged = isOff ? [] : planned;
    const { held, changes } = judge(side, judged, records, { limits, nowMs: this.#nowMs(), known });
    if (changes.size > 0) this.#state.commit({ brakes: changes });
    return held.map(({ nodeId }) => nodeId);
  }

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

export function isApproved(records: ReadonlyMap<string, BrakeRecord>, operation: RemoteOperation): boolean {
  const isRewrite = operation.op === "put" && operation.revive === undefined;
  if (!isRewrite && operation.op !== "delete") return false;
  const sides = isRewrite ? rewriteSides : deletionsThere;
  return sides.some((side) => records.get(brakeKey({ side, nodeId: operation.id }))?.standing === "approved");
}
