import type { Row } from "../../data/row.ts";
import type { Viewer } from "../../data/viewer.ts";
import type { RowOrder } from "./selection.ts";

/** Row with the extra fields of places that span folders. */
export interface ListedRow extends Row {
  readonly parentId?: string | null;
  readonly path?: string;
  readonly trashedMs?: number;
  /** For shared items: the owner or the recipients. */
  readonly who?: string;
  /** In the list of what others share with the account. */
  readonly received?: ReceivedShare;
}

export interface ReceivedShare {
  readonly permissionId: string;
  /** False if the item is shared with a group of the account. */
  readonly isDirect: boolean;
  readonly isMounted: boolean;
}

/** Journal position at which the trash was listed. */
export interface SeenTrash {
  readonly seen: number;
  readonly epoch: string;
}

export type SourceState = "loading" | "ready" | "offline" | { readonly error: unknown };

/** Ordered rows of a place. They change only between calls of the listeners, so that a frame renders a single state. */
export interface RowSource extends RowOrder {
  readonly state: SourceState;
  readonly rowAt: (index: number) => ListedRow | undefined;
  readonly row: (id: string) => ListedRow | undefined;
  /** The row was loaded once and is now removed. */
  readonly isGone: (id: string) => boolean;
  /** All rows have loaded. */
  readonly isWhole: boolean;
  /** Order changes that wait for `release`. */
  readonly waitingCount: number;
  readonly seen?: SeenTrash | undefined;
  readonly hold: () => void;
  readonly release: () => void;
  /** Announces the rows about to be shown, so that missing ones are loaded. */
  readonly need: (from: number, to: number) => void;
  readonly subscribe: (listener: () => void) => () => void;
  /** A new value after every change. */
  readonly snapshot: () => unknown;
  readonly retry: () => void;
}

export function isFolder({ kind }: Pick<Row, "kind">): boolean {
  return kind === "folder" || kind === "mount";
}

/** Id of the folder that holds the contents. For a mount, that is the mounted folder. */
export function folderOf({ kind, target, id }: Pick<Row, "kind" | "target" | "id">): string {
  return kind === "mount" ? (target ?? id) : id;
}

/** Address for a new tab. */
export function addressOf(row: ListedRow, viewer: Viewer): string {
  return isFolder(row) ? viewer.folderAddress(folderOf(row)) : viewer.fileAddress(row.id);
}
