import type { ApiClient } from "@holdfast/api-client/api-client";
import type { NodeJson } from "@holdfast/protocol/values";
import { allPages, pageItemsMax } from "./pages.ts";

/** All below a folder, also below the mounts in it, whose contents have the folder that is shown (`target`) as their parent. */
export async function* listBelow(
  client: ApiClient,
  folderId: string,
  query: { readonly include?: "blocks" } = {},
): AsyncGenerator<NodeJson[]> {
  const mounts: NodeJson[] = [];
  for await (const page of pagesBelow(client, folderId, query)) {
    for (const node of page) if (node.kind === "mount" && node.waits !== true) mounts.push(node);
    yield page;
  }
  // There are no mounts below a mount.
  for (const { id } of mounts) yield* pagesBelow(client, id, query);
}

function pagesBelow(client: ApiClient, id: string, query: { readonly include?: "blocks" }) {
  return allPages((cursor) =>
    client.call("listFolder", { params: { id }, query: { ...query, recursive: "true", limit: pageItemsMax, cursor } }),
  );
}
