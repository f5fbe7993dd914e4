import type { Clock } from "@holdfast/core/clock";
import type { Shards } from "../../db/shards.ts";
import { listRecent } from "../../stars/recent.ts";
import { addStar, listStarred, removeStar } from "../../stars/stars.ts";
import type { Handlers } from "../handler.ts";

/** What an account comes back to: what it has starred, and what it changed lately. */
export function starHandlers({ shards, clock }: { shards: Shards; clock: Clock }) {
  return {
    starNode: async ({ caller, params }) => {
      await addStar(shards, clock, caller, params.id);
      return { status: 204 };
    },
    unstarNode: async ({ caller, params }) => {
      await removeStar(shards, caller, params.id);
      return { status: 204 };
    },
    listStarred: async ({ caller, query }) => ({ status: 200, json: await listStarred(shards, caller, query) }),
    listRecent: async ({ caller, query }) => ({ status: 200, json: await listRecent(shards, caller, query) }),
  } satisfies Handlers;
}
