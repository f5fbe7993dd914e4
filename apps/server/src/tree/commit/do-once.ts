import { HoldfastError } from "@holdfast/core/errors";
import type { GroupId, SpaceId, UserId } from "@holdfast/core/ids";
import { sql } from "kysely";
import type { ShardQueries } from "../../base/db/shard-tables.ts";
import type { Actor } from "../actor.ts";
import { loadOperations } from "./load.ts";

export interface Repeatable {
  /** Object on the transaction's shard under which a repetition is looked up. */
  readonly about: SpaceId | GroupId;
  readonly userId: UserId;
  readonly operationId?: Buffer | undefined;
  readonly requestHash?: Buffer | undefined;
  readonly nowMicros: number;
}

export type Key = Pick<Repeatable, "operationId" | "requestHash">;

/** Records the request in the caller's own space, which outlives the request's object. */
export function repeatableBy(
  { spaceId, userId }: Pick<Actor, "spaceId" | "userId">,
  { operationId, requestHash }: Key,
  nowMicros: number,
): Repeatable {
  return { about: spaceId, userId, operationId, requestHash, nowMicros };
}

/**
 * Does the work of a request once, even if it is repeated with its Idempotency-Key. The result is stored in the same
 * transaction. Failures changed nothing and are not stored.
 * @throws HoldfastError operation_reused for another request with the same key; unavailable if the same request is in
 * progress
 */
export async function doOnce<Answer>(
  transaction: ShardQueries,
  request: Repeatable,
  work: () => Promise<Answer>,
): Promise<Answer> {
  const { about, userId, operationId, requestHash, nowMicros } = request;
  if (operationId === undefined || requestHash === undefined) return work();
  const done = await findDone<Answer>(transaction, request);
  if (done !== undefined) return done.answer;
  const answer = await work();
  const { rows } = await sql`
    insert into shard.operations (space_id, user_id, op_id, request_hash, result, at)
    values (${about}, ${userId}, ${operationId}, ${requestHash}, ${JSON.stringify(answer ?? null)}, ${nowMicros})
    on conflict do nothing returning op_id`.execute(transaction);
  if (rows.length > 0) return answer;
  throw new HoldfastError("unavailable", "The same request is already in progress. Try again.");
}

/**
 * Looks for a stored result before any check of the state, which the request may have changed. `work` must store its
 * result with `doOnce`.
 * @param reader of the shard on which `work` has its transaction
 */
export async function answerOnce<Answer>(
  reader: ShardQueries,
  request: Repeatable,
  work: () => Promise<Answer>,
): Promise<Answer> {
  const done = await findDone<Answer>(reader, request);
  if (done !== undefined) return done.answer;
  try {
    return await work();
  } catch (error) {
    // A request with the same key may have been completed meanwhile.
    const doneSince = await findDone<Answer>(reader, request);
    if (doneSince === undefined) throw error;
    return doneSince.answer;
  }
}

/** @throws HoldfastError operation_reused */
async function findDone<Answer>(
  reader: ShardQueries,
  { about, userId, operationId, requestHash }: Repeatable,
): Promise<{ readonly answer: Answer } | undefined> {
  if (operationId === undefined || requestHash === undefined) return undefined;
  const [known] = await loadOperations(reader, about as SpaceId, [{ userId, operationId }]);
  if (known === undefined) return undefined;
  if (known.request_hash.equals(requestHash)) return { answer: JSON.parse(known.result) as Answer };
  throw new HoldfastError("operation_reused", "This operation ID was used for another request.");
}
