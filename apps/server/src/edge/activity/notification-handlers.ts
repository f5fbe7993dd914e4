import type { ReadShards, Shards } from "../../base/db/shards.ts";
import { listNotifications, markRead } from "../../features/notifications/list-notifications.ts";
import { readWatch, unwatch, watch } from "../../features/watches/watches.ts";
import type { Handlers } from "../exchange/handler.ts";

interface NotificationWorld {
  readonly shards: Shards;
  readonly reads: ReadShards;
}

export function notificationHandlers({ shards, reads }: NotificationWorld) {
  return {
    listNotifications: async ({ caller, query }) => ({
      status: 200,
      json: await listNotifications(reads, caller, query),
    }),
    readNotifications: async ({ caller, body }) => ({
      status: 200,
      json: { unread: await markRead(shards, caller, body.up_to) },
    }),
    getWatch: async ({ caller, params }) => ({ status: 200, json: await readWatch(shards, caller, params.id) }),
    watchNode: async ({ caller, params }) => {
      await watch(shards, caller, params.id);
      return { status: 204 };
    },
    unwatchNode: async ({ caller, params }) => {
      await unwatch(shards, caller, params.id);
      return { status: 204 };
    },
  } satisfies Handlers;
}
