import type { ApiClient } from "@holdfast/api-client/api-client";
import type { NodeJson } from "@holdfast/protocol/values";

/** The query for a folder and all above it, the nearest first; at the top of what one may see the way ends. @param id of a folder, or `root` */
export function lineageQuery(client: ApiClient, id: string) {
  return {
    queryKey: ["lineage", id],
    queryFn: async ({ signal }: { signal: AbortSignal }): Promise<readonly NodeJson[]> => {
      const lineage = [await client.call("getNode", { params: { id }, signal })];
      // A path has at most 128 names, so the way up ends.
      for (let up = lineage[0]?.parent_id; up != null; up = lineage.at(-1)?.parent_id) {
        lineage.push(await client.call("getNode", { params: { id: up }, signal }));
      }
      return lineage;
    },
  };
}
