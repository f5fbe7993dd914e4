import type { ApiClient } from "@holdfast/api-client/api-client";
import type { NodeJson } from "@holdfast/protocol/values";
import { allPages, pageItemsMax } from "./pages.ts";

/**
 * All below a folder, also below the mounts in it, whose contents have the folder that is shown (`target`) as their parent. A folder that one
 * mount shows and that lies in what another one shows is listed by its own mount alone, as devices sync it.
 */
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
  const targets = new Set(mounts.map(({ target }) => target));
  // There are no mounts below a mount.
  for (const { id } of mounts) yield* without(targets, pagesBelow(client, id, query));
}

/** Parents come first. */
async function* without(ids: ReadonlySet<string | undefined>, pages: AsyncIterable<NodeJson[]>) {
  const left = new Set<string | null>();
  for await (const page of pages) {
    for (const { id, parent_id } of page) if (ids.has(id) || left.has(parent_id)) left.add(id);
    yield page.filter(({ id }) => !left.has(id));
  }
}

function pagesBelow(client: ApiClient, id: string, query: { readonly include?: "blocks" }) {
  return allPages((cursor) =>
    client.call("listFolder", { params: { id }, query: { ...query, recursive: "true", limit: pageItemsMax, cursor } }),
  );
}
