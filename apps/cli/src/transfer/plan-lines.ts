import { dirname } from "node:path";
import { count, formatBytes } from "../output/text.ts";

export interface Change {
  readonly action: "send" | "fetch" | "replace" | "attributes" | "mkdir" | "link" | "delete";
  readonly path: string;
  readonly bytes: number;
}

const fileActions: ReadonlySet<Change["action"]> = new Set(["send", "fetch", "replace", "delete"]);
/** Above this number, actions of one kind in one folder share one line. */
const linesInFolderMax = 50;

/** Deletions below a deleted folder are part of its line. Many actions of one kind in one folder share a line. */
export function planLines(changes: readonly Change[]): string[] {
  return linesByFolder(withoutThoseBelow(changes), { kindOf: ({ action }) => action, lineOf, together });
}

interface FolderLines<Item> {
  readonly kindOf: (item: Item) => string;
  readonly lineOf: (item: Item) => string;
  readonly together: (items: readonly [Item, ...Item[]]) => string;
}

/** Many items of one kind in one folder become one line, at the position of the first. */
export function linesByFolder<Item extends { readonly path: string }>(
  items: readonly Item[],
  { kindOf, lineOf: line, together: lineOfMany }: FolderLines<Item>,
): string[] {
  const groupOf = (item: Item): string => `${kindOf(item)} ${dirname(item.path)}`;
  const groups = Map.groupBy(items, groupOf);
  return items.flatMap((item) => {
    const group = groups.get(groupOf(item)) as [Item, ...Item[]];
    if (group.length <= linesInFolderMax) return [line(item)];
    return item === group[0] ? [lineOfMany(group)] : [];
  });
}

function lineOf({ action, path, bytes }: Change): string {
  return fileActions.has(action) ? `${action} ${path} (${formatBytes(bytes)})` : `${action} ${path}`;
}

function together(group: readonly [Change, ...Change[]]): string {
  const [{ action, path }] = group;
  const bytes = group.reduce((sum, each) => sum + each.bytes, 0);
  const of = fileActions.has(action) ? ` (${formatBytes(bytes)})` : "";
  return `${action} ${count(group.length, "path")} in ${dirname(path)}${of}`;
}

/** Removes deletions below a deleted folder, and adds their bytes to the folder. */
function withoutThoseBelow(changes: readonly Change[]): readonly Change[] {
  const deleted = new Map(
    changes.flatMap((change) => (change.action === "delete" ? [[change.path, change.bytes]] : [])),
  );
  const above = (path: string): string | undefined => (deleted.has(dirname(path)) ? dirname(path) : undefined);
  // Deepest paths first, so that their bytes reach the topmost folder.
  for (const path of [...deleted.keys()].toSorted((one, other) => other.length - one.length)) {
    const folder = above(path);
    if (folder !== undefined) deleted.set(folder, (deleted.get(folder) ?? 0) + (deleted.get(path) ?? 0));
  }
  return changes.flatMap((change) => {
    if (change.action !== "delete") return [change];
    return above(change.path) === undefined ? [{ ...change, bytes: deleted.get(change.path) ?? change.bytes }] : [];
  });
}
