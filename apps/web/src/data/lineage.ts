import type { ApiClient } from "@holdfast/api-client/api-client";
import type { NodeJson } from "@holdfast/protocol/values";

/** A folder and its ancestors, nearest first, as far as the viewer may see. @param id node id or `root` */
export function lineageQuery(client: ApiClient, id: string) {
  return {
    queryKey: ["lineage", id],
    queryFn: async ({ signal }: { signal: AbortSignal }): Promise<readonly NodeJson[]> => {
      const lineage = [await client.call("getNode", { params: { id }, signal })];
      // Terminates: a path has at most 128 names.
      for (let up = lineage[0]?.parent_id; up != null; up = lineage.at(-1)?.parent_id) {
        lineage.push(await client.call("getNode", { params: { id: up }, signal }));
      }
      return lineage;
    },
  };
}
