import { listActivity } from "../../features/activity/list-activity.ts";
import type { Shards } from "../../base/db/shards.ts";
import { sealedCursors } from "../exchange/sealed-cursor.ts";
import type { Handlers } from "../exchange/handler.ts";

export function activityHandlers({ shards, cursorKey }: { readonly shards: Shards; readonly cursorKey: Buffer }) {
  return {
    listActivity: async ({ caller, query }) => {
      const cursors = sealedCursors(cursorKey, `activity ${caller.userId} ${query.in ?? ""}`);
      const page = await listActivity(shards, caller, { ...query, cursor: cursors.open(query.cursor) });
      return { status: 200, json: cursors.seal(page) };
    },
  } satisfies Handlers;
}
