import type { ApiClient } from "@holdfast/api-client/api-client";
import { HoldfastError } from "@holdfast/core/errors";
import { findNode } from "../remote/look-up.ts";

/** The folder on the server that is synced, made with all above it if it is missing. @returns its id. @throws HoldfastError conflict */
export async function ensureRemoteFolder(client: ApiClient, path: string): Promise<string> {
  const there = await findNode(client, path);
  if (there?.kind === "folder") return there.id;
  if (there !== undefined)
    throw new HoldfastError("conflict", `${path} is a ${there.kind} on the server, not a folder.`);
  try {
    return (await client.call("createNode", { body: { kind: "folder", path, parents: true } })).id;
  } catch (thrown) {
    // Another device made it meanwhile.
    const made = thrown instanceof HoldfastError && thrown.code === "exists" ? await findNode(client, path) : undefined;
    if (made?.kind !== "folder") throw thrown;
    return made.id;
  }
}
