import type { PlainKey } from "../../messages/messages.ts";
import type { SortOrder } from "../../data/row-order.ts";

/** What a list tells beside the name, and how wide it is. */
export interface Column {
  readonly id: "modified" | "size" | "where" | "who" | "deleted" | "left";
  readonly message: PlainKey;
  readonly className: string;
  /** As the API's `sort`; absent: the place has one order. */
  readonly sort?: "modified_at" | "size";
  /** Of `left`: how long a thing stays in the trash. */
  readonly keptMs?: number;
}

const modified: Column = {
  id: "modified",
  message: "files.columnModified",
  className: "w-36 shrink-0 text-muted",
};
const size: Column = {
  id: "size",
  message: "files.columnSize",
  className: "w-24 shrink-0 text-end text-muted",
};
const where: Column = { id: "where", message: "files.columnWhere", className: "w-1/4 min-w-0 text-muted" };
const deleted: Column = { id: "deleted", message: "files.columnDeleted", className: "w-36 shrink-0 text-muted" };
const left: Column = { id: "left", message: "files.columnLeft", className: "w-24 shrink-0 text-end text-muted" };
const who = (message: PlainKey): Column => ({ id: "who", message, className: "w-1/5 min-w-0 text-muted" });

export const folderColumns: readonly Column[] = [
  { ...modified, sort: "modified_at" },
  { ...size, sort: "size" },
];
export const listColumns: readonly Column[] = [where, modified, size];
export const sharedColumns: readonly Column[] = [who("files.columnOwner"), modified, size];
export const sharedByMeColumns: readonly Column[] = [who("files.columnWho"), modified, size];

/** @param keptMs how long a thing stays in the trash by the server's settings; undefined until the server has said so */
export function trashColumns(keptMs: number | undefined): readonly Column[] {
  return keptMs === undefined ? [where, deleted] : [where, deleted, { ...left, keptMs }];
}

/** The order after a click on a column: names begin at their beginning, times and sizes with the newest and the largest. */
export function nextSort(now: SortOrder, column: "natural" | "modified_at" | "size"): SortOrder {
  if (column === "natural") return now === "natural" ? "-natural" : "natural";
  return now === `-${column}` ? column : `-${column}`;
}
