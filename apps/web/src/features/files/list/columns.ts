import type { PlainKey } from "../../../messages/messages.ts";
import type { SortOrder } from "../../../data/row-order.ts";

export interface Column {
  readonly id: "modified" | "size" | "where" | "who" | "deleted" | "left";
  readonly message: PlainKey;
  readonly className: string;
  /** Absent if the place has a fixed order. */
  readonly sort?: "modified_at" | "size";
  /** For `left`: retention of the trash. */
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

/** @param keptMs retention of the trash; undefined until known */
export function trashColumns(keptMs: number | undefined): readonly Column[] {
  return keptMs === undefined ? [where, deleted] : [where, deleted, { ...left, keptMs }];
}

/** Names start ascending, times and sizes descending. */
export function nextSort(now: SortOrder, column: "natural" | "modified_at" | "size"): SortOrder {
  if (column === "natural") return now === "natural" ? "-natural" : "natural";
  return now === `-${column}` ? column : `-${column}`;
}
