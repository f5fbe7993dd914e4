import type { ApiClient } from "@holdfast/api-client/api-client";
import type { NodeJson } from "@holdfast/protocol/values";
import { allPages, pageItemsMax } from "./pages.ts";

/**
 * Lists everything below a folder, including mounts, whose children have the shown folder (`target`) as parent. A
 * folder that has its own mount is listed only there, even if another mount contains it, as in sync.
 * @param onPage called immediately for each page; `isLast` if no page follows
 */
export async function* listBelow(
  client: ApiClient,
  folderId: string,
  query: { readonly include?: "blocks" } = {},
  onPage: (nodes: readonly NodeJson[], isLast: boolean) => void = () => undefined,
): AsyncGenerator<NodeJson[]> {
  const mounts: NodeJson[] = [];
  const pages = pagesBelow(client, folderId, query, ({ items, next_cursor }) => {
    for (const node of items) if (node.kind === "mount" && node.waits !== true) mounts.push(node);
    onPage(items, next_cursor === null && mounts.length === 0);
  });
  yield* pages;
  const targets = new Set(mounts.map(({ target }) => target));
  // A mount contains no mounts.
  for (const { id } of mounts)
    yield* without(
      targets,
      pagesBelow(client, id, query, ({ items }) => onPage(items, false)),
    );
}

/** Removes nodes and everything below them. Parents come first. */
async function* without(ids: ReadonlySet<string | undefined>, pages: AsyncIterable<NodeJson[]>) {
  const left = new Set<string | null>();
  for await (const page of pages) {
    for (const { id, parent_id } of page) if (ids.has(id) || left.has(parent_id)) left.add(id);
    yield page.filter(({ id }) => !left.has(id));
  }
}

function pagesBelow(
  client: ApiClient,
  id: string,
  query: { readonly include?: "blocks" },
  onPage: (page: { readonly items: readonly NodeJson[]; readonly next_cursor: string | null }) => void,
) {
  return allPages(async (cursor) => {
    const listing = { ...query, recursive: "true" as const, limit: pageItemsMax, cursor };
    const page = await client.call("listFolder", { params: { id }, query: listing });
    onPage(page);
    return page;
  });
}
