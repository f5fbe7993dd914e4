import type { ApiClient } from "@holdfast/api-client/api-client";
import { HoldfastError } from "@holdfast/core/errors";
import { joinPath, nameKey, splitPath } from "@holdfast/core/names";
import type { NodeJson } from "@holdfast/protocol/values";
import type { LinkAddress } from "../links/link-address.ts";
import { findShown, lookUp, showMount } from "./look-up.ts";
import { allPages, pageItemsMax } from "./pages.ts";
import { parseRemotePath, readIdPath } from "./remote-path.ts";

/**
 * Accepts a path, an ID, or a path below an ID. A mount becomes the folder that it shows, which can be shared and left.
 * @throws HoldfastError not_found
 */
export async function lookUpShared(client: ApiClient, given: string): Promise<NodeJson> {
  const byId = readIdPath(given);
  if (byId === undefined) return showMount(client, await lookUp(client, given));
  const names = byId.below === "" ? [] : splitPath(parseRemotePath(byId.below));
  const top = await showMount(client, await client.call("getNode", { params: { id: byId.id } }));
  const node = await findBelow(client, top, names);
  if (node !== undefined) return node;
  throw new HoldfastError(
    "not_found",
    `There is no ${joinPath(names)} in the shared folder. 'holdfast ls ${byId.id}' shows what is there.`,
  );
}

/** Looks in the link, or in the account without a link. @throws HoldfastError not_found */
export async function lookUpIn(client: ApiClient, link: LinkAddress | undefined, given: string): Promise<NodeJson> {
  if (link === undefined) return lookUpShared(client, given);
  const { address } = link;
  const path = parseRemotePath(link.path);
  const node = await findShown(client, path);
  if (node !== undefined) return node;
  throw new HoldfastError(
    "not_found",
    `There is no ${path} in this link. 'holdfast ls ${address}' shows what is there.`,
  );
}

/** The folder may be another account's and have no path here. A mount becomes the folder that it shows. */
export async function findBelow(
  client: ApiClient,
  top: NodeJson,
  names: readonly string[],
): Promise<NodeJson | undefined> {
  let node: NodeJson | undefined = top;
  for (const name of names) node = node && (await findChild(client, node, name));
  return node;
}

/** Also undefined for an uploader, who can list nothing. */
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
 * For commands that list or end permissions. A path may refer to the trash, because trashed items keep their
 * permissions.
 * @throws HoldfastError not_found; conflict, with the candidates, if several trashed items have the path
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
    // The listing below a deleted folder lacks trash fields.
    return client.call("getNode", { params: { id: found.id } });
  }
}

/** Returns the item that is shared with the account under this id, with the account's role. */
export async function findSharedWithMe(client: ApiClient, id: string): Promise<NodeJson | undefined> {
  const pages = allPages((cursor) => client.call("listSharedWithMe", { query: { cursor, limit: pageItemsMax } }));
  for await (const page of pages) {
    const found = page.find(({ node }) => node.id === id);
    if (found !== undefined) return { ...found.node, role: found.permission.role };
  }
  return undefined;
}
