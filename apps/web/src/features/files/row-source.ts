import type { Row } from "../../data/row.ts";
import type { Viewer } from "../../data/viewer.ts";
import type { RowOrder } from "./selection.ts";

/** A row of a place that shows more than one folder says more. */
export interface ListedRow extends Row {
  readonly parentId?: string | null;
  readonly path?: string;
  readonly trashedMs?: number;
  /** Of what is shared: by whom, or with whom. */
  readonly who?: string;
  readonly permissionId?: string;
}

/** Journal position at which the list of the trash was read. */
export interface SeenTrash {
  readonly seen: number;
  readonly epoch: string;
}

export type SourceState = "loading" | "ready" | "offline" | { readonly error: unknown };

/**
 * The rows of a place in their order: of a folder, or of a list such as the trash. It changes only between two calls of its listeners, so
 * that everything drawn in one frame is of one state.
 */
export interface RowSource extends RowOrder {
  readonly state: SourceState;
  readonly rowAt: (index: number) => ListedRow | undefined;
  readonly row: (id: string) => ListedRow | undefined;
  /** It was here and is not any more. One that is not loaded yet is not gone. */
  readonly isGone: (id: string) => boolean;
  /** All rows are here. */
  readonly isWhole: boolean;
  /** Changes of the order that wait while it is held. */
  readonly waitingCount: number;
  readonly seen?: SeenTrash | undefined;
  readonly hold: () => void;
  readonly release: () => void;
  /** Says which rows are about to be seen: those that lack are loaded. */
  readonly need: (from: number, to: number) => void;
  readonly subscribe: (listener: () => void) => () => void;
  /** Another one after every change. */
  readonly snapshot: () => unknown;
  readonly retry: () => void;
}

export function isFolder({ kind }: Pick<Row, "kind">): boolean {
  return kind === "folder" || kind === "mount";
}

/** Where a folder's content is: a mount's is that of the folder which it shows. */
export function folderOf({ kind, target, id }: Pick<Row, "kind" | "target" | "id">): string {
  return kind === "mount" ? (target ?? id) : id;
}

/** Of a tab of its own. */
export function addressOf(row: ListedRow, viewer: Viewer): string {
  return isFolder(row) ? viewer.folderAddress(folderOf(row)) : viewer.fileAddress(row.id);
}
