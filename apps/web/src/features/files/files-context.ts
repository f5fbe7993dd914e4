import type { Viewer } from "../../data/viewer.ts";
import type { KeptView } from "../../offline/kept-files.ts";
import { folderOf, type ListedRow } from "./row-source.ts";

/** A folder that is shown, with what is above it. */
export interface ShownFolder {
  readonly id: string;
  /** Empty at the top. */
  readonly name: string;
  readonly parentId: string | null;
  readonly role: ListedRow["role"];
  /** Of the folder and all above it, the nearest first. */
  readonly lineage: readonly string[];
}

export type PlaceKind = "folder" | "list" | "trash" | "shared";

/** What the commands of a place are about, at the moment of asking. */
export interface FilesContext {
  readonly place: PlaceKind;
  readonly viewer: Viewer["kind"];
  readonly folder: ShownFolder | undefined;
  /** What is selected, as far as it is loaded. */
  readonly rows: readonly ListedRow[];
  /** With what is not. */
  readonly count: number;
  /** There is something to see. */
  readonly hasRows: boolean;
  readonly clipboard: Clipboard | undefined;
  /** What opens without the server. */
  readonly kept: KeptView;
  readonly canUndo: boolean;
  readonly canRedo: boolean;
  readonly acts: FilesActs;
}

export interface Clipboard {
  readonly kind: "cut" | "copy";
  readonly rows: readonly ListedRow[];
  /** The folder from which they are. */
  readonly from: string | undefined;
}

/** What can be done in a place. Those that are about files take what is selected, loaded or not. */
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
  /** A link that anybody can open. */
  readonly copyLink: () => void;
  /** An address for people who have access. */
  readonly copyAddress: () => void;
  readonly showInFolder: () => void;
  readonly newFolder: () => void;
  readonly newText: () => void;
  readonly upload: (kind: "files" | "folder") => void;
  /** Narrows the list by names. */
  readonly filter: () => void;
  readonly undo: () => void;
  readonly redo: () => void;
}

export function mayAdd({ folder, place }: Pick<FilesContext, "folder" | "place">): boolean {
  return place === "folder" && folder !== undefined && folder.role !== "viewer" && folder.role !== "commenter";
}

/** To rename, move or trash takes editor at it and at its folder; what was itself shared with one stays its owner's to move. */
export function mayChange(row: ListedRow): boolean {
  if (row.kind === "mount") return true;
  return row.role === "owner" || (row.role === "editor" && !row.isGranted);
}

/** Who may only put something into a folder reads nothing of it. */
export function mayKeep({ kind, role }: ListedRow): boolean {
  return kind !== "symlink" && role !== "uploader";
}

/** By itself or with a folder that it is in. */
export function isKept({ kept }: Pick<FilesContext, "kept">, row: ListedRow): boolean {
  return kept.ids.has(folderOf(row));
}

export function isMarked({ kept }: Pick<FilesContext, "kept">, row: ListedRow): boolean {
  return kept.marks.some(({ id }) => id === folderOf(row));
}

export function only({ rows, count }: FilesContext): ListedRow | undefined {
  return count === 1 ? rows[0] : undefined;
}

/** The same place as if something in it were selected that may be changed, cut before and done before: with all that is ever possible there. */
export function withOneSelected(context: FilesContext): FilesContext {
  const row: ListedRow = context.rows[0] ?? anyRow;
  const folder =
    context.folder === undefined ? undefined : { ...context.folder, parentId: context.folder.parentId ?? "" };
  const clipboard = { kind: "cut", rows: [row], from: undefined } as const;
  return { ...context, folder, rows: [row], count: 1, clipboard, canUndo: true, canRedo: true };
}

/** A file of no name. */
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
