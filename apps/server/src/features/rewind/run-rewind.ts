import { randomBytes } from "node:crypto";
import type { Clock } from "@holdfast/core/clock";
import { HoldfastError } from "@holdfast/core/errors";
import { bucketOf, type NodeId, type SpaceId } from "@holdfast/core/ids";
import { formatTime } from "@holdfast/core/times";
import { limits } from "@holdfast/core/limits";
import type { RewindAct, RewindAnswer, RewindSample } from "@holdfast/protocol/rewind-routes";
import { sql } from "kysely";
import { recordEvent } from "../activity/record-event.ts";
import { inTransaction } from "../../base/db/database.ts";
import type { RewindRow } from "../../base/db/rewind-tables.ts";
import type { Actor } from "../../tree/actor.ts";
import type { Committer } from "../../tree/commit/commit-queue.ts";
import type { ShardQueries } from "../../base/db/shard-tables.ts";
import type { Operation, OperationResult } from "../../tree/commit/operation.ts";
import { type RewindStep, samePlace, versionLost } from "./node-state.ts";
import { noteDone, noteOutcomes, type NumberedStep, readRewind, readSteps, type StepOutcome } from "./rewind-rows.ts";
import { operationsOf } from "./step-operations.ts";

export interface RewindRun {
  readonly db: ShardQueries;
  readonly committer: Committer;
  readonly clock: Clock;
  readonly signal?: AbortSignal;
  /** Default: `stepsAtOnceUsual`. */
  readonly stepsAtOnce?: number;
}

/** A step has two operations at most. */
const stepsAtOnceUsual = limits.batchOperationsMax / 2;

/**
 * Runs the remaining steps in batches. It may stop anywhere and run again, even twice at the same time: repeated
 * operations give the same answers.
 * @returns the finished rewind
 */
export async function runRewind(run: RewindRun, rewind: RewindRow): Promise<RewindRow> {
  if (rewind.done_at !== null) return rewind;
  const { stepsAtOnce = stepsAtOnceUsual } = run;
  const actor = await actorOf(run.db, rewind);
  const answers = { answer: parse(rewind.answer), undo: parse(rewind.undo_answer) };
  const revisions = new Map<NodeId, string>();
  let seenSeq = rewind.seq;
  let from = 0;
  for (let read = stepsAtOnce; read === stepsAtOnce;) {
    run.signal?.throwIfAborted();
    const steps = await readSteps(run.db, rewind, { from, limit: stepsAtOnce });
    const waiting = steps.filter(({ outcome }) => outcome === undefined);
    for (const { step, outcome } of steps) if (outcome !== undefined) take(answers, revisions, step, outcome);
    if (waiting.length > 0) {
      seenSeq = await ownUntil(run.db, rewind, seenSeq);
      const outcomes = await commitSteps(run, rewind, { actor, revisions, seenSeq }, waiting);
      await noteOutcomes(run.db, rewind, outcomes);
      for (const [index, { outcome }] of outcomes.entries()) {
        const step = waiting[index]?.step;
        if (step !== undefined) take(answers, revisions, step, outcome);
      }
    }
    read = steps.length;
    from = (steps.at(-1)?.number ?? from) + 1;
  }
  const { answer, undo } = answers;
  const done = { answer: JSON.stringify(answer), undo_answer: JSON.stringify(undo), done_at: run.clock.nowMicros() };
  await inTransaction(run.db, async (transaction) => {
    if (await noteDone(transaction, rewind, done)) await recordActivity(transaction, run.clock, rewind, answer);
  });
  return (await readRewind(run.db, rewind.id)) ?? { ...rewind, ...done };
}

/** Replaces the single journal entries in the activity list. A rewind without changes has no event. */
async function recordActivity(
  transaction: ShardQueries,
  clock: Clock,
  { id, space_id: spaceId, node_id: nodeId, user_id: actor, moment, undoes }: RewindRow,
  { restored, reverted, trashed, moved, changed }: RewindAnswer,
): Promise<void> {
  if (restored + reverted + trashed + moved + changed === 0) return;
  const to = undoes === null ? { to: formatTime(moment) } : { undo: true };
  const detail = { rewind_id: id, ...to, restored, reverted, trashed, moved };
  const event = { spaceId, nodeId, verb: "rewound" as const, actor, deviceId: null, detail };
  await recordEvent(transaction, { clock, random: randomBytes }, event);
}

interface Batch {
  readonly actor: Actor;
  readonly revisions: ReadonlyMap<NodeId, string>;
  readonly seenSeq: number;
}

/** Steps of the same node run in sequence, because the second needs the first's revision. */
async function commitSteps(
  { committer }: RewindRun,
  { id: rewindId }: RewindRow,
  { actor, revisions, seenSeq }: Batch,
  steps: readonly NumberedStep[],
): Promise<{ number: number; outcome: StepOutcome }[]> {
  const outcomes: { number: number; outcome: StepOutcome }[] = [];
  const left = new Map(revisions);
  for (let at = 0; at < steps.length;) {
    const part = distinctFrom(steps, at);
    at += part.length;
    const operations = part.map(({ number, step }) =>
      operationsOf(step, { rewindId, number, revision: left.get(step.nodeId) ?? step.revision, seenSeq }),
    );
    const flat: Operation[] = operations.flat();
    const { results } = flat.length === 0 ? { results: [] } : await committer.commit(actor, flat);
    let first = 0;
    for (const [index, { number, step }] of part.entries()) {
      const count = operations[index]?.length ?? 0;
      const outcome = outcomeOf(results.slice(first, first + count), step);
      if ("revision" in outcome) left.set(step.nodeId, outcome.revision);
      outcomes.push({ number, outcome });
      first += count;
    }
  }
  return outcomes;
}

function distinctFrom(steps: readonly NumberedStep[], from: number): readonly NumberedStep[] {
  const seen = new Set<NodeId>();
  let to = from;
  for (; to < steps.length; to += 1) {
    const id = steps[to]?.step.nodeId;
    if (id === undefined || seen.has(id)) break;
    seen.add(id);
  }
  return steps.slice(from, to);
}

function outcomeOf(results: readonly OperationResult[], { revision }: RewindStep): StepOutcome {
  const failed = results.filter((result) => result.status !== "committed");
  if (failed.length > 0) {
    const reasons = failed.flatMap((result) =>
      "error" in result && result.error.code !== "dependency" ? result.error : [],
    );
    return { left: reasons[0] === undefined ? "its content is no longer stored" : reasonOf(reasons[0]) };
  }
  const last = results.at(-1);
  return { revision: (last?.status === "committed" ? last.node?.revision : undefined) ?? revision };
}

function reasonOf({ code, message, field }: HoldfastError): string {
  if (code === "not_found" && field === "version") return versionLost;
  const changed = ["conflict", "subtree_changed", "trashed", "not_found"];
  return changed.includes(code) ? "it has changed since" : message;
}

/** Skipped steps count as `left` instead of their planned act. */
function take(
  { answer, undo }: { answer: RewindAnswer; undo: RewindAnswer },
  revisions: Map<NodeId, string>,
  step: RewindStep,
  outcome: StepOutcome,
): void {
  if ("revision" in outcome) {
    revisions.set(step.nodeId, outcome.revision);
    return;
  }
  if (step.aside === true) return;
  const opposite: Partial<Record<RewindAct, RewindAct>> = { restored: "trashed", trashed: "restored" };
  for (const act of actsOf(step)) {
    withdraw(answer, act, step);
    withdraw(undo, opposite[act] ?? act, { path: step.path, before: step.after, after: step.before });
  }
  answer.bytes -= step.bytes?.done ?? 0;
  undo.bytes -= step.bytes?.undone ?? 0;
  answer.left += 1;
  if (answer.left <= limits.rewindSampleMax) {
    answer.sample.push({ act: "left", path: step.path, reason: outcome.left });
  }
}

function withdraw(answer: RewindAnswer, act: RewindAct, step: Pick<RewindStep, "path" | "before" | "after">): void {
  answer[act] = Math.max(0, answer[act] - 1);
  answer.sample = answer.sample.filter((item) => item.act !== act || !isOf(item, step));
}

/** After a swap of names, one move's path is another's new path. */
function isOf({ path, to }: RewindSample, step: Pick<RewindStep, "path" | "before" | "after">): boolean {
  if (to === undefined) return path === step.path;
  const isNamed = path.endsWith(`/${step.before.name}`) && to.endsWith(`/${step.after.name}`);
  return isNamed && (path === step.path || to === step.path);
}

function actsOf({ before, after }: RewindStep): RewindAct[] {
  if (!after.live) return ["trashed"];
  const moved: RewindAct[] = samePlace(before, after) ? [] : ["moved"];
  if (!before.live) return ["restored", ...moved];
  if (before.version !== after.version) return ["reverted", ...moved];
  return moved.length > 0 ? moved : ["changed"];
}

/** Last entry up to which the journal holds only this rewind. Index: primary key. */
async function ownUntil(db: ShardQueries, { space_id: spaceId, id }: RewindRow, seq: number): Promise<number> {
  const { rows } = await sql<{ head: number; foreign: boolean }>`
    select s.seq as head, exists (
      select from shard.journal j
      where j.space_id = s.id and j.seq > ${seq} and j.seq <= s.seq and j.rewind_id is distinct from ${id}::uuid) as foreign
    from shard.spaces s where s.id = ${spaceId}`.execute(db);
  return rows[0]?.foreign === false ? rows[0].head : seq;
}

/** User who asked for the rewind. Has no device, so that none takes the changes for its own. */
async function actorOf(db: ShardQueries, { space_id: spaceId, user_id: userId }: RewindRow): Promise<Actor> {
  const rootId = await rootOf(db, spaceId);
  const place = { spaceId, rootId, bucket: bucketOf(spaceId), owns: true };
  return { userId, deviceId: null, ...place, grantees: [userId], receives: false };
}

async function rootOf(db: ShardQueries, spaceId: SpaceId): Promise<NodeId> {
  const { rows } = await sql<{ root_id: NodeId }>`select root_id from shard.spaces where id = ${spaceId}`.execute(db);
  if (rows[0] === undefined) throw new HoldfastError("not_found", "There is no such space.");
  return rows[0].root_id;
}

function parse(text: string): RewindAnswer {
  return JSON.parse(text) as RewindAnswer;
}
