import { randomUUID } from "node:crypto";
import { backoffMs } from "@holdfast/core/backoff";
import { HoldfastError, toHoldfastError } from "@holdfast/core/errors";
import { toBucket } from "@holdfast/core/ids";
import pg from "pg";
import { toDatabaseError } from "../../base/db/database-error.ts";
import { confirmedMs, type MapTimes, mapTimes } from "../../base/db/follow-shard-map.ts";
import { isMigrated } from "../../base/db/migrate.ts";
import { shardMigrations } from "../../base/db/shard-migrations/index.ts";
import {
  type BucketMove,
  changeShardMap,
  forgetMapReaders,
  movedBuckets,
  type MoveState,
  readMapReaders,
  readShardMap,
  type ShardMap,
} from "../../base/db/shard-map.ts";
import { type Databases, frozenMsMax } from "../../base/db/shards.ts";
import type { Log } from "../../base/operation/log.ts";
import { addShard, planMove, type WantedMove } from "./plan-move.ts";
import {
  analyzeTarget,
  beginCopy,
  closeFence,
  copyCommonRows,
  type CopiedRange,
  copiedTables,
  type CopyProgress,
  emptyTarget,
  endCopy,
  endPublication,
  hasMark,
  lockMover,
  narrowFence,
  openFence,
  prepareFence,
  readProgress,
  removeFence,
  removeRows,
  type Sessions,
} from "./replication.ts";
import { withSession } from "./session.ts";

export interface MovePorts {
  readonly databases: Databases;
  readonly log: Log;
  /** Rejects with the signal's reason. */
  readonly wait: (delayMs: number, signal: AbortSignal) => Promise<unknown>;
  readonly times?: MapTimes;
}

/**
 * Stores the move. A worker then does it.
 * @throws HoldfastError conflict if buckets are moving already, or if the move cannot begin
 */
export async function startMove(ports: Pick<MovePorts, "databases" | "log">, wanted: WantedMove): Promise<BucketMove> {
  const { databases, log } = ports;
  assertNoMove((await readShardMap(dbOf(databases))).map);
  const plan = await planMove(databases, wanted);
  await addShard(databases, wanted.to, log);
  const id = randomUUID();
  const changed = await changeShardMap(dbOf(databases), ({ map, nowMs }) => {
    assertNoMove(map);
    const state = { state: "copying", started_ms: nowMs, state_ms: nowMs, freezes: 0, problem: null } as const;
    // Another move may have ended meanwhile.
    if (map !== undefined && JSON.stringify(map.buckets) !== JSON.stringify(databases.assigned()))
      throw new HoldfastError("conflict", "The assignment of buckets has just changed. Try again.");
    const { buckets, to } = wanted;
    return { buckets: databases.assigned(), move: { id, buckets: [...buckets], from: plan.from.id, to, ...state } };
  });
  return moveIn(changed);
}

function assertNoMove(map: ShardMap | undefined): void {
  if (map?.move != null) throw new HoldfastError("conflict", "Buckets are moving already. Wait until that move ends.");
}

/** @throws HoldfastError not_found without a move, conflict after the new shard serves the buckets */
export async function cancelMove({ databases }: Pick<MovePorts, "databases">): Promise<BucketMove> {
  const changed = await changeShardMap(dbOf(databases), ({ map, nowMs }) => {
    if (map?.move == null) throw new HoldfastError("not_found", "No buckets are moving.");
    if (map.move.state === "moved" || map.move.state === "removing")
      throw new HoldfastError("conflict", `The shard ${map.move.to} already serves the buckets.`);
    return { ...map, move: { ...map.move, state: "canceling", state_ms: nowMs, problem: null } };
  });
  return moveIn(changed);
}

/** @returns undefined if no buckets are moving; without the progress if a shard does not answer */
export async function readMove(
  databases: Databases,
): Promise<{ readonly move: BucketMove; readonly progress: CopyProgress | undefined } | undefined> {
  const { map } = await readShardMap(dbOf(databases));
  if (map?.move == null) return undefined;
  const { move } = map;
  if (move.state !== "copying" && move.state !== "frozen") return { move, progress: undefined };
  const progress = await withShard(databases, move.from, (source) =>
    withShard(databases, move.to, (target) => readProgress({ source, target }, copiedBy(move))),
  ).catch(() => undefined);
  return { move, progress };
}

/** Continues the stored move, if any, until it ends. @throws the problem, which is stored, or the signal's reason */
export async function continueMove(ports: MovePorts, signal: AbortSignal): Promise<void> {
  const { databases, log } = ports;
  for (;;) {
    signal.throwIfAborted();
    const { map } = await readShardMap(dbOf(databases));
    if (map?.move == null) return;
    const { move } = map;
    try {
      const work = async (source: pg.Client) => {
        await lockMover(source);
        return steps[move.state]({ ...ports, times: ports.times ?? mapTimes, signal, move, source });
      };
      const next = await withShard(databases, move.from, work, signal);
      log.info({ buckets: move.buckets, from: move.from, to: move.to, state: next ?? "done" }, "buckets move");
    } catch (error) {
      signal.throwIfAborted();
      const { code, message } = toHoldfastError(toDatabaseError(error));
      // Continued elsewhere, or canceled.
      if (code !== "locked") await noteProblem(databases, move, message);
      throw error;
    }
  }
}

interface StepWorld extends Required<MovePorts> {
  readonly signal: AbortSignal;
  readonly move: BucketMove;
  /** Session on the old shard. */
  readonly source: pg.Client;
}

interface BothWorld extends StepWorld {
  readonly sessions: Sessions;
}

/** Each can be interrupted at any point and repeated. Returns the stored next state; undefined: the move has ended. */
const steps: Readonly<Record<MoveState, (world: StepWorld) => Promise<MoveState | undefined>>> = {
  copying: (world) => withTarget(world, copy),
  // Left by an interrupted process.
  frozen: thaw,
  moved: (world) => withTarget(world, endReading),
  removing: (world) => withTarget(world, remove),
  canceling: cancel,
};

function withTarget<Result>(world: StepWorld, work: (world: BothWorld) => Promise<Result>): Promise<Result> {
  const { databases, move, source, signal } = world;
  const locked = async (target: pg.Client) => {
    await lockMover(target);
    return work({ ...world, sessions: { source, target } });
  };
  return withShard(databases, move.to, locked, signal);
}

/** The copy lags by less than this when the buckets freeze. */
const behindBytesMax = 1024 * 1024;
const progressMs = 500;

/** Pause after a failed attempt to switch, which made the accounts unavailable. */
const freezeBackoff = { firstMs: 1000, maxMs: 300_000 };

async function copy(world: BothWorld): Promise<MoveState> {
  const { sessions, move, databases, wait, signal, times } = world;
  const from = shardOf(databases, move.from);
  // Left by a process that ended during a freeze.
  await openFence(sessions);
  await prepareFence(sessions, move.buckets);
  await beginCopy(sessions, copiedBy(move), from.connection);
  const pauseMs = move.freezes === 0 ? 0 : backoffMs(freezeBackoff, move.freezes);
  const notBeforeMs = Math.max(move.started_ms + times.leaseMs, move.state_ms + pauseMs);
  for (;;) {
    const { map, nowMs } = await readShardMap(dbOf(databases));
    const { move: stored } = assertSame(map, move);
    const { copied, tables, behindBytes, problem } = await readProgress(sessions, copiedBy(move));
    if (problem !== undefined) throw new HoldfastError("failed", `${problem} Cancel the move, and start it again.`);
    const isCopied = copied === copiedTables && tables === copiedTables && behindBytes <= behindBytesMax;
    if (isCopied && nowMs >= notBeforeMs) break;
    // The copy progresses again. A problem of the switch remains until the next attempt.
    if (!isCopied && stored.problem !== null) await noteProblem(databases, move, null);
    await wait(Math.min(progressMs, times.leaseMs), signal);
  }
  if (!(await isMigrated(shardOf(databases, move.to).db, shardMigrations)))
    throw new HoldfastError("failed", "Holdfast was upgraded during the move. Cancel the move, and start it again.");
  await analyzeTarget(sessions);
  // All processes confirm again, so that the freeze does not wait for one that has just died.
  await change(world, "copying");
  await assertConfirmed(world, confirmedMs(times));
  return freeze(world);
}

/** A freeze that takes longer fails, and is tried again. */
const confirmMsMax = 2000;
const markMsMax = 3000;

async function freeze(world: BothWorld): Promise<MoveState> {
  const { sessions, move, databases, log } = world;
  const frozen = await change(world, "frozen");
  const startedMs = performance.now();
  try {
    await assertConfirmed(world, confirmMsMax);
    const mark = randomUUID();
    await closeFence(sessions, mark);
    await until(world, markMsMax, "The copy cannot keep up.", () => hasMark(sessions, mark));
    await copyCommonRows(sessions);
    await changeShardMap(dbOf(databases), ({ map, nowMs }) => {
      const current = assertSame(map, frozen);
      // Processes use the old shard again after a while.
      if (nowMs - current.move.state_ms > frozenMsMax) throw tooSlow();
      return {
        buckets: movedBuckets(current.buckets, move),
        move: { ...current.move, state: "moved", state_ms: nowMs, problem: null },
      };
    });
    const { buckets, to } = move;
    log.info(
      { buckets, to, frozen_ms: Math.round(performance.now() - startedMs) },
      "buckets are served by a new shard",
    );
    return "moved";
  } catch (error) {
    await thaw({ ...world, move: frozen });
    throw error;
  }
}

/** The state changes first, so that no switch can follow. */
async function thaw(world: StepWorld): Promise<MoveState> {
  await change(world, "copying");
  await openFence(world);
  return "copying";
}

/** Two leases after the switch, each process uses the new shard, or none. */
async function endReading(world: BothWorld): Promise<MoveState> {
  const { sessions, move, databases, wait, signal, times } = world;
  for (;;) {
    const { nowMs } = await readShardMap(dbOf(databases));
    const leftMs = move.state_ms + 2 * times.leaseMs - nowMs;
    if (leftMs <= 0) break;
    await wait(leftMs, signal);
  }
  // A process that started during the switch may have changed them on the old shard only.
  await copyCommonRows(sessions);
  await narrowFence(sessions);
  await endCopy(sessions, copiedBy(move));
  await change(world, "removing");
  return "removing";
}

/** The fence stays, for requests that were suspended all this time. */
async function remove(world: BothWorld): Promise<undefined> {
  const { sessions, move, log, signal } = world;
  const { rows } = await removeRows(sessions, copiedBy(move), () => signal.throwIfAborted());
  log.info({ buckets: move.buckets, from: move.from, to: move.to, rows }, "moved rows were deleted on the old shard");
  await end(world);
}

async function cancel(world: StepWorld): Promise<undefined> {
  const { move, databases, log, times } = world;
  await removeFence(world);
  const { map, nowMs } = await readShardMap(dbOf(databases));
  if ((assertSame(map, move).buckets[move.to] ?? []).length > 0) throw new Error("The target is in use.");
  try {
    await withTarget(world, async ({ sessions }) => {
      await endCopy(sessions, copiedBy(move));
      await emptyTarget(sessions);
    });
  } catch (error) {
    if (!isUnreachable(error) || nowMs < move.state_ms + 2 * times.leaseMs) throw error;
    log.warn(
      { to: move.to, reason: (error as Error).message },
      "the copy of a canceled move was not deleted; drop its database, and unused slots on the old shard",
    );
    await endPublication(world, copiedBy(move));
  }
  await end(world);
}

/**
 * If it lasts, the target may be lost, and the old shard must not keep its log for it. A target that reports an error,
 * such as too many connections, is not lost.
 */
function isUnreachable(error: unknown): boolean {
  const known = toDatabaseError(error);
  return known instanceof HoldfastError && known.code === "unavailable" && !(known.cause instanceof pg.DatabaseError);
}

async function end({ databases, move }: StepWorld): Promise<void> {
  await changeShardMap(dbOf(databases), ({ map }) => ({ ...assertSame(map, move), move: null }));
  await forgetMapReaders(dbOf(databases));
}

/** Processes that died are no longer counted after `confirmedMs`. */
async function assertConfirmed(world: StepWorld, waitMs: number): Promise<void> {
  const { databases, times } = world;
  const { map } = await readShardMap(dbOf(databases));
  let missing = "";
  const isConfirmed = async () => {
    const [{ nowMs }, readers] = [await readShardMap(dbOf(databases)), await readMapReaders(dbOf(databases))];
    const live = readers.filter(({ seenMs }) => seenMs > nowMs - confirmedMs(times));
    const late = live.find(({ version, problem }) => version < (map?.version ?? 0) || problem !== null);
    missing =
      late === undefined
        ? "No server process has confirmed the move."
        : `The server process ${late.name} does not follow: ${late.problem ?? "it has not confirmed the move."}`;
    return late === undefined && live.length > 0;
  };
  await until(world, waitMs, () => missing, isConfirmed);
}

const lookMs = 20;

async function until(
  { wait, signal }: Pick<StepWorld, "wait" | "signal">,
  timeoutMs: number,
  problem: string | (() => string),
  isTrue: () => Promise<boolean>,
): Promise<void> {
  const endMs = performance.now() + timeoutMs;
  while (!(await isTrue())) {
    if (performance.now() >= endMs)
      throw new HoldfastError("unavailable", typeof problem === "string" ? problem : problem());
    await wait(lookMs, signal);
  }
}

async function change(
  { databases, move }: Pick<StepWorld, "databases" | "move">,
  state: MoveState,
): Promise<BucketMove> {
  const changed = await changeShardMap(dbOf(databases), ({ map, nowMs }) => {
    const current = assertSame(map, move);
    const freezes = current.move.freezes + (state === "frozen" ? 1 : 0);
    return { ...current, move: { ...current.move, state, state_ms: nowMs, freezes } };
  });
  return moveIn(changed);
}

async function noteProblem(databases: Databases, move: BucketMove, problem: string | null): Promise<void> {
  await changeShardMap(dbOf(databases), ({ map }) => {
    if (map?.move?.id !== move.id || map.move.problem === problem) return undefined;
    return { ...map, move: { ...map.move, problem } };
  });
}

/** @throws HoldfastError locked if another process continued the move, or it was canceled */
function assertSame(map: ShardMap | undefined, move: BucketMove): ShardMap & { readonly move: BucketMove } {
  if (map?.move?.id !== move.id || map.move.state !== move.state)
    throw new HoldfastError("locked", "The move was continued elsewhere.");
  return { ...map, move: map.move };
}

function tooSlow(): HoldfastError {
  return new HoldfastError("unavailable", "The switch took too long.");
}

function copiedBy({ id, buckets }: BucketMove): CopiedRange {
  return { name: `holdfast_move_${id.replaceAll("-", "").slice(0, 16)}`, buckets };
}

function shardOf(databases: Databases, id: string) {
  const shard = databases.shard(id);
  if (shard === undefined) throw new HoldfastError("failed", `HOLDFAST_TOPOLOGY of this process has no shard ${id}.`);
  return shard;
}

async function withShard<Result>(
  databases: Databases,
  shard: string,
  work: (session: pg.Client) => Promise<Result>,
  signal?: AbortSignal,
): Promise<Result> {
  return withSession(shardOf(databases, shard).connection, work, signal);
}

function moveIn(map: ShardMap | undefined): BucketMove {
  if (map?.move == null) throw new Error("The move was not stored.");
  return map.move;
}

function dbOf({ cells }: Databases) {
  return cells.of(toBucket(0)).db;
}
