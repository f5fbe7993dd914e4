import type { Clock } from "@holdfast/core/clock";
import type { ReadShards, Shards } from "../../base/db/shards.ts";
import { listRecent } from "../../features/stars/recent.ts";
import { addStar, listStarred, removeStar } from "../../features/stars/stars.ts";
import { placesOf, type TagOf } from "../../features/thumbs/thumb-tag.ts";
import type { Handlers } from "../exchange/handler.ts";

interface StarWorld {
  readonly shards: Shards;
  readonly reads: ReadShards;
  readonly clock: Clock;
  readonly tagOf: TagOf;
}

export function starHandlers({ shards, reads, clock, tagOf }: StarWorld) {
  return {
    starNode: async ({ caller, params }) => {
      await addStar(shards, clock, caller, params.id);
      return { status: 204 };
    },
    unstarNode: async ({ caller, params }) => {
      await removeStar(shards, caller, params.id);
      return { status: 204 };
    },
    listStarred: async ({ caller, query }) => {
      const page = await listStarred(shards, caller, query);
      return { status: 200, json: { ...page, t: tagOf(caller, placesOf(page.items)) } };
    },
    listRecent: async ({ caller, query }) => {
      const page = await listRecent(reads, caller, { ...query, group: query.group === "true" });
      return { status: 200, json: { ...page, t: tagOf(caller, placesOf(page.items)) } };
    },
  } satisfies Handlers;
}
