import type { ApiClient } from "@holdfast/api-client/api-client";
import { isId } from "@holdfast/core/ids";
import type { NodeJson } from "@holdfast/protocol/values";
import { lookUp, showMount } from "./look-up.ts";
import { allPages, pageItemsMax } from "./pages.ts";

/** What a path or an id names; of a mount what it shows, which is what people share and leave. @throws HoldfastError not_found */
export async function lookUpShared(client: ApiClient, given: string): Promise<NodeJson> {
  const node = isId(given) ? await client.call("getNode", { params: { id: given } }) : await lookUp(client, given);
  return showMount(client, node);
}

/** What is shared with the account under this id, with the role that it has there. */
export async function findSharedWithMe(client: ApiClient, id: string): Promise<NodeJson | undefined> {
  const pages = allPages((cursor) => client.call("listSharedWithMe", { query: { cursor, limit: pageItemsMax } }));
  for await (const page of pages) {
    const found = page.find(({ node }) => node.id === id);
    if (found !== undefined) return { ...found.node, role: found.permission.role };
  }
  return undefined;
}
