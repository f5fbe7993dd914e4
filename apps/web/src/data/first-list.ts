import type { AccountDrive } from "./account-drive.ts";
import { lineageQuery } from "./lineage.ts";
import { readFirstPage } from "./load-folder.ts";
import { sortOrders } from "./row-order.ts";

/**
 * Prefetches the first list if the page's address is a folder. Errors are ignored, because the list repeats the request
 * and reports them.
 */
export function beginFirstList(drive: AccountDrive, at: Pick<Location, "pathname" | "search">): void {
  const id = folderAt(at.pathname);
  if (id !== undefined) begin(drive, id, at.search).catch(() => {});
}

function folderAt(path: string): string | undefined {
  if (path === "/" || path === "/files") return "root";
  return /^\/files\/([^/]+)$/.exec(path)?.[1];
}

async function begin({ session, client, folders, queries }: AccountDrive, id: string, search: string): Promise<void> {
  if ((await session.start()) !== "signed_in") return;
  const sort = new URLSearchParams(search).get("sort");
  const order = sortOrders.find((each) => each === sort) ?? "natural";
  const early = readFirstPage(client, id, order);
  early.catch(() => {});
  const lineage = queries.query(lineageQuery(client, id));
  // Only `root` has to be resolved to an id first.
  const folderId = id === "root" ? (await lineage)[0]?.id : id;
  if (folderId !== undefined) folders.get(folderId, order, early);
  await lineage;
}
