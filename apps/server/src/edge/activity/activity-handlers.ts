import { listActivity } from "../../features/activity/list-activity.ts";
import type { ReadShards } from "../../base/db/shards.ts";
import { sealedCursors } from "../exchange/sealed-cursor.ts";
import type { Handlers } from "../exchange/handler.ts";

export function activityHandlers({ reads, cursorKey }: { readonly reads: ReadShards; readonly cursorKey: Buffer }) {
  return {
    listActivity: async ({ caller, query }) => {
      const cursors = sealedCursors(cursorKey, `activity ${caller.userId} ${query.in ?? ""}`);
      const page = await listActivity(reads, caller, { ...query, cursor: cursors.open(query.cursor) });
      return { status: 200, json: cursors.seal(page) };
    },
  } satisfies Handlers;
}
