import type { ApiClient } from "@holdfast/api-client/api-client";
import { HoldfastError } from "@holdfast/core/errors";
import { limits } from "@holdfast/core/limits";
import { joinPath, splitPath } from "@holdfast/core/names";
import type { NodeJson } from "@holdfast/protocol/values";
import { parseRemotePath } from "./remote-path.ts";

/** @throws HoldfastError not_found, with the path and advice */
export async function lookUp(client: ApiClient, given: string): Promise<NodeJson> {
  const path = parseRemotePath(given);
  const node = await findNode(client, path);
  if (node !== undefined) return node;
  const above = await nearestAbove(client, path);
  throw new HoldfastError(
    "not_found",
    `There is no ${path} on the server. 'holdfast ls ${above}' shows what is there.`,
  );
}

async function nearestAbove(client: ApiClient, path: string): Promise<string> {
  const names = splitPath(path);
  for (let depth = names.length - 1; depth > 0; depth -= 1) {
    const above = joinPath(names.slice(0, depth));
    const node = await findNode(client, above);
    if (node?.kind === "folder" || node?.kind === "mount") return above;
  }
  return "/";
}

/**
 * For a command that must change nothing unless all items exist.
 * @throws HoldfastError not_found, with all missing paths
 */
export async function lookUpAll(client: ApiClient, given: readonly string[]): Promise<NodeJson[]> {
  const paths = given.map(parseRemotePath);
  const nodes = await Promise.all(paths.map((path) => findNode(client, path)));
  const missing = paths.filter((_, index) => nodes[index] === undefined);
  const [first] = missing;
  if (first !== undefined && missing.length === 1) await lookUp(client, first);
  if (first !== undefined)
    throw new HoldfastError("not_found", `Not found on the server: ${missing.join(", ")}. Nothing was changed.`);
  return nodes.filter((node) => node !== undefined);
}

/** @throws HoldfastError conflict for a node that is not a file */
export async function lookUpFile(client: ApiClient, path: string): Promise<NodeJson> {
  const node = await lookUp(client, path);
  if (node.kind === "file") return node;
  throw new HoldfastError("conflict", `${path} is a ${node.kind}, not a file.`);
}

export async function findNode(client: ApiClient, path: string): Promise<NodeJson | undefined> {
  try {
    return await client.call("lookUpPath", { query: { path: joinPath(splitPath(path)), limit: 1 } });
  } catch (thrown) {
    if (thrown instanceof HoldfastError && thrown.code === "not_found") return undefined;
    throw thrown;
  }
}

/** Returns the shown folder under the mount's path. @throws HoldfastError not_found while the mount waits */
export async function showMount(client: ApiClient, node: NodeJson): Promise<NodeJson> {
  if (node.kind !== "mount" || node.target === undefined) return node;
  return client.call("getNode", { params: { id: node.target } });
}

/**
 * True if a copy must be private. On its owner's devices, a private ancestor protects a node, also in the trash.
 * Ancestors of another account's folder are unknown, so such a folder counts as private.
 */
export async function arrivesPrivate(client: ApiClient, node: NodeJson): Promise<boolean> {
  if (node.private === true || (node.kind === "folder" && node.role !== "owner")) return true;
  // Another account's item may have no path here.
  const isInView = node.trashed_at === null;
  if ((!isInView || node.role !== "owner") && (await isBelowPrivate(client, node))) return true;
  if (!isInView) return false;
  // Checks the ancestors by path, which can lead through a mount.
  const names = splitPath(node.path).slice(0, -1);
  const above = await Promise.all(names.map((_, depth) => findNode(client, joinPath(names.slice(0, depth + 1)))));
  return above.some((folder) => folder?.private === true);
}

async function isBelowPrivate(client: ApiClient, node: NodeJson): Promise<boolean> {
  let id = node.parent_id;
  // Limits the depth, in case a server returns endless parents.
  for (let depth = 0; id !== null; depth += 1) {
    if (depth > limits.pathNamesMax) return true;
    let folder: NodeJson;
    try {
      folder = await client.call("getNode", { params: { id } });
    } catch (thrown) {
      if (thrown instanceof HoldfastError && (thrown.code === "not_found" || thrown.code === "forbidden")) return false;
      throw thrown;
    }
    if (folder.private === true) return true;
    id = folder.parent_id;
  }
  return false;
}

/** Like `findNode`, but for a mount returns the folder that it shows. */
export async function findShown(client: ApiClient, path: string): Promise<NodeJson | undefined> {
  const node = await findNode(client, path);
  return node === undefined ? undefined : showMount(client, node);
}

export async function lookUpFolder(client: ApiClient, path: string): Promise<NodeJson> {
  const node = await showMount(client, await lookUp(client, path));
  if (node.kind === "folder") return node;
  throw new HoldfastError("conflict", `${path} is a ${node.kind}, not a folder.`);
}

/**
 * Follows cp and mv: inside `destination` under `ownName` if that is a folder or ends in a slash, otherwise
 * `destination` itself.
 */
export async function placeFor(
  client: ApiClient,
  destination: string,
  ownName: string,
): Promise<{ parentId: string; name: string; path: string }> {
  const names = splitPath(destination);
  const there = await findShown(client, destination);
  if (there?.kind === "folder" || destination.endsWith("/") || names.length === 0) {
    const folder = there?.kind === "folder" ? there : await lookUpFolder(client, joinPath(names));
    return { parentId: folder.id, name: ownName, path: joinPath([...names, ownName]) };
  }
  const parent = await lookUpFolder(client, joinPath(names.slice(0, -1)));
  return { parentId: parent.id, name: names.at(-1) ?? ownName, path: joinPath(names) };
}
