import { useMessages } from "../../../messages/use-messages.ts";
import type { Messages } from "../../../messages/messages.ts";
import type { Column } from "./columns.ts";
import { isFolder, type ListedRow } from "../rows/row-source.ts";

/** @param isInline below the name, as on a phone */
export function RowCell({ column, row, isInline = false }: { column: Column; row: ListedRow; isInline?: boolean }) {
  const messages = useMessages();
  const { text, title } = valueOf(column, row, messages);
  if (isInline) return text === "" ? null : <bdi className="truncate first:shrink-0">{text}</bdi>;
  return (
    <div role="gridcell" title={title} className={`${column.className} hidden truncate md:block`}>
      <bdi>{text}</bdi>
    </div>
  );
}

function valueOf(
  column: Column,
  row: ListedRow,
  { shortTime, dateTime, message, size }: Messages,
): { readonly text: string; readonly title?: string } {
  switch (column.id) {
    case "modified":
      return { text: shortTime(row.modifiedMs), title: dateTime(row.modifiedMs) };
    case "size":
      if (row.changedFiles !== undefined) return { text: message("preview.files", { count: row.changedFiles }) };
      return { text: isFolder(row) ? "" : size(row.sizeBytes) };
    case "where":
      return { text: folderName(row.path ?? "", message("files.home")), title: row.path ?? "" };
    case "who":
      return { text: row.who ?? "", title: row.who ?? "" };
    case "deleted":
      if (row.trashedMs === undefined) return { text: "" };
      return { text: shortTime(row.trashedMs), title: dateTime(row.trashedMs) };
    default: {
      const leftMs = (row.trashedMs ?? 0) + (column.keptMs ?? 0) - Date.now();
      return { text: message("files.daysLeft", { count: Math.max(0, Math.ceil(leftMs / 86_400_000)) }) };
    }
  }
}

function folderName(path: string, home: string): string {
  return path.split("/").at(-2) || home;
}
