import { queryOptions } from "@tanstack/react-query";
import type { Drive } from "./drive.ts";

/** Permissions on an item and its ancestors. Requires the right to share. */
export function permissionsOf({ client }: Drive, nodeId: string) {
  return queryOptions({
    queryKey: ["permissions", nodeId],
    queryFn: async ({ signal }) => (await client.call("listPermissions", { params: { id: nodeId }, signal })).items,
  });
}
