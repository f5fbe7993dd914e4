import type { ApiClient } from "@holdfast/api-client/api-client";
import type { NodeId } from "@holdfast/core/ids";
import { limits } from "@holdfast/core/limits";
import type { NodeJson } from "@holdfast/protocol/values";
import type { Server } from "@holdfast/sync/ports";

type Snapshot = Awaited<ReturnType<Server["snapshot"]>>;

/** A page of the snapshot does not say the epoch, so the journal is asked, at the place where the snapshot begins. */
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

export async function listBelow(client: ApiClient, id: NodeId): Promise<NodeJson[]> {
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
