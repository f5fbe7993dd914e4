import type { ApiClient } from "@holdfast/api-client/api-client";
import { limits } from "@holdfast/core/limits";
import type { Server } from "@holdfast/sync-ports/ports";
import type { HeardLists } from "./heard-lists.ts";
import type { OwnChanges } from "./own-changes.ts";

interface Listening {
  readonly client: ApiClient;
  readonly heard: HeardLists;
  readonly own: OwnChanges;
}

/** See `Server.listChanges`. This device's own changes return in a few bytes. */
export async function listChanges(
  { client, heard, own }: Listening,
  sinceToken: string,
): ReturnType<Server["listChanges"]> {
  const include = heard.hasRoom ? { include: "blocks" as const } : {};
  const query = { since_token: sinceToken, limit: limits.listItemsMax, ...include };
  const brief = own.isEmpty ? {} : { own: "brief" as const };
  let page = await client.call("listChanges", { query: { ...query, ...brief } });
  let changes = own.fill(page.changes);
  if (changes === undefined) {
    // Another program of this device made the change, or a response was lost.
    page = await client.call("listChanges", { query });
    changes = page.changes;
  }
  own.forget(changes);
  heard.hear(changes);
  return { ...page, changes };
}
