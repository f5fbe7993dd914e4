import type { ApiClient } from "@holdfast/api-client/api-client";
import { HoldfastError } from "@holdfast/core/errors";
import type { NodeJson } from "@holdfast/protocol/values";
import { pageItemsMax } from "./pages.ts";

/** What lies in the trash by itself and went from some folders: it goes with them. */
export interface TrashedFrom {
  readonly count: number;
  /** Else there is more, or nobody may say. */
  readonly isAll: boolean;
}

/** A page may be empty where very much lies in the trash from elsewhere. */
const pagesMax = 20;

/** Looks at so many pages at most. @param nodes that are about to be removed for good */
export async function trashedFrom(client: ApiClient, nodes: readonly NodeJson[]): Promise<TrashedFrom> {
  let [count, pagesLeft] = [0, pagesMax];
  for (const { id } of nodes.filter(({ kind }) => kind === "folder")) {
    let cursor: string | undefined;
    do {
      if (pagesLeft === 0) return { count, isAll: false };
      pagesLeft -= 1;
      const query = { in: id, limit: pageItemsMax, cursor };
      const page = await client.call("listTrash", { query }).catch(unlessForbidden);
      if (page === undefined) return { count, isAll: false };
      count += page.items.length;
      cursor = page.next_cursor ?? undefined;
    } while (cursor !== undefined);
  }
  return { count, isAll: true };
}

function unlessForbidden(thrown: unknown): undefined {
  if (!(thrown instanceof HoldfastError) || thrown.code !== "forbidden") throw thrown;
  return undefined;
}
