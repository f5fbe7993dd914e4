import { randomBytes } from "node:crypto";
import { bucketOf, makeId, type TaskId, type UserId } from "@holdfast/core/ids";
import { type Kysely, sql } from "kysely";
import type { ShardQueries, ShardTables } from "../db/shard-tables.ts";
import type { Shard } from "../db/shards.ts";
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
  transaction: ShardQueries,
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
export async function finishTask(transaction: ShardQueries, { id, state, result, nowMicros }: TaskEnd): Promise<void> {
  await sql`
    update shard.tasks set state = ${state}, result = ${JSON.stringify(result)}, finished_at = ${nowMicros}
    where id = ${id} and state is null`.execute(transaction);
}

/**
 * @param shards all: after a move of the user, the message is still on the shard that it was sent from
 * @returns undefined if the user started no such task
 */
export async function readTask(
  db: Kysely<ShardTables>,
  userId: UserId,
  id: string,
  shards: readonly Shard[] = [],
): Promise<TaskState | undefined> {
  const { rows } = await sql<EndedTask & SentMessage>`
    select t.state, t.result, m.state as sent, m.problem from shard.tasks t left join shard.messages m on m.id = t.id
    where t.id = ${id} and t.user_id = ${userId}`.execute(db);
  const [task] = rows;
  if (task === undefined) return undefined;
  if (task.state !== null) return { state: task.state, result: task.result };
  if (task.sent !== null) return stateOf(task);
  for (const shard of shards) {
    const { rows: elsewhere } = await sql<SentMessage>`
      select state as sent, problem from shard.messages where id = ${id}`.execute(shard.db);
    if (elsewhere[0] !== undefined) return stateOf(elsewhere[0]);
  }
  return { state: "done", result: null };
}

interface EndedTask {
  readonly state: "done" | "failed" | null;
  readonly result: unknown;
}

interface SentMessage {
  readonly sent: "waiting" | "running" | "dead" | null;
  readonly problem: string | null;
}

function stateOf({ sent, problem }: SentMessage): TaskState {
  if (sent === "dead") return { state: "failed", result: { code: "failed", detail: problem } };
  return { state: sent === "waiting" ? "queued" : "running", result: null };
}
