import { listActivity } from "../../activity/list-activity.ts";
import type { Shards } from "../../db/shards.ts";
import type { Handlers } from "../handler.ts";

/** What happened. */
export function activityHandlers({ shards }: { readonly shards: Shards }) {
  return {
    listActivity: async ({ caller, query }) => ({ status: 200, json: await listActivity(shards, caller, query) }),
  } satisfies Handlers;
}
