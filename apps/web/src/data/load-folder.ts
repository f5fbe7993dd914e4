import type { ApiClient } from "@holdfast/api-client/api-client";
import { limits } from "@holdfast/core/limits";
import type { FolderIndex } from "./folder-index.ts";
import { reverseOf, type SortOrder } from "./row-order.ts";
import { type Row, rowOf } from "./row.ts";

/** A small first page shows rows early. */
const firstPageRows = 200;

export type FirstPage = Awaited<ReturnType<typeof listPage>>;

/** @param folderId node id or `root` */
export function readFirstPage(
  client: ApiClient,
  folderId: string,
  sort: SortOrder,
  signal?: AbortSignal,
): Promise<FirstPage> {
  return listPage(client, folderId, { sort, limit: firstPageRows, cursor: undefined }, signal);
}

/**
 * Loads from both ends in parallel.
 * @param wanted resolves when the folder is opened; before, only the first page is loaded
 * @throws HoldfastError as the server answers; loaded pages stay
 */
export async function loadFolder(
  client: ApiClient,
  folderId: string,
  index: FolderIndex,
  signal: AbortSignal,
  { firstPage, wanted }: { readonly firstPage?: FirstPage; readonly wanted: Promise<void> },
): Promise<void> {
  const first = firstPage ?? (await readFirstPage(client, folderId, index.order, signal));
  addPage(index, "first", first);
  if (index.getSnapshot().isComplete) return;
  await wanted;
  await Promise.all([
    readOn({ client, folderId, index, signal }, "first", first.cursor),
    readOn({ client, folderId, index, signal }, "last", undefined),
  ]);
}

interface Loading {
  readonly client: ApiClient;
  readonly folderId: string;
  readonly index: FolderIndex;
  readonly signal: AbortSignal;
}

type End = "first" | "last";

async function readOn(loading: Loading, from: End, start: string | undefined): Promise<void> {
  let cursor = start;
  const { client, folderId, index, signal } = loading;
  const sort = from === "first" ? index.order : reverseOf(index.order);
  while (!index.getSnapshot().isComplete) {
    const page = await listPage(client, folderId, { sort, limit: limits.listItemsMax, cursor }, signal);
    addPage(index, from, page);
    ({ cursor } = page);
  }
}

export function addPage(index: FolderIndex, from: End, { rows, cursor, total, thumbTag }: FirstPage): void {
  index.addPage({ from, rows, isEnd: cursor === undefined, total: from === "first" ? total : undefined, thumbTag });
}

/** Reads everything again, then updates the shown list in one step. */
export async function rereadFolder(
  client: ApiClient,
  folderId: string,
  index: FolderIndex,
  signal: AbortSignal,
): Promise<void> {
  index.beginReading();
  const rows: Row[] = [];
  let cursor: string | undefined;
  do {
    const page = await listPage(client, folderId, { sort: index.order, limit: limits.listItemsMax, cursor }, signal);
    rows.push(...page.rows);
    ({ cursor } = page);
    index.thumbTag = page.thumbTag;
  } while (cursor !== undefined);
  index.replaceAll(rows);
}

async function listPage(
  client: ApiClient,
  id: string,
  query: { readonly sort: SortOrder; readonly limit: number; readonly cursor: string | undefined },
  signal: AbortSignal | undefined,
) {
  const page = await client.call("listFolder", { params: { id }, query: { ...query, fields: "row" }, signal });
  return {
    rows: page.items.map((item) => rowOf(item)),
    cursor: page.next_cursor ?? undefined,
    total: page.total,
    thumbTag: page.t,
  };
}
