import { dirname } from "node:path";
import { count, formatBytes } from "../output/text.ts";

/** What would be done about one path. */
export interface Change {
  readonly action: "send" | "fetch" | "replace" | "attributes" | "mkdir" | "link" | "delete";
  readonly path: string;
  /** Of the content that would come, or go. */
  readonly bytes: number;
}

const fileActions: ReadonlySet<Change["action"]> = new Set(["send", "fetch", "replace", "delete"]);
/** So many of one kind in one folder have a line each; more are one line together. */
const linesInFolderMax = 50;

/** For people: what goes with its folder is said by the folder, and many of one kind in one folder by their number. */
export function planLines(changes: readonly Change[]): string[] {
  return linesByFolder(withoutThoseBelow(changes), { kindOf: ({ action }) => action, lineOf, together });
}

interface FolderLines<Item> {
  readonly kindOf: (item: Item) => string;
  readonly lineOf: (item: Item) => string;
  /** The line for many of one kind in one folder. */
  readonly together: (items: readonly [Item, ...Item[]]) => string;
}

/** In their order; many of one kind in one folder are one line, where the first of them stands. */
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

/** Bytes of what is deleted with a folder count at the folder. */
function withoutThoseBelow(changes: readonly Change[]): readonly Change[] {
  const deleted = new Map(
    changes.flatMap((change) => (change.action === "delete" ? [[change.path, change.bytes]] : [])),
  );
  const above = (path: string): string | undefined => (deleted.has(dirname(path)) ? dirname(path) : undefined);
  // Those below first, so that their bytes reach the uppermost.
  for (const path of [...deleted.keys()].toSorted((one, other) => other.length - one.length)) {
    const folder = above(path);
    if (folder !== undefined) deleted.set(folder, (deleted.get(folder) ?? 0) + (deleted.get(path) ?? 0));
  }
  return changes.flatMap((change) => {
    if (change.action !== "delete") return [change];
    return above(change.path) === undefined ? [{ ...change, bytes: deleted.get(change.path) ?? change.bytes }] : [];
  });
}
