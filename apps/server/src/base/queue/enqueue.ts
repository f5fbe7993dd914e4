import { randomBytes } from "node:crypto";
import { HoldfastError } from "@holdfast/core/errors";
import { makeId, type MessageId, toBucket } from "@holdfast/core/ids";
import { limits } from "@holdfast/core/limits";
import { type RawBuilder, sql } from "kysely";
import { keyed } from "../db/database.ts";
import type { ShardQueries } from "../db/shard-tables.ts";

/** Work that must follow a transaction. */
export interface Message {
  /** Name of the entry in `openQueue`'s kinds. */
  readonly kind: string;
  /**
   * Accepted by the kind's schema. Stored unencrypted, so it must hold no token or password. Names and texts are
   * allowed only if the worker cannot read them elsewhere.
   */
  readonly payload: unknown;
  /**
   * The newest unstarted message of a key replaces the others. Messages of a key run in commit order. Their payload
   * must be complete, not a difference.
   */
  readonly key?: string;
  /** Earliest time by the server's clock. Defaults to now. */
  readonly notBeforeMicros?: number;
}

/**
 * One statement in the transaction on its shard. After the commit, the message runs at least once. Callers then call
 * `queue.kick(shard)` to avoid the delay until the next look. Two transactions with the same key wait for each other.
 * @throws HoldfastError internal if payload or key is too large
 */
export async function enqueue(transaction: ShardQueries, message: Message): Promise<void> {
  const { kind, key, notBeforeMicros = 0 } = message;
  const payload = payloadOf(message);
  if (key === undefined) {
    await sql`
      insert into shard.messages (id, kind, payload, due_at, wanted_at)
      values (${newMessageId()}, ${kind}, ${payload}, ${notBeforeMicros}, ${wantedAt(notBeforeMicros)}) ${keyed}`.execute(
      transaction,
    );
    return;
  }
  await sql`
    insert into shard.messages as m (id, kind, key, payload, due_at, wanted_at)
    values (${newMessageId()}, ${kind}, ${key}, ${payload}, ${notBeforeMicros}, ${wantedAt(notBeforeMicros)})
    on conflict (kind, key) where key is not null and state <> 'running' do update
    set payload = excluded.payload, due_at = excluded.due_at, created_at = excluded.created_at, wanted_at = excluded.wanted_at, state = 'waiting',
      attempts = 0, tried_at = null, problem = null, died_at = null`.execute(transaction);
}

/** By the database's clock. */
export function wantedAt(notBeforeMicros: number): RawBuilder<number> {
  return sql`greatest((extract(epoch from clock_timestamp()) * 1000000)::int8, ${notBeforeMicros}::int8)`;
}

/** Sorts by time. Its bucket is meaningless, because a message lies on the shard of its cause. */
function newMessageId(): MessageId {
  return makeId<MessageId>(toBucket(0), Date.now(), randomBytes(8));
}

/** @throws HoldfastError internal */
export function payloadOf({ kind, payload, key }: Message): string {
  const text = JSON.stringify(payload);
  if (Buffer.byteLength(text) > limits.messageBytesMax)
    throw new HoldfastError("internal", `A message ${kind} has more than ${limits.messageBytesMax} bytes.`);
  if (key !== undefined && Buffer.byteLength(key) > limits.messageKeyBytesMax)
    throw new HoldfastError(
      "internal",
      `The key of a message ${kind} has more than ${limits.messageKeyBytesMax} bytes.`,
    );
  return text;
}
