import { randomBytes } from "node:crypto";
import { bucketOf, makeId, type TaskId, type UserId } from "@holdfast/core/ids";
import { type Kysely, sql } from "kysely";
import type { ShardReader, ShardTables } from "../db/shard-tables.ts";
import { type Message, payloadOf, wantedAt } from "./enqueue.ts";

/** For GET /jobs/{id}. */
export interface TaskState {
  readonly state: "queued" | "running" | "done" | "failed";
  /** Result given to `finishTask`, `{code, detail}` after a failure, or null before the end. */
  readonly result: unknown;
}

/**
 * Creates a message whose user can query its state. Belongs in the causing transaction, on the shard of the user's
 * bucket. Call `queue.kick` after the commit.
 * @returns the id, which `work` gets as `attempt.id`
 */
export async function startTask(
  transaction: ShardReader,
  { userId, kind, payload }: { readonly userId: UserId } & Pick<Message, "kind" | "payload">,
): Promise<TaskId> {
  const id = makeId<TaskId>(bucketOf(userId), Date.now(), randomBytes(8));
  await sql`
    with task as (insert into shard.tasks (id, user_id, kind) values (${id}, ${userId}, ${kind}))
    insert into shard.messages (id, kind, payload, due_at, wanted_at)
    values (${id}, ${kind}, ${payloadOf({ kind, payload })}, 0, ${wantedAt(0)})`.execute(transaction);
  return id;
}

export interface TaskEnd {
  readonly id: TaskId;
  readonly state: "done" | "failed";
  /** JSON. After a failure `{code, detail}`, as in a problem. */
  readonly result: unknown;
  readonly nowMicros: number;
}

/** Belongs in the transaction of the last step. The first end counts. */
export async function finishTask(transaction: ShardReader, { id, state, result, nowMicros }: TaskEnd): Promise<void> {
  await sql`
    update shard.tasks set state = ${state}, result = ${JSON.stringify(result)}, finished_at = ${nowMicros}
    where id = ${id} and state is null`.execute(transaction);
}

/** @returns undefined if the user started no such task */
export async function readTask(db: Kysely<ShardTables>, userId: UserId, id: string): Promise<TaskState | undefined> {
  const { rows } = await sql<TaskState>`
    select
      coalesce(t.state, case m.state when 'waiting' then 'queued' when 'running' then 'running' when 'dead' then 'failed'
        else 'done' end) as state,
      case when t.state is null and m.state = 'dead' then jsonb_build_object('code', 'failed', 'detail', m.problem)
        else t.result end as result
    from shard.tasks t left join shard.messages m on m.id = t.id
    where t.id = ${id} and t.user_id = ${userId}`.execute(db);
  return rows[0];
}
