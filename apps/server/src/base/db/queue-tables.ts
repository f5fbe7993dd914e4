import type { MessageId, TaskId, UserId } from "@holdfast/core/ids";
import type { Generated } from "kysely";

/** Times are microseconds since 1970. */
export interface QueueTables {
  "shard.messages": MessageRow;
  "shard.tasks": TaskRow;
}

export interface MessageRow {
  id: MessageId;
  number: Generated<number>;
  kind: string;
  key: string | null;
  payload: unknown;
  state: Generated<"waiting" | "running" | "dead">;
  attempts: Generated<number>;
  due_at: number;
  tried_at: number | null;
  worker: string | null;
  leased_until: number | null;
  problem: string | null;
  created_at: Generated<number>;
  wanted_at: Generated<number>;
  died_at: number | null;
}

export interface TaskRow {
  id: TaskId;
  user_id: UserId;
  kind: string;
  state: "done" | "failed" | null;
  result: unknown;
  created_at: Generated<number>;
  finished_at: number | null;
}
