import type { ApiClient } from "@holdfast/api-client/api-client";
import { HoldfastError } from "@holdfast/core/errors";
import { joinPath, nameKey, splitPath } from "@holdfast/core/names";
import type { NodeJson } from "@holdfast/protocol/values";
import type { LinkAddress } from "../links/link-address.ts";
import { findShown, lookUp, showMount } from "./look-up.ts";
import { allPages, pageItemsMax } from "./pages.ts";
import { parseRemotePath, readIdPath } from "./remote-path.ts";

/** The item at a path, with an ID, or at a path below an ID; for a mount the folder that it shows, which people share and leave. @throws HoldfastError not_found */
export async function lookUpShared(client: ApiClient, given: string): Promise<NodeJson> {
  const byId = readIdPath(given);
  if (byId === undefined) return showMount(client, await lookUp(client, given));
  const names = byId.below === "" ? [] : splitPath(parseRemotePath(byId.below));
  const top = await showMount(client, await client.call("getNode", { params: { id: byId.id } }));
  const node = await findBelow(client, top, names);
  if (node !== undefined) return node;
  throw new HoldfastError(
    "not_found",
    `There is no ${joinPath(names)} in the shared folder. 'holdfast ls ${byId.id}' shows what there is.`,
  );
}

/** The item below a link to which the client is connected, or of the account without a link. @throws HoldfastError not_found */
export async function lookUpIn(client: ApiClient, link: LinkAddress | undefined, given: string): Promise<NodeJson> {
  if (link === undefined) return lookUpShared(client, given);
  const { address } = link;
  const path = parseRemotePath(link.path);
  const node = await findShown(client, path);
  if (node !== undefined) return node;
  throw new HoldfastError(
    "not_found",
    `There is no ${path} in this link. 'holdfast ls ${address}' shows what there is.`,
  );
}

/** The item at a path below a folder, which may be one of somebody else that has no path here. Of a mount the folder that it shows. */
export async function findBelow(
  client: ApiClient,
  top: NodeJson,
  names: readonly string[],
): Promise<NodeJson | undefined> {
  let node: NodeJson | undefined = top;
  for (const name of names) node = node && (await findChild(client, node, name));
  return node;
}

/** Undefined also for an uploader, who sees nothing. */
async function findChild(client: ApiClient, { id, kind, role }: NodeJson, name: string): Promise<NodeJson | undefined> {
  if (kind !== "folder" || role === "uploader") return undefined;
  const pages = allPages((cursor) =>
    client.call("listFolder", { params: { id }, query: { limit: pageItemsMax, cursor } }),
  );
  for await (const nodes of pages) {
    const child = nodes.find((node) => nameKey(node.name) === nameKey(name));
    if (child !== undefined) return showMount(client, child);
  }
  return undefined;
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
    if (!(thrown instanceof HoldfastError) || thrown.code !== "not_found") throw thrown;
    if (readIdPath(given) !== undefined) throw thrown;
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
