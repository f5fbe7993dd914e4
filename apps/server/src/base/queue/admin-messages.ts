import { HoldfastError } from "@holdfast/core/errors";
import { isId, type MessageId } from "@holdfast/core/ids";
import { formatTime } from "@holdfast/core/times";
import type { QueuedJobJson } from "@holdfast/protocol/job-routes";
import { type Selectable, sql } from "kysely";
import type { MessageRow } from "../db/queue-tables.ts";
import type { Shard, Shards } from "../db/shards.ts";

/** Omits the payload, which may hold private data. */
type Listed = Omit<Selectable<MessageRow>, "payload" | "number" | "worker" | "leased_until" | "tried_at">;
const columns = sql`id, kind, key, state, attempts, due_at, problem, created_at, died_at`;

export interface ListRequest {
  readonly dead: boolean;
  readonly limit: number;
  /** Last id of the previous page. */
  readonly cursor?: string | undefined;
}

/**
 * Sorted by id, thus by creation time. Index: primary key, or messages_dead for dead ones only.
 * @throws HoldfastError bad_request
 */
export async function listMessages(
  shards: Shards,
  { dead, limit, cursor }: ListRequest,
): Promise<{ items: QueuedJobJson[]; next_cursor: string | null }> {
  if (cursor !== undefined && !isId(cursor))
    throw new HoldfastError("bad_request", "The cursor is not from this list.", { field: "cursor" });
  const after = cursor ?? "00000000-0000-0000-0000-000000000000";
  const pages = await Promise.all(
    shards.all().map(async ({ db }) => {
      const only = dead ? sql`and state = 'dead'` : sql``;
      const { rows } = await sql<Listed>`
        select ${columns} from shard.messages where id > ${after} ${only} order by id limit ${limit + 1}`.execute(db);
      return rows;
    }),
  );
  const rows = pages.flat().toSorted((left, right) => (left.id < right.id ? -1 : 1));
  const items = rows.slice(0, limit).map(messageJson);
  return { items, next_cursor: rows.length > limit ? (items.at(-1)?.id ?? null) : null };
}

/**
 * Makes a waiting or dead message due now, as if it were new.
 * @returns the message and the shard to kick
 * @throws HoldfastError not_found, conflict while a worker has it
 */
export async function retryMessage(shards: Shards, id: string): Promise<{ message: QueuedJobJson; shard: Shard }> {
  for (const shard of isId(id) ? shards.all() : []) {
    const { rows } = await sql<Listed>`
      update shard.messages
      set state = 'waiting', due_at = 0, attempts = 0, tried_at = null, died_at = null
      where id = ${id} and state <> 'running' returning ${columns}`.execute(shard.db);
    if (rows[0] !== undefined) return { message: messageJson(rows[0]), shard };
    const { rows: running } = await sql`select from shard.messages where id = ${id}`.execute(shard.db);
    if (running.length > 0) throw new HoldfastError("conflict", `The job ${id} is running.`);
  }
  throw noSuchMessage(id);
}

/** A task that waits for the message fails. @throws HoldfastError not_found */
export async function removeMessage(shards: Shards, id: string, nowMicros: number): Promise<void> {
  const result = JSON.stringify({ code: "failed", detail: "An administrator removed it from the queue." });
  for (const { db } of isId(id) ? shards.all() : []) {
    const { rows } = await sql<{ id: MessageId }>`
      with gone as (delete from shard.messages where id = ${id} returning id),
      ended as (
        update shard.tasks set state = 'failed', result = ${result}, finished_at = ${nowMicros}
        where id = any(array(select id from gone)) and state is null
      )
      select id from gone`.execute(db);
    if (rows.length > 0) return;
  }
  throw noSuchMessage(id);
}

function messageJson(row: Listed): QueuedJobJson {
  return {
    id: row.id,
    kind: row.kind,
    key: row.key,
    state: row.state,
    attempts: row.attempts,
    due_at: row.due_at === 0 ? null : formatTime(row.due_at),
    problem: row.problem,
    created_at: formatTime(row.created_at),
    died_at: row.died_at === null ? null : formatTime(row.died_at),
  };
}

function noSuchMessage(id: string): HoldfastError {
  return new HoldfastError("not_found", `There is no job ${id}; finished jobs are not listed.`);
}
