import { limits } from "@holdfast/core/limits";
import type { NodeId } from "@holdfast/core/ids";
import { nameKey } from "@holdfast/core/names";
import type { Fingerprint, NodeKind } from "@holdfast/sync-ports/ports";

type Branded<Base, Name extends string> = Base & { readonly __brand: Name };

/**
 * Equal keys prove equal content. A file has `contentIdOf` its manifest, a symbolic link `link:` and its target, and a
 * folder nothing.
 */
export type ContentKey = Branded<string, "ContentKey">;
export type OperationId = Branded<string, "OperationId">;

export interface Place {
  readonly parent: NodeId;
  readonly name: string;
}

/** Values to agree on. The root is in no tree; it is the parent of the first level. */
export interface NodeState extends Place {
  readonly kind: NodeKind;
  readonly content: ContentKey;
  readonly executable: boolean;
  /**
   * Readable only by the owner. undefined: links have no such value, and some disks and older servers do not report it.
   */
  readonly isPrivate?: boolean | undefined;
}

/** Folder of another space. In the trees, its mount is the parent of its content. */
export interface Share {
  /** The folder's id in the other space. */
  readonly target: NodeId;
  readonly isReadOnly: boolean;
  /** The owner is suspended: nothing can be read or written, and nothing is known. */
  readonly waits?: true | undefined;
}

/** Each share by its mount. */
export type Shares = ReadonlyMap<NodeId, Share>;

/** Right granted at a node below a mount. It applies to everything below, up to the next right. */
export interface Right {
  readonly isReadOnly: boolean;
}

export type Rights = ReadonlyMap<NodeId, Right>;

export interface RemoteRow extends NodeState {
  /** The node is in the trash itself. Items below keep their rows and revive with it or with a folder in between. */
  readonly trashed: boolean;
  readonly versionId: string | null;
  readonly revision: string;
  readonly seq: number;
  readonly sizeBytes: number;
  readonly modifiedAt: string;
  /** Operation that created the head version. */
  readonly operationId: OperationId | null;
}

/** For items identified only by path: files on a disk without stable numbers, and hidden folders. */
export const unnumberedInode = 0n;

export function isNumbered({ inode }: Pick<Fingerprint, "inode">): boolean {
  return inode !== unnumberedInode;
}

export interface DiskPlace extends Place {
  /** Local name if another item uses the node's name on this disk. */
  readonly alias?: string | undefined;
}

export interface LocalRow extends NodeState, DiskPlace {
  readonly fingerprint: Fingerprint;
  /**
   * - `known`: read completely and unchanging
   * - `racy`: the same, but a change within the clock's grain would be invisible; the next scan reads it again
   * - `unsettled`: changed and not readable yet; nothing happens to it
   */
  readonly readState: "known" | "racy" | "unsettled";
}

/** Last state agreed by both sides: the base of each merge. Values never agreed are absent. */
export interface SyncedRow {
  readonly kind: NodeKind;
  readonly place: Place | undefined;
  readonly content: ContentKey | undefined;
  readonly executable: boolean;
  /** true: private on both sides. */
  readonly isPrivate?: boolean | undefined;
  /** Versions synced here, newest first, at most `syncedVersionsKept`. */
  readonly versionIds: readonly string[];
}

export const syncedVersionsKept = 30;

/**
 * Operation, stored before it is sent and kept until the response, or until the node shows its result: a head version
 * of this operation is the device's own.
 */
export interface Offer {
  readonly operationId: OperationId;
  readonly nodeId: NodeId;
  /** undefined: creates the node. The operation is pending while the server has this revision. */
  readonly baseRevision: string | undefined;
  readonly place: Place | undefined;
  readonly content: ContentKey | undefined;
  /** Both sides' content of a node that returns from the trash. */
  readonly held?: ContentKey | undefined;
  readonly executable: boolean | undefined;
  readonly isPrivate?: boolean | undefined;
  /** Unix milliseconds; undefined: from an earlier version of this program. */
  readonly sinceMs?: number | undefined;
  /** The operation was rejected, but another copy of the request may still be on its way. */
  readonly isRefused?: true | undefined;
  /** Rejected identical attempts, newest first. Copies may still be on their way. */
  readonly earlierIds?: readonly OperationId[] | undefined;
}

/** Longer than any request: an offer without a result by then never arrived. */
export const offeredForMs = 600_000;

/**
 * Local change that follows the server, stored before it is made. If the next scan finds this state, it is the server's
 * change and not an edit, even after a crash.
 */
export interface Intent {
  readonly place: DiskPlace;
  /** undefined: deletion */
  readonly content: ContentKey | undefined;
  readonly executable: boolean;
  readonly isPrivate?: boolean | undefined;
  /** Changes only the place, and agrees on nothing else. */
  readonly isMove?: true | undefined;
  /** The server has this place. A temporary name is not agreed. */
  readonly isServersPlace?: true | undefined;
}

export const refusedForMs = 30_000;

/** A rejected operation is not proposed again before `notBeforeMs`. */
export interface Refusal {
  readonly nodeId: NodeId;
  /** Digest of operation and basis. Another base makes another operation. */
  readonly digest: string;
  readonly code: string;
  readonly notBeforeMs: number;
}

export interface Trees {
  readonly rootId: NodeId;
  readonly remote: ReadonlyMap<NodeId, RemoteRow>;
  readonly local: ReadonlyMap<NodeId, LocalRow>;
  readonly synced: ReadonlyMap<NodeId, SyncedRow>;
  readonly offers: readonly Offer[];
  readonly intents: ReadonlyMap<NodeId, Intent>;
  readonly shares: Shares;
  readonly rights: Rights;
}

export interface IndexedTrees extends Trees {
  childrenOf(folder: NodeId): Iterable<NodeId>;
}

export function samePlace(one: Place | undefined, other: Place | undefined): boolean {
  return one?.parent === other?.parent && one?.name === other?.name;
}

/** Unique place on the server. Equal names have equal keys. */
export function slotOf({ parent, name }: Place): string {
  return `${parent}/${nameKey(name)}`;
}

export function nameOnDisk({ name, alias }: Pick<DiskPlace, "name" | "alias">): string {
  return alias ?? name;
}

export function placeOf({ parent, name }: Place): Place {
  return { parent, name };
}

/** True if the node and all folders above are known, and none is in the trash. */
export function isLive(
  trees: Pick<Trees, "rootId"> & { readonly remote: Pick<Trees["remote"], "get"> },
  id: NodeId,
): boolean {
  let at = id;
  // Beyond the server's depth limit, the rows form a cycle.
  for (let depth = 0; depth <= 2 * limits.pathNamesMax; depth += 1) {
    if (at === trees.rootId) return true;
    const row = trees.remote.get(at);
    if (row === undefined || row.trashed) return false;
    at = row.parent;
  }
  return false;
}
