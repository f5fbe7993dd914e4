import type { ApiClient } from "@holdfast/api-client/api-client";
import { HoldfastError } from "@holdfast/core/errors";
import type { NodeId } from "@holdfast/core/ids";
import { limits } from "@holdfast/core/limits";
import type { ActivityVerb } from "@holdfast/protocol/activity-routes";
import type { Changer, Changers } from "@holdfast/sync-ports/ports";

/** See `Server`. */
export async function changersOf(client: ApiClient, id: NodeId, versionId: string | null): Promise<Changers> {
  const [version, placed] = await Promise.all([authorOf(client, id, versionId), placerOf(client, id)]);
  return { version, placed };
}

const newestMax = 20;
const pagesMax = 100;

async function authorOf(client: ApiClient, id: NodeId, versionId: string | null): Promise<Changer | undefined> {
  if (versionId === null) return undefined;
  const { items } = await client.call("listVersions", { params: { id }, query: { limit: newestMax } });
  const version = items.find((each) => each.version_id === versionId);
  if (version === undefined)
    throw new HoldfastError("unavailable", "The file has changed on the server in the meantime.");
  return { accountId: version.created_by, name: version.author.name };
}

const placing: ReadonlySet<ActivityVerb> = new Set(["created", "renamed", "moved", "trashed", "restored", "purged"]);

async function placerOf(client: ApiClient, id: NodeId): Promise<Changers["placed"]> {
  try {
    const [node, last] = await Promise.all([client.call("getNode", { params: { id } }), lastPlacing(client, id)]);
    if (last === undefined) return undefined;
    if (last === "too far back") return { accountId: "", name: "", isLatest: false };
    // A rewind changes nodes without separate entries. Deleting a folder changes no node inside.
    const isLatest = last.at === node.updated_at;
    return { accountId: last.actor.id, name: last.actor.name, isLatest };
  } catch (thrown) {
    // Removed from the trash meanwhile.
    if (thrown instanceof HoldfastError && thrown.code === "not_found") return undefined;
    throw thrown;
  }
}

/** Pages may contain comments first, and end early if much has happened elsewhere. */
async function lastPlacing(client: ApiClient, id: NodeId) {
  let cursor: string | undefined;
  for (let page = 0; page < pagesMax; page += 1) {
    const { items, next_cursor } = await client.call("listActivity", {
      query: { in: id, limit: limits.activityItemsMax, cursor },
    });
    const last = items.find(({ verb }) => placing.has(verb));
    if (last !== undefined || next_cursor === null) return last;
    cursor = next_cursor;
  }
  // No account counts as the author, so the rules wait for a person.
  return "too far back";
}
