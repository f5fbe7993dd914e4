import type { Clock, Random } from "@holdfast/core/clock";
import { HoldfastError } from "@holdfast/core/errors";
import { bucketOf, makeId, type NodeId, type RewindId, type SpaceId, type UserId } from "@holdfast/core/ids";
import { limits } from "@holdfast/core/limits";
import type { RewindAnswer } from "@holdfast/protocol/rewind-routes";
import { sql } from "kysely";
import type { RewindRow } from "../../base/db/rewind-tables.ts";
import type { ShardQueries } from "../../base/db/shard-tables.ts";
import { enqueue } from "../../base/queue/enqueue.ts";
import { startTask } from "../../base/queue/tasks.ts";
import type { RewindStep } from "./node-state.ts";
import { planRewind, type RewindPlan } from "./plan-rewind.ts";
import { insertRewind, readSteps } from "./rewind-rows.ts";
import type { Shards } from "../../base/db/shards.ts";
import type { Committer } from "../../tree/commit/commit-queue.ts";
import type { Queue } from "../../base/queue/open-queue.ts";

/** Delay until the queue checks if the request's process has ended. */
const abandonedMs = 5 * 60_000;

type Started = Pick<RewindRow, "space_id" | "node_id" | "user_id" | "moment" | "undoes" | "seq"> &
  Pick<RewindRow, "operation_id" | "request_hash">;

/**
 * Stores a plan with a queue message, which finishes a large rewind or one whose process ends.
 * @returns undefined if the Idempotency-Key was used before
 */
export async function startRewind(
  transaction: ShardQueries,
  options: RewindsOptions,
  request: RewindRequest,
): Promise<RewindRow | undefined> {
  const { plan, seq } = await planIn(transaction, options, request);
  const started: Started = {
    space_id: request.spaceId,
    node_id: request.nodeId,
    user_id: request.userId,
    moment: request.momentMicros,
    undoes: null,
    seq,
    operation_id: request.operationId ?? null,
    request_hash: request.requestHash ?? null,
  };
  return keep(transaction, options, started, plan);
}

/** Reverts the finished steps in reverse order, so that each step finds its own result. */
export async function startUndo(
  transaction: ShardQueries,
  options: RewindsOptions,
  rewind: RewindRow,
  userId: UserId,
): Promise<void> {
  const { seq } = await readSpace(transaction, rewind.space_id);
  const { space_id, node_id, moment } = rewind;
  const started: Started = {
    space_id,
    node_id,
    user_id: userId,
    moment,
    undoes: rewind.id,
    seq,
    operation_id: null,
    request_hash: null,
  };
  const plan = {
    steps: () => reversed(transaction, rewind),
    answer: JSON.parse(rewind.undo_answer) as RewindAnswer,
    undoAnswer: JSON.parse(rewind.answer) as RewindAnswer,
  };
  await keep(transaction, options, started, plan);
}

export async function planIn(
  transaction: ShardQueries,
  { clock, reachMs }: Pick<RewindsOptions, "clock" | "reachMs">,
  { spaceId, nodeId, momentMicros }: RewindRequest,
): Promise<{ plan: RewindPlan; seq: number }> {
  const { seq, rootId } = await readSpace(transaction, spaceId);
  const wanted = { spaceId, rootId, topId: nodeId, momentMicros, nowMicros: clock.nowMicros(), reachMs };
  return { plan: await planRewind(transaction, wanted), seq };
}

async function keep(
  transaction: ShardQueries,
  { clock, random }: RewindsOptions,
  started: Started,
  { steps: inOrder, answer, undoAnswer }: RewindPlan,
): Promise<RewindRow | undefined> {
  const steps = await inOrder();
  const id = makeId<RewindId>(bucketOf(started.space_id), clock.nowMs(), random(8));
  const message = { kind: "rewind", payload: { rewind_id: id } };
  const isLarge = steps.length > limits.rewindStepsAtOnce;
  const job = isLarge ? await startTask(transaction, { userId: started.user_id, ...message }) : null;
  const nowMicros = clock.nowMicros();
  if (!isLarge) await enqueue(transaction, { ...message, notBeforeMicros: nowMicros + abandonedMs * 1000 });
  const row: RewindRow = {
    ...started,
    id,
    job,
    answer: JSON.stringify(answer),
    undo_answer: JSON.stringify(undoAnswer),
    done_at: null,
    created_at: nowMicros,
  };
  return (await insertRewind(transaction, row, steps)) ? row : undefined;
}

async function reversed(reader: ShardQueries, rewind: RewindRow): Promise<RewindStep[]> {
  const steps = await readSteps(reader, rewind, { from: 0, limit: Number.MAX_SAFE_INTEGER });
  const revisions = new Map<NodeId, string>();
  for (const { step, outcome } of steps) {
    if (outcome !== undefined && "revision" in outcome) revisions.set(step.nodeId, outcome.revision);
  }
  return steps.toReversed().flatMap(({ step, outcome }) => {
    if (outcome === undefined || "left" in outcome) return [];
    const revision = revisions.get(step.nodeId) ?? outcome.revision;
    const bytes = step.bytes === undefined ? {} : { bytes: { done: step.bytes.undone, undone: step.bytes.done } };
    return [{ ...step, ...bytes, before: step.after, after: step.before, revision }];
  });
}

async function readSpace(reader: ShardQueries, spaceId: SpaceId): Promise<{ seq: number; rootId: NodeId }> {
  const { rows } = await sql<{ seq: number; rootId: NodeId }>`
    select seq, root_id as "rootId" from shard.spaces where id = ${spaceId}`.execute(reader);
  if (rows[0] === undefined) throw new HoldfastError("not_found", "There is no such space.");
  return rows[0];
}

export interface RewindRequest {
  readonly userId: UserId;
  readonly spaceId: SpaceId;
  readonly nodeId: NodeId;
  readonly momentMicros: number;
  /**
   * Throws if the node differs from what the caller saw. Not called for finished requests, which are still answered.
   */
  readonly assertBase?: () => void;
  /** Operation of an Idempotency-Key: a repeated request gets the same answer. */
  readonly operationId?: Buffer;
  readonly requestHash?: Buffer;
}

export interface RewindsOptions {
  readonly shards: Shards;
  readonly committer: Committer;
  readonly clock: Clock;
  readonly random: Random;
  readonly queue: Pick<Queue, "kick">;
  /** Maximum age of a moment. */
  readonly reachMs: number;
}
