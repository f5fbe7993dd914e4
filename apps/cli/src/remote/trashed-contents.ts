import type { ApiClient } from "@holdfast/api-client/api-client";
import { HoldfastError } from "@holdfast/core/errors";
import type { NodeJson } from "@holdfast/protocol/values";
import { listBelow } from "./list-below.ts";
import { allPages, pageItemsMax } from "./pages.ts";

/** Pages of one listing. Files beyond are checked one by one. */
const pagesMax = 200;

/** Contents that were deleted from a folder or below it, as far as they can be listed soon. */
export async function* trashedContents(client: ApiClient, folderId: string): AsyncGenerator<string> {
  let pagesLeft = pagesMax;
  try {
    for await (const page of pagesOfTrash(client, folderId)) {
      for (const { content_id: content } of page) if (content !== null) yield content;
      pagesLeft -= 1;
      if (pagesLeft <= 0) return;
    }
  } catch (thrown) {
    // Without permission, or if the trash changes during the listing, each file is checked on its own.
    if (!(thrown instanceof HoldfastError) || !["forbidden", "not_found", "invalid_field"].includes(thrown.code))
      throw thrown;
  }
}

async function* pagesOfTrash(client: ApiClient, folderId: string): AsyncGenerator<NodeJson[]> {
  const pages = allPages((cursor) =>
    client.call("listTrash", { query: { in: folderId, cursor, limit: pageItemsMax } }),
  );
  for await (const page of pages) {
    yield page;
    for (const { id, kind } of page) if (kind === "folder") yield* listBelow(client, id);
  }
}
