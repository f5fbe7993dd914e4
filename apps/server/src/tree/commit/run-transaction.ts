import type { Random } from "@holdfast/core/clock";
import { HoldfastError } from "@holdfast/core/errors";
import { type HashHex, isId, type NodeId } from "@holdfast/core/ids";
import { nameKey, splitPath } from "@holdfast/core/names";
import { inTransaction } from "../../base/db/database.ts";
import { DeviceBrakes } from "./device-brakes.ts";
import type { ShardQueries, SpaceRow } from "../../base/db/shard-tables.ts";
import { applyGroup, applyStep, dependencyResult, type StepOutcome } from "./apply-steps.ts";
import type { FolderCopy } from "./apply-copy.ts";
import { lockBlocks, lockSegments, lockSpace, type Name } from "./load.ts";
import type { OperationResult } from "./operation.ts";
import { Replays } from "./replays.ts";
import { loadStepRights } from "./rights.ts";
import { Tree } from "./tree.ts";
import { noChanges, type Step, type Work } from "./work.ts";
import { writeWork } from "./write.ts";
import type { TransactionPlace } from "./transaction-place.ts";

/** Consecutive steps of one request. A group is never split. */
export interface Slice {
  readonly steps: readonly Step[];
  readonly failedIds: ReadonlySet<string>;
  readonly epoch: string | undefined;
}

export interface SliceOutcome {
  /** One result for each step, or fewer if a folder must be copied before the next. */
  readonly results: readonly OperationResult[];
  readonly failedIds: ReadonlySet<string>;
  readonly folderCopy: FolderCopy | undefined;
  /** The epoch was wrong, and nothing was done. */
  readonly reset: HoldfastError | undefined;
}

export interface TransactionOutcome {
  readonly slices: readonly SliceOutcome[];
  readonly seq: number;
  readonly epoch: string;
  readonly changed: boolean;
  readonly messages: boolean;
  /** Time at which the lock was taken, as by `performance.now`. Excludes the wait for the lock. */
  readonly lockedAtMs: number;
}

/** Runs under the space lock. Nodes are loaded, and changes written, in a few statements. */
export async function runTransaction(place: TransactionPlace, slices: readonly Slice[]): Promise<TransactionOutcome> {
  return inTransaction(place.db, async (transaction) => {
    const space = await lockSpace(transaction, place.spaceId);
    const lockedAtMs = performance.now();
    const steps = slices.filter((slice) => resetOf(space, slice) === undefined).flatMap((slice) => slice.steps);
    const replays = await Replays.load(transaction, space.id, steps);
    const work = await startWork(transaction, place, space, steps);
    const outcomes: SliceOutcome[] = [];
    for (const slice of slices) outcomes.push(await applySlice(work, replays, slice));
    const { seq, messages } = await writeWork(work, replays.added);
    return { slices: outcomes, seq, epoch: space.epoch, changed: seq !== space.seq, messages, lockedAtMs };
  });
}

export function unitsOf(steps: readonly Step[]): Step[][] {
  const units: Step[][] = [];
  for (const step of steps) {
    const { group } = step.operation;
    const last = units.at(-1);
    if (group !== undefined && last?.[0]?.operation.group === group) last.push(step);
    else units.push([step]);
  }
  return units;
}

async function applySlice(work: Work, replays: Replays, slice: Slice): Promise<SliceOutcome> {
  const reset = resetOf(work.space, slice);
  const failedIds = new Set(slice.failedIds);
  const results: OperationResult[] = [];
  for (const unit of reset === undefined ? unitsOf(slice.steps) : []) {
    const outcomes = await applyUnit(work, replays, unit, failedIds);
    for (const [index, outcome] of outcomes.entries()) {
      if (outcome.status === "folder") return { results, failedIds, folderCopy: outcome.folderCopy, reset };
      const step = unit[index];
      const id = step !== undefined && "id" in step.operation ? step.operation.id : undefined;
      if (id !== undefined && outcome.status !== "committed") failedIds.add(id);
      results.push(outcome);
    }
  }
  return { results, failedIds, folderCopy: undefined, reset };
}

async function applyUnit(
  work: Work,
  replays: Replays,
  unit: readonly Step[],
  failedIds: ReadonlySet<string>,
): Promise<StepOutcome[]> {
  const known = unit.map((step) => replays.resultOf(step));
  const rest = unit.filter((_, index) => known[index] === undefined);
  const outcomes = rest.length === 0 ? [] : await applyRest(work, rest, failedIds, known);
  for (const [index, outcome] of outcomes.entries()) replays.add(rest[index], outcome);
  return known.map((result) => result ?? outcomes.shift()).filter((outcome) => outcome !== undefined);
}

async function applyRest(
  work: Work,
  rest: readonly Step[],
  failedIds: ReadonlySet<string>,
  known: readonly (OperationResult | undefined)[],
): Promise<StepOutcome[]> {
  const [first] = rest;
  if (first?.operation.group !== undefined) {
    // A reused operation id fails its whole group; a repeated operation does not.
    const failed = known.some((result) => result !== undefined && result.status !== "committed");
    return failed ? rest.map(() => dependencyResult()) : applyGroup(work, rest, failedIds);
  }
  return first === undefined ? [] : [await applyStep(work, first, failedIds)];
}

async function startWork(
  reader: ShardQueries,
  { clock, random, pieces, brakes = false }: TransactionPlace,
  space: SpaceRow,
  steps: readonly Step[],
): Promise<Work> {
  const tree = new Tree(reader, space.id, space.root_id);
  await tree.loadNodes([space.root_id, ...steps.flatMap(idsOf)]);
  await tree.loadNames(steps.flatMap((step) => nameOf(step, space.root_id)));
  const paths = steps.flatMap(pathOf);
  if (paths.length > 0) await tree.loadPaths(paths);
  const blocks = new Set<HashHex>();
  const segments = new Set<HashHex>();
  for (const { content } of steps) {
    for (const hash of content?.blocks.keys() ?? []) blocks.add(hash);
    for (const hash of content?.segmentHashes ?? []) segments.add(hash);
  }
  return {
    reader,
    space,
    tree,
    changes: noChanges(),
    nowMicros: clock.nowMicros(),
    clock,
    random: pooled(random),
    pieces,
    heldBlocks: await lockBlocks(
      reader,
      space.id,
      [...blocks],
      steps.some(({ caller }) => !caller.owns),
    ),
    heldSegments: await lockSegments(reader, space.id, [...segments]),
    counted: new Set(),
    measuring: { nodesLeft: pieces.measuredNodesMax, raised: new Set() },
    rights: await loadStepRights(reader, space, steps),
    brakes: brakes ? new DeviceBrakes() : undefined,
  };
}

function idsOf({ operation, attach }: Step): NodeId[] {
  const place = "place" in operation ? operation.place : undefined;
  const texts = [
    "fileId" in operation ? operation.fileId : undefined,
    "id" in operation ? operation.id : undefined,
    place?.parentId,
    attach?.topId,
  ];
  return texts.filter((text) => text !== undefined && isId(text)) as NodeId[];
}

function nameOf({ operation }: Step, rootId: NodeId): Name[] {
  const place = "place" in operation ? operation.place : undefined;
  if (place?.name === undefined || place.path !== undefined) return [];
  const parentId = place.parentId === undefined || place.parentId === "root" ? rootId : place.parentId;
  return isId(parentId) && !place.name.includes("\0")
    ? [{ parentId: parentId as NodeId, key: nameKey(place.name) }]
    : [];
}

function pathOf({ caller, operation }: Step): string[][] {
  // In another owner's space, paths do not begin at its root.
  if (!caller.owns) return [];
  const path = "place" in operation ? operation.place?.path : undefined;
  if (path === undefined) return [];
  try {
    return [splitPath(path)];
  } catch (error) {
    // The operation itself reports an invalid path.
    if (error instanceof HoldfastError) return [];
    throw error;
  }
}

const poolBytes = 4096;

/** One call for many short ids is several times faster. */
function pooled(random: Random): Random {
  let pool = new Uint8Array(0);
  let at = 0;
  return (lengthBytes) => {
    if (lengthBytes > poolBytes) return random(lengthBytes);
    if (at + lengthBytes > pool.length) {
      pool = Uint8Array.from(random(poolBytes));
      at = 0;
    }
    at += lengthBytes;
    return pool.subarray(at - lengthBytes, at);
  };
}

function resetOf(space: SpaceRow, slice: Slice): HoldfastError | undefined {
  if (slice.epoch === undefined || slice.epoch === space.epoch) return undefined;
  return new HoldfastError("reset", "The server has been restored from a backup: list everything again.", {
    body: { reason: "epoch" },
  });
}
