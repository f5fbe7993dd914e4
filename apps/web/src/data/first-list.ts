import type { AccountDrive } from "./account-drive.ts";
import { lineageQuery } from "./lineage.ts";
import { readFirstPage } from "./load-folder.ts";
import { sortOrders } from "./row-order.ts";

/**
 * Asks for what the list needs that the page was opened at, where it is one of a folder: who shows it then finds it there, or on its way.
 * What fails is asked for again by who shows it, and told by them.
 */
export function beginFirstList(drive: AccountDrive, at: Pick<Location, "pathname" | "search">): void {
  const id = folderAt(at.pathname);
  if (id !== undefined) begin(drive, id, at.search).catch(() => {});
}

/** The place of a folder, by the address. */
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
  // Only the root has to tell its id first.
  const folderId = id === "root" ? (await lineage)[0]?.id : id;
  if (folderId !== undefined) folders.get(folderId, order, early);
  await lineage;
}
