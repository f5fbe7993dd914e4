import type { ApiClient } from "@holdfast/api-client/api-client";
import { HoldfastError } from "@holdfast/core/errors";
import type { NodeJson } from "@holdfast/protocol/values";
import { pageItemsMax } from "./pages.ts";

/** Trashed items that came from some folders and are deleted with them. */
export interface TrashedFrom {
  readonly count: number;
  /** False if there may be more, or the listing is forbidden. */
  readonly isAll: boolean;
}

/** A page may be empty if the trash has many items from elsewhere. */
const pagesMax = 20;

/** @param nodes nodes that are about to be permanently deleted */
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
