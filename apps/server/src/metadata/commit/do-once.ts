import { HoldfastError } from "@holdfast/core/errors";
import type { GroupId, SpaceId, UserId } from "@holdfast/core/ids";
import { sql } from "kysely";
import type { ShardReader } from "../../db/shard-tables.ts";
import type { Actor } from "../actor.ts";
import { loadOperations } from "./load.ts";

export interface Repeatable {
  /** On the shard of the transaction; what is repeated is looked for under it. */
  readonly about: SpaceId | GroupId;
  readonly userId: UserId;
  readonly operationId?: Buffer | undefined;
  readonly requestHash?: Buffer | undefined;
  readonly nowMicros: number;
}

/** The Idempotency-Key of a request, if it has one. */
export type Key = Pick<Repeatable, "operationId" | "requestHash">;

/** What is looked for under the caller's own space, whatever it is about: it is found though its object is gone. */
export function repeatableBy(
  { spaceId, userId }: Pick<Actor, "spaceId" | "userId">,
  { operationId, requestHash }: Key,
  nowMicros: number,
): Repeatable {
  return { about: spaceId, userId, operationId, requestHash, nowMicros };
}

/**
 * Does what a request asks for once, however often it comes with its Idempotency-Key: its answer is kept in the transaction that did
 * it, beside those of changes of nodes and as long. What failed is kept by nobody, since it changed nothing.
 * @throws HoldfastError operation_reused for another request with the same key, unavailable where the same is done at this moment
 */
export async function doOnce<Answer>(
  transaction: ShardReader,
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
 * The answer of what was done before, around all that looks at how things are now: what a request has made, taken away or may see no
 * more is no reason to refuse its repetition. `work` keeps its answer with `doOnce`.
 * @param reader of the shard on which `work` has its transaction
 */
export async function answerOnce<Answer>(
  reader: ShardReader,
  request: Repeatable,
  work: () => Promise<Answer>,
): Promise<Answer> {
  const done = await findDone<Answer>(reader, request);
  if (done !== undefined) return done.answer;
  try {
    return await work();
  } catch (error) {
    // Another one with the same key may have been done in the middle of this one.
    const doneSince = await findDone<Answer>(reader, request);
    if (doneSince === undefined) throw error;
    return doneSince.answer;
  }
}

/** @throws HoldfastError operation_reused */
async function findDone<Answer>(
  reader: ShardReader,
  { about, userId, operationId, requestHash }: Repeatable,
): Promise<{ readonly answer: Answer } | undefined> {
  if (operationId === undefined || requestHash === undefined) return undefined;
  const [known] = await loadOperations(reader, about as SpaceId, [{ userId, operationId }]);
  if (known === undefined) return undefined;
  if (known.request_hash.equals(requestHash)) return { answer: JSON.parse(known.result) as Answer };
  throw new HoldfastError("operation_reused", "This operation ID was used for another request.");
}
