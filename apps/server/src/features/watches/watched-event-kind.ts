import { findReadable } from "../accounts/people/may-read.ts";
import type { Shards } from "../../base/db/shards.ts";
import { notify } from "../notifications/notify.ts";
import type { Kind } from "../../base/queue/kind.ts";
import { roleMay } from "../../tree/rights/roles.ts";
import { findWatchersOf } from "./find-watched.ts";
import { type WatchedEvent, watchedEvent } from "./notify-watchers.ts";

/** Notifies watchers of events that are not in the journal. Only users who may share the node learn who has access. */
export function watchedEventKind({ shards }: { readonly shards: Shards }): Kind<WatchedEvent> {
  return {
    schema: watchedEvent,
    work: async ({ spaceId, nodeId, verb, actor, atMicros }) => {
      const { db } = shards.ofId(spaceId);
      for (const { userId, nodeId: watchedId } of await findWatchersOf(db, spaceId, nodeId)) {
        const node = await findReadable(shards, userId, nodeId);
        if (node === undefined || !roleMay(node.role, "share")) continue;
        const detail = { verbs: [verb], count: 1, name: node.row.name };
        const gather = { key: `watch ${watchedId} ${actor}`, nodeId: watchedId };
        await notify(db, { userId, kind: "watch", actor, nodeId, atMicros, detail, gather });
      }
    },
  };
}
