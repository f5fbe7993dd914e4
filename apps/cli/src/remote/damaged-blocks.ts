import type { ApiClient } from "@holdfast/api-client/api-client";
import { HoldfastError } from "@holdfast/core/errors";
import type { HashHex, NodeId } from "@holdfast/core/ids";
import { allPages, pageItemsMax } from "./pages.ts";

export interface DamagedVersion {
  readonly nodeId: NodeId;
  readonly hashes: Set<HashHex>;
}

/** By version id. Nearly always empty. */
export type DamagedVersions = ReadonlyMap<string, DamagedVersion>;

/**
 * For a caller that can work without the result. A rejection by a server or proxy gives an empty result without a
 * retry. A connection failure will recur in the next request.
 * @throws HoldfastError unauthenticated, which every request would meet
 */
export async function findDamagedOrNone(client: ApiClient): Promise<DamagedVersions> {
  try {
    return await findDamaged(client, { asksOnce: true });
  } catch (thrown) {
    if (!(thrown instanceof HoldfastError) || thrown.code === "unauthenticated") throw thrown;
    return new Map();
  }
}

/** One short request if nothing is damaged. */
export async function findDamaged(client: ApiClient, { asksOnce = false } = {}): Promise<DamagedVersions> {
  const versions = new Map<string, DamagedVersion>();
  const pages = allPages((cursor) => client.call("listDamaged", { query: { limit: pageItemsMax, cursor }, asksOnce }));
  try {
    for await (const blocks of pages) {
      for (const { hash, files } of blocks) {
        for (const { node_id, version_id } of files) {
          const known = versions.get(version_id) ?? { nodeId: node_id as NodeId, hashes: new Set() };
          versions.set(version_id, known);
          known.hashes.add(hash);
        }
      }
    }
  } catch (thrown) {
    // An older server lacks this route.
    if (thrown instanceof HoldfastError && thrown.code === "not_found") return versions;
    throw thrown;
  }
  return versions;
}
