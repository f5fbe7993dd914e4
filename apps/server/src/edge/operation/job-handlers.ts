import type { Clock } from "@holdfast/core/clock";
import { HoldfastError } from "@holdfast/core/errors";
import { isId, type TaskId } from "@holdfast/core/ids";
import { limits } from "@holdfast/core/limits";
import type { Shard, Shards } from "../../base/db/shards.ts";
import { listMessages, removeMessage, retryMessage } from "../../base/queue/admin-messages.ts";
import { readTask } from "../../base/queue/tasks.ts";
import type { Handlers } from "../exchange/handler.ts";

export function jobHandlers({ shards }: { readonly shards: Shards }) {
  return {
    getJob: async ({ caller, params: { id } }) => {
      const task = isId(id) ? await readTask(shards.ofId(id as TaskId).db, caller.userId, id, shards.all()) : undefined;
      if (task === undefined) throw new HoldfastError("not_found", "There is no such job.");
      return { status: 200, json: task };
    },
  } satisfies Handlers;
}

export interface QueueCare {
  readonly shards: Shards;
  readonly clock: Clock;
  /** Called when a message of the shard is due. */
  readonly kick: (shard: Shard) => void;
}

export function queueHandlers({ shards, clock, kick }: QueueCare) {
  return {
    adminListJobs: async ({ query }) => ({
      status: 200,
      json: await listMessages(shards, {
        dead: query.dead === "true",
        limit: query.limit ?? limits.listItemsDefault,
        cursor: query.cursor,
      }),
    }),
    adminRetryJob: async ({ params }) => {
      const { message, shard } = await retryMessage(shards, params.id);
      kick(shard);
      return { status: 200, json: message };
    },
    adminRemoveJob: async ({ params }) => {
      await removeMessage(shards, params.id, clock.nowMicros());
      return { status: 204 };
    },
  } satisfies Handlers;
}
