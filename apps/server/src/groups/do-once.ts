import { HoldfastError } from "@holdfast/core/errors";
import type { GroupId, SpaceId, UserId } from "@holdfast/core/ids";
import type { ShardReader } from "../db/shard-tables.ts";
import { loadOperations } from "../metadata/commit/load.ts";

export interface Repeatable {
  /** On the shard of the transaction; what is repeated is looked for under it. */
  readonly about: SpaceId | GroupId;
  readonly userId: UserId;
  readonly operationId?: Buffer | undefined;
  readonly requestHash?: Buffer | undefined;
  readonly nowMicros: number;
}

/**
 * Does what a request asks for once, however often it comes with its Idempotency-Key: its answer is kept in the transaction that did
 * it, beside those of changes of nodes and as long. What failed is kept by nobody, since it changed nothing.
 * @throws HoldfastError operation_reused for another request with the same key
 */
export async function doOnce<Answer>(
  transaction: ShardReader,
  request: Repeatable,
  work: () => Promise<Answer>,
): Promise<Answer> {
  const { userId, operationId, requestHash, nowMicros } = request;
  if (operationId === undefined || requestHash === undefined) return work();
  const spaceId = request.about as SpaceId;
  const [known] = await loadOperations(transaction, spaceId, [{ userId, operationId }]);
  if (known !== undefined) {
    if (known.request_hash.equals(requestHash)) return JSON.parse(known.result) as Answer;
    throw new HoldfastError("operation_reused", "This operation id was used for another request.");
  }
  const answer = await work();
  await transaction
    .insertInto("shard.operations")
    .values({
      space_id: spaceId,
      user_id: userId,
      op_id: operationId,
      request_hash: requestHash,
      result: JSON.stringify(answer ?? null),
      at: nowMicros,
    })
    .execute();
  return answer;
}
