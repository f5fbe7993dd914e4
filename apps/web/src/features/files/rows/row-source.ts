import type { Row } from "../../../data/row.ts";
import type { Viewer } from "../../../data/viewer.ts";
import type { RowOrder } from "./selection.ts";

/** Adds fields for places that span folders. */
export interface ListedRow extends Row {
  readonly parentId?: string | null;
  readonly path?: string;
  readonly trashedMs?: number;
  /** In Recent, for a folder: files that the account changed in it in one go. */
  readonly changedFiles?: number | undefined;
  /** Owner or recipients of a shared item. */
  readonly who?: string;
  /** In the list of what others share with the account. */
  readonly received?: ReceivedShare;
}

export interface ReceivedShare {
  readonly permissionIds: readonly string[];
  /** False if a group of the account has access, which the account cannot leave. */
  readonly isDirect: boolean;
  readonly isMounted: boolean;
}

/** Journal position at which the trash was listed. */
export interface SeenTrash {
  readonly seen: number;
  readonly epoch: string;
}

export type SourceState = "loading" | "ready" | "offline" | { readonly error: unknown };

/** Rows change only between calls of the listeners, so a frame renders a single state. */
export interface RowSource extends RowOrder {
  readonly state: SourceState;
  readonly rowAt: (index: number) => ListedRow | undefined;
  readonly row: (id: string) => ListedRow | undefined;
  /** Loaded once and now removed. */
  readonly isGone: (id: string) => boolean;
  readonly isWhole: boolean;
  /** Folder of all rows, known before its name and path. Undefined for a list that spans folders. */
  readonly folderId?: string | undefined;
  /** Order changes that wait for `release`. */
  readonly waitingCount: number;
  readonly seen?: SeenTrash | undefined;
  readonly hold: () => void;
  readonly release: () => void;
  /** Announces the rows about to be shown, to load them. */
  readonly need: (from: number, to: number) => void;
  readonly subscribe: (listener: () => void) => () => void;
  /** A new value after every change. */
  readonly snapshot: () => unknown;
  readonly retry: () => void;
}

export function isFolder({ kind }: Pick<Row, "kind">): boolean {
  return kind === "folder" || kind === "mount";
}

/** Id of the folder with the contents; for a mount, of the mounted folder. */
export function folderOf({ kind, target, id }: Pick<Row, "kind" | "target" | "id">): string {
  return kind === "mount" ? (target ?? id) : id;
}

export function addressOf(row: ListedRow, viewer: Viewer): string {
  return isFolder(row) ? viewer.folderAddress(folderOf(row)) : viewer.fileAddress(row.id);
}
