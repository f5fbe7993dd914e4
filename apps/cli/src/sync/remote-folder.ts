import type { ApiClient } from "@holdfast/api-client/api-client";
import { HoldfastError } from "@holdfast/core/errors";
import { joinPath, splitPath } from "@holdfast/core/names";
import type { NodeJson } from "@holdfast/protocol/values";
import { findNode } from "../remote/look-up.ts";

/** Creates missing ancestors too. @throws HoldfastError conflict */
export async function ensureRemoteFolder(client: ApiClient, path: string): Promise<string> {
  const there = await findNode(client, path);
  await refuseShared(client, path, there);
  if (there?.kind === "folder") return there.id;
  if (there !== undefined)
    throw new HoldfastError("conflict", `${path} is a ${there.kind} on the server, not a folder.`);
  try {
    return (await client.call("createNode", { body: { kind: "folder", path, parents: true } })).id;
  } catch (thrown) {
    const made = thrown instanceof HoldfastError && thrown.code === "exists" ? await findNode(client, path) : undefined;
    if (made?.kind !== "folder") throw thrown;
    return made.id;
  }
}

/**
 * Creates nothing.
 * @returns undefined if a run would create the folder
 * @throws HoldfastError conflict
 */
export async function findRemoteFolder(client: ApiClient, path: string): Promise<string | undefined> {
  const there = await findNode(client, path);
  const nearest = await refuseShared(client, path, there);
  if (nearest !== undefined && nearest.kind !== "folder")
    throw new HoldfastError("conflict", `${path}: ${nearest.name} is a ${nearest.kind} on the server, not a folder.`);
  return there?.id;
}

/**
 * Rejects a folder in a mount. Its content is in another space, of which a device can follow only what its own space
 * shows.
 * @returns the node at the path, or its nearest existing ancestor
 */
async function refuseShared(
  client: ApiClient,
  path: string,
  there: NodeJson | undefined,
): Promise<NodeJson | undefined> {
  const names = splitPath(path);
  let nearest = there;
  while (nearest === undefined && names.pop() !== undefined) nearest = await findNode(client, joinPath(names));
  if (nearest === undefined || (nearest.kind !== "mount" && nearest.role === "owner")) return nearest;
  const message = `${path} is, or is in, a folder that is shared with you, which cannot be synced on its own. Sync a folder of your own in which it is mounted.`;
  throw new HoldfastError("conflict", message);
}
