import type { ApiClient } from "@holdfast/api-client/api-client";
import { HoldfastError } from "@holdfast/core/errors";
import type { NodeId } from "@holdfast/core/ids";
import { limits } from "@holdfast/core/limits";
import type { NodeJson } from "@holdfast/protocol/values";
import type { Server } from "@holdfast/sync-ports/ports";

type Snapshot = Awaited<ReturnType<Server["snapshot"]>>;

/** Snapshot pages lack the epoch, so it comes from the journal at the snapshot's start. */
export class SnapshotReader {
  readonly #client: ApiClient;
  #known: { readonly token: string; readonly epoch: string } | undefined;

  constructor(client: ApiClient) {
    this.#client = client;
  }

  async page(cursor: string | undefined): Promise<Snapshot> {
    const page = await this.#client.call("getSnapshot", { query: { cursor, limit: limits.listItemsMax } });
    return { ...page, epoch: await this.#epochOf(page.token) };
  }

  async #epochOf(token: string): Promise<string> {
    if (this.#known?.token === token) return this.#known.epoch;
    const { epoch } = await this.#client.call("listChanges", { query: { since_token: token, limit: 1 } });
    this.#known = { token, epoch };
    return epoch;
  }
}

/** See `Server.listBelow`. The server's list of one space may end at mounts. */
export async function listBelow(client: ApiClient, id: NodeId): Promise<NodeJson[]> {
  const nodes = await listOne(client, id);
  const parents = new Set(nodes.map(({ parent_id }) => parent_id));
  for (const { id: mount, kind, target, waits } of nodes.slice()) {
    if (kind !== "mount" || target === undefined || waits === true || parents.has(target)) continue;
    nodes.push(...(await listMount(client, mount as NodeId)));
  }
  return nodes;
}

/** An ended mount is omitted, because it has its own journal entry. */
async function listMount(client: ApiClient, mount: NodeId): Promise<NodeJson[]> {
  try {
    return await listOne(client, mount);
  } catch (thrown) {
    if (thrown instanceof HoldfastError && thrown.code === "not_found") return [];
    throw thrown;
  }
}

async function listOne(client: ApiClient, id: NodeId): Promise<NodeJson[]> {
  const nodes: NodeJson[] = [];
  let cursor: string | undefined;
  do {
    const query = { recursive: "true", limit: limits.listItemsMax, cursor } as const;
    const page = await client.call("listFolder", { params: { id }, query });
    nodes.push(...page.items);
    cursor = page.next_cursor ?? undefined;
  } while (cursor !== undefined);
  return nodes;
}

export async function queryNodes(client: ApiClient, ids: readonly NodeId[]): ReturnType<Server["queryNodes"]> {
  const states: Awaited<ReturnType<Server["queryNodes"]>>[number][] = [];
  for (let start = 0; start < ids.length; start += limits.listItemsMax) {
    const { items } = await client.call("queryNodes", { body: { ids: ids.slice(start, start + limits.listItemsMax) } });
    states.push(...items);
  }
  return states;
}

/** See `Server.versionWith`. */
export async function versionWith(client: ApiClient, id: NodeId, contentId: string): Promise<string | undefined> {
  try {
    const { items } = await client.call("listVersions", { params: { id }, query: { content_id: contentId } });
    // An older server returns all versions.
    return items.find(({ content_id }) => content_id === contentId)?.version_id;
  } catch (thrown) {
    if (thrown instanceof HoldfastError && ["forbidden", "not_found"].includes(thrown.code)) return undefined;
    throw thrown;
  }
}
