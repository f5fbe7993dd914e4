import type { ApiClient } from "@holdfast/api-client/api-client";
import { HoldfastError } from "@holdfast/core/errors";
import { isId } from "@holdfast/core/ids";
import { joinPath, splitPath } from "@holdfast/core/names";
import type { NodeJson } from "@holdfast/protocol/values";
import { lookUp, showMount } from "./look-up.ts";
import { allPages, pageItemsMax } from "./pages.ts";
import { parseRemotePath } from "./remote-path.ts";

/** What a path or an id names; of a mount what it shows, which is what people share and leave. @throws HoldfastError not_found */
export async function lookUpShared(client: ApiClient, given: string): Promise<NodeJson> {
  const node = isId(given) ? await client.call("getNode", { params: { id: given } }) : await lookUp(client, given);
  return showMount(client, node);
}

/**
 * The same for a command that lists or ends permissions, which an item keeps in the trash: a path may be of an item there.
 * @throws HoldfastError not_found; conflict, with the candidates, if several items in the trash have the path
 */
export async function lookUpGranted(
  client: ApiClient,
  given: string,
  output: { readonly isTerminal: boolean },
): Promise<NodeJson> {
  try {
    return await lookUpShared(client, given);
  } catch (thrown) {
    if (!(thrown instanceof HoldfastError) || thrown.code !== "not_found" || isId(given)) throw thrown;
    const { findDeletedFrom } = await import("./find-trashed.ts");
    const found = await findDeletedFrom(client, joinPath(splitPath(parseRemotePath(given))), output);
    if (found === undefined) throw thrown;
    // A listing says nothing of the trash about what is below a deleted folder.
    return client.call("getNode", { params: { id: found.id } });
  }
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
