import { HoldfastError } from "@holdfast/core/errors";
import type { RewindId, TaskId, UserId } from "@holdfast/core/ids";
import type { RewindAnswer } from "@holdfast/protocol/rewind-routes";
import { inTransaction } from "../../base/db/database.ts";
import type { RewindRow } from "../../base/db/rewind-tables.ts";
import type { Shards } from "../../base/db/shards.ts";
import { planIn, type RewindRequest, type RewindsOptions, startRewind, startUndo } from "./start-rewind.ts";
import { readByOperation, readRewind, readUndo } from "./rewind-rows.ts";
import { runRewind } from "./run-rewind.ts";

/** Finished, or queued if large; the answer is then the task's result. */
export type RewindOutcome = { readonly answer: RewindAnswer } | { readonly job: TaskId; readonly rewindId: RewindId };

/** Restores folders and files to an earlier state. Callers check the rights. */
export interface Rewinds {
  /** Dry run. @throws HoldfastError invalid_field for a moment without history, too_large */
  preview(request: RewindRequest): Promise<RewindAnswer>;
  /** @throws HoldfastError also operation_reused */
  rewind(request: RewindRequest): Promise<RewindOutcome>;
  /** Finds a rewind, for a check of the caller's right at its node. @throws HoldfastError not_found */
  find(id: string): Promise<RewindRow>;
  /** Reverts the rewind. A second call gives the same answer. @throws HoldfastError conflict while the rewind runs */
  undo(rewind: RewindRow, userId: UserId): Promise<RewindOutcome>;
}

export function openRewinds(options: RewindsOptions): Rewinds {
  const { shards } = options;
  const run = async (row: RewindRow): Promise<RewindOutcome> => {
    const shard = shards.ofId(row.space_id);
    if (row.job !== null) {
      options.queue.kick(shard);
      return { job: row.job, rewindId: row.id };
    }
    return { answer: answerOf(await runRewind({ ...options, db: shard.db }, row)) };
  };
  return {
    preview: async (request) => {
      request.assertBase?.();
      const { db } = shards.ofId(request.spaceId);
      const { plan } = await inTransaction(db, (transaction) => planIn(transaction, options, request), snapshot);
      return plan.answer;
    },
    rewind: async (request) => {
      const { db } = shards.ofId(request.spaceId);
      const found = await findRepeated(shards, request);
      if (found !== undefined) return run(found);
      request.assertBase?.();
      const made = await inTransaction(db, (transaction) => startRewind(transaction, options, request), snapshot);
      const row = made ?? (await findRepeated(shards, request));
      if (row !== undefined) return run(row);
      throw new HoldfastError("unavailable", "The same request is already in progress. Try again.");
    },
    find: async (id) => {
      const row = await readRewind(shards.ofId(id as RewindId).db, id as RewindId);
      if (row === undefined) throw noSuchRewind();
      return row;
    },
    undo: async (rewind, userId) => {
      const { db } = shards.ofId(rewind.space_id);
      if (rewind.done_at === null) {
        throw new HoldfastError("conflict", "The rewind is still running. Undo it once it is done.");
      }
      const found = await readUndo(db, rewind);
      if (found !== undefined)
        return found.done_at === null ? run(found) : { answer: { ...answerOf(found), repeated: true } };
      await inTransaction(db, (transaction) => startUndo(transaction, options, rewind, userId));
      const row = await readUndo(db, rewind);
      if (row === undefined) throw noSuchRewind();
      return run(row);
    },
  };
}

export function noSuchRewind(): HoldfastError {
  return new HoldfastError("not_found", "There is no such rewind, or it can no longer be undone.");
}

export function answerOf(row: RewindRow): RewindAnswer {
  return { ...(JSON.parse(row.answer) as RewindAnswer), rewind_id: row.id };
}

const snapshot = { isolationLevel: "repeatable read" } as const;

async function findRepeated(
  shards: Shards,
  { spaceId, userId, operationId, requestHash }: RewindRequest,
): Promise<RewindRow | undefined> {
  if (operationId === undefined) return undefined;
  const row = await readByOperation(shards.ofId(spaceId).db, { spaceId, userId, operationId });
  if (row === undefined || row.request_hash?.equals(requestHash ?? Buffer.alloc(0)) === true) return row;
  throw new HoldfastError("operation_reused", "This Idempotency-Key was used for another request.");
}
