import type { PickKind } from "../../../commands/uploads.ts";
import type { Viewer } from "../../../data/viewer.ts";
import type { KeptView } from "../../../offline/kept-files.ts";
import { folderOf, type ListedRow } from "../rows/row-source.ts";

export interface ShownFolder {
  readonly id: string;
  /** Empty for the root folder. */
  readonly name: string;
  readonly parentId: string | null;
  readonly role: ListedRow["role"];
  /** Ids of the folder and its ancestors, nearest first. */
  readonly lineage: readonly string[];
}

export type PlaceKind = "folder" | "list" | "trash" | "shared";

export interface FilesContext {
  readonly place: PlaceKind;
  /** The only row is shown in the preview, above the list. */
  readonly isOpened?: boolean;
  readonly viewer: Viewer["kind"];
  readonly folder: ShownFolder | undefined;
  /** The list cannot be read, for example because the folder does not exist. */
  readonly isUnreadable?: boolean;
  /** Selected rows that have loaded. */
  readonly rows: readonly ListedRow[];
  /** Includes rows that have not loaded. */
  readonly count: number;
  readonly hasRows: boolean;
  readonly clipboard: Clipboard | undefined;
  readonly kept: KeptView;
  readonly canUndo: boolean;
  readonly canRedo: boolean;
  readonly acts: FilesActs;
}

export interface Clipboard {
  readonly kind: "cut" | "copy";
  readonly rows: readonly ListedRow[];
  /** Folder from which the items were cut or copied. */
  readonly from: string | undefined;
}

/** File actions apply to the whole selection, including rows that have not loaded. */
export interface FilesActs {
  readonly open: () => void;
  readonly openTab: () => void;
  readonly goToParent: () => void;
  readonly beginRename: () => void;
  readonly askMove: (kind: "move" | "copy") => void;
  readonly clip: (kind: Clipboard["kind"]) => void;
  readonly paste: () => void;
  readonly trash: () => void;
  readonly restore: () => void;
  readonly askPurge: () => void;
  readonly askEmptyTrash: () => void;
  readonly star: (isStarred: boolean) => void;
  readonly download: () => void;
  readonly keepOffline: (isKept: boolean) => void;
  readonly showPanel: (panel: "details" | "versions" | "sharing") => void;
  /** Opens the page that returns the selected folder, else the shown one, to an earlier state. */
  readonly rewind: () => void;
  readonly copyLink: () => void;
  /** Address for people who have access. */
  readonly copyAddress: () => void;
  readonly showInFolder: () => void;
  /** Adds shared folders to the account's own files. */
  readonly mount: () => void;
  readonly askLeave: () => void;
  readonly newFolder: () => void;
  readonly newText: () => void;
  readonly upload: (kind: PickKind) => void;
  readonly filter: () => void;
  readonly undo: () => void;
  readonly redo: () => void;
}

/** Also true before the role has loaded: the server then rejects what it does not allow. */
export function mayAdd({ folder, place, isUnreadable }: FilesContext): boolean {
  return place === "folder" && isUnreadable !== true && folder?.role !== "viewer" && folder?.role !== "commenter";
}

/**
 * Requires the editor role on the item and its folder. An item shared with the caller directly can only be moved by its
 * owner. A row of Recent that stands for changed files is not an item: a change would affect the whole folder.
 */
export function mayChange(row: ListedRow): boolean {
  if (row.kind === "mount") return true;
  if (row.changedFiles !== undefined) return false;
  return row.role === "owner" || (row.role === "editor" && !row.isGranted);
}

/** Uploaders cannot read. */
export function mayKeep({ kind, role }: ListedRow): boolean {
  return kind !== "symlink" && role !== "uploader";
}

export function isKept({ kept }: Pick<FilesContext, "kept">, row: ListedRow): boolean {
  return kept.ids.has(folderOf(row));
}

export function isMarked({ kept }: Pick<FilesContext, "kept">, row: ListedRow): boolean {
  return kept.marks.some(({ id }) => id === folderOf(row));
}

export function only({ rows, count }: FilesContext): ListedRow | undefined {
  return count === 1 ? rows[0] : undefined;
}

/** Context that enables every command of the place, for the list of shortcuts. */
export function withOneSelected(context: FilesContext): FilesContext {
  const row: ListedRow = context.rows[0] ?? anyRow;
  const folder =
    context.folder === undefined ? undefined : { ...context.folder, parentId: context.folder.parentId ?? "" };
  const clipboard = { kind: "cut", rows: [row], from: undefined } as const;
  return { ...context, folder, rows: [row], count: 1, clipboard, canUndo: true, canRedo: true };
}

export const anyRow: ListedRow = {
  id: "",
  kind: "file",
  name: "",
  sizeBytes: 0,
  modifiedMs: 0,
  revision: "",
  seq: 0,
  role: "owner",
  thumb: undefined,
  isShared: false,
  isStarred: false,
  isGranted: false,
  waits: false,
  target: undefined,
};
