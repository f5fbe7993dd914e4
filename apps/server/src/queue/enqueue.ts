import { randomBytes } from "node:crypto";
import { HoldfastError } from "@holdfast/core/errors";
import { makeId, type MessageId, toBucket } from "@holdfast/core/ids";
import { limits } from "@holdfast/core/limits";
import { type RawBuilder, sql } from "kysely";
import { keyed } from "../db/database.ts";
import type { ShardReader } from "../db/shard-tables.ts";

/** What must happen because a transaction happened. */
export interface Message {
  /** Names the entry of `openQueue`'s kinds that works it. */
  readonly kind: string;
  /**
   * JSON that the kind's schema accepts. It stands in the database in the clear until it is worked, so it holds no token and
   * no password, and a name or text only where it cannot be read again when it is worked.
   */
  readonly payload: unknown;
  /**
   * Of those with one key that are not begun, the newest takes the place of the one before; and they are worked one after the
   * other, in the order of their commits. So a payload with a key tells all that there is to tell, not a difference.
   */
  readonly key?: string;
  /** Not worked before this time by the server's clock. At once unless told. */
  readonly notBeforeMicros?: number;
}

/**
 * Puts the message into the causing transaction, on the causing shard: it is worked, at least once, if that commits. Whoever commits
 * calls `queue.kick(shard)` afterwards, so that it is worked now and not at the next look. One statement; two transactions that
 * enqueue the same key wait for each other.
 * @throws HoldfastError internal where payload or key is larger than a message may be
 */
export async function enqueue(transaction: ShardReader, message: Message): Promise<void> {
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

/** It sorts by time, for lists; a message lies where its cause does, so the bucket in its id says nothing. */
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
