import { limits } from "@holdfast/core/limits";
import type { NodeId } from "@holdfast/core/ids";
import { nameKey } from "@holdfast/core/names";
import type { Fingerprint, NodeKind } from "@holdfast/sync-ports/ports";

type Branded<Base, Name extends string> = Base & { readonly __brand: Name };

/**
 * Content key; equal keys prove equal content. `contentIdOf` a file's manifest, `link:` and a symbolic link's target,
 * or nothing for a folder.
 */
export type ContentKey = Branded<string, "ContentKey">;
export type OperationId = Branded<string, "OperationId">;

export interface Place {
  readonly parent: NodeId;
  readonly name: string;
}

/**
 * Values on which the three trees agree or differ. The root is in none of them; it is the parent of the first level.
 */
export interface NodeState extends Place {
  readonly kind: NodeKind;
  readonly content: ContentKey;
  readonly executable: boolean;
  /**
   * Readable by the owner only on a device. undefined: links have no such value, and some disks and older servers do
   * not report it.
   */
  readonly isPrivate?: boolean | undefined;
}

/** Mounted folder of another space. In the trees, the mount stands for that folder: it is the parent of its content. */
export interface Share {
  /** Id of the folder on the server, in the other space. */
  readonly target: NodeId;
  readonly isReadOnly: boolean;
  /** The owner is suspended. Until that ends, nothing can be read or written, and nothing is known. */
  readonly waits?: true | undefined;
}

/** Mount -> its share. */
export type Shares = ReadonlyMap<NodeId, Share>;

/** Right granted at a node below a mount. It applies to everything below, up to the next right. */
export interface Right {
  readonly isReadOnly: boolean;
}

export type Rights = ReadonlyMap<NodeId, Right>;

/** Last known server state of a node. */
export interface RemoteRow extends NodeState {
  /** In the trash itself. Items below keep their rows, and are live again if it or a folder in between is. */
  readonly trashed: boolean;
  readonly versionId: string | null;
  readonly revision: string;
  readonly seq: number;
  readonly sizeBytes: number;
  readonly modifiedAt: string;
  /** Operation that created the head version. */
  readonly operationId: OperationId | null;
}

/** For items identified by path only: files on a disk without stable numbers, and hidden folders. */
export const unnumberedInode = 0n;

export function isNumbered({ inode }: Pick<Fingerprint, "inode">): boolean {
  return inode !== unnumberedInode;
}

export interface DiskPlace extends Place {
  /** Local name if another item uses the own name on this disk; undefined: the own name. */
  readonly alias?: string | undefined;
}

/** Result of the last scan. */
export interface LocalRow extends NodeState, DiskPlace {
  readonly fingerprint: Fingerprint;
  /**
   * - `known`: `content` was read completely and is unchanging.
   * - `racy`: the same, but a change within the clock's grain would be invisible; read again by the next scan.
   * - `unsettled`: the item has changed and could not be read yet. Nothing happens to it.
   */
  readonly sight: "known" | "racy" | "unsettled";
}

/** Last state agreed by both sides, the base of each merge. Values never agreed are absent. */
export interface SyncedRow {
  readonly kind: NodeKind;
  readonly place: Place | undefined;
  readonly content: ContentKey | undefined;
  readonly executable: boolean;
  /** true: private on both sides. */
  readonly isPrivate?: boolean | undefined;
  /** Version ids synced here, newest first, at most `syncedVersionsKept`. */
  readonly versionIds: readonly string[];
}

export const syncedVersionsKept = 30;

/**
 * Operation sent to the server. It is stored before sending and kept until the response, or until the node shows its
 * result: a head version created by this operation is the device's own.
 */
export interface Offer {
  readonly operationId: OperationId;
  readonly nodeId: NodeId;
  /**
   * Revision on which it is based; undefined: it creates the node. The operation is pending while the server has that
   * revision.
   */
  readonly baseRevision: string | undefined;
  readonly place: Place | undefined;
  readonly content: ContentKey | undefined;
  /** Content on both sides of a node that it restores from the trash. */
  readonly held?: ContentKey | undefined;
  readonly executable: boolean | undefined;
  readonly isPrivate?: boolean | undefined;
  /** Unix milliseconds; undefined: created by an earlier version of this program. */
  readonly sinceMs?: number | undefined;
  /** The server rejected it. Another copy of the request may still be on its way. */
  readonly isRefused?: true | undefined;
  /** Rejected identical attempts, newest first. A copy of each may still be on its way. */
  readonly earlierIds?: readonly OperationId[] | undefined;
}

/** No request takes this long. An offer without a result by then never arrived. */
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
  /** The server has it at that place. A temporary name is not agreed. */
  readonly isServersPlace?: true | undefined;
}

/** Time before a rejected operation is proposed again. */
export const refusedForMs = 30_000;

/** Operation rejected by the server. It is not proposed again before its time. */
export interface Refusal {
  readonly nodeId: NodeId;
  /** Digest of the operation and its basis. Another base is another operation. */
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

/** Three trees with an index of each folder's children in any of them. */
export interface IndexedTrees extends Trees {
  childrenOf(folder: NodeId): Iterable<NodeId>;
}

export function samePlace(one: Place | undefined, other: Place | undefined): boolean {
  return one?.parent === other?.parent && one?.name === other?.name;
}

/** Returns a unique place on the server: a folder and the key of a name. Equal names have equal keys. */
export function claimOf({ parent, name }: Place): string {
  return `${parent}/${nameKey(name)}`;
}

export function nameOnDisk({ name, alias }: Pick<DiskPlace, "name" | "alias">): string {
  return alias ?? name;
}

export function placeOf({ parent, name }: Place): Place {
  return { parent, name };
}

/** Returns true if neither the node nor any folder above is in the trash, and all of them are known. */
export function isLive(
  trees: Pick<Trees, "rootId"> & { readonly remote: Pick<Trees["remote"], "get"> },
  id: NodeId,
): boolean {
  let at = id;
  // Exceeds the server's depth limit, so the rows form a cycle.
  for (let depth = 0; depth <= 2 * limits.pathNamesMax; depth += 1) {
    if (at === trees.rootId) return true;
    const row = trees.remote.get(at);
    if (row === undefined || row.trashed) return false;
    at = row.parent;
  }
  return false;
}
