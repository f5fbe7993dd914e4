import { limits } from "@holdfast/core/limits";
import type { NodeId } from "@holdfast/core/ids";
import { nameKey } from "@holdfast/core/names";
import type { Fingerprint, NodeKind } from "@holdfast/sync-ports/ports";

type Branded<Base, Name extends string> = Base & { readonly __brand: Name };

/**
 * What a node holds, so that equal keys prove equal content: `contentIdOf` of a file's manifest, `link:` and the target of
 * a symbolic link, and nothing for a folder.
 */
export type ContentKey = Branded<string, "ContentKey">;
export type OperationId = Branded<string, "OperationId">;

export interface Place {
  readonly parent: NodeId;
  readonly name: string;
}

/** What the three trees agree or differ on. The root is in none of them; it is the parent of the first level. */
export interface NodeState extends Place {
  readonly kind: NodeKind;
  readonly content: ContentKey;
  readonly executable: boolean;
  /** Only the owner may read it on a device. Undefined: links have no such member, and some disks and older servers do not tell. */
  readonly isPrivate?: boolean | undefined;
}

/**
 * A folder of somebody else's space that is mounted in this one. In the trees the mount is that folder: what lies in it has
 * the mount as its parent.
 */
export interface Share {
  /** The folder, by the id that the server knows in the other space. */
  readonly target: NodeId;
  readonly isReadOnly: boolean;
  /** Its owner is suspended: nothing in it can be read or written, and nothing is known of it until that is over. */
  readonly waits?: true | undefined;
}

/** Mount -> what it shows. */
export type Shares = ReadonlyMap<NodeId, Share>;

/** What may be done with a node below a mount at which a right of its own is given, and with all below that, up to the next one. */
export interface Right {
  readonly isReadOnly: boolean;
}

export type Rights = ReadonlyMap<NodeId, Right>;

/** What the server last said of a node. */
export interface RemoteRow extends NodeState {
  /** In the trash itself. What lies below it keeps its row, and is live again if it or a folder between is. */
  readonly trashed: boolean;
  readonly versionId: string | null;
  readonly revision: string;
  readonly seq: number;
  readonly sizeBytes: number;
  readonly modifiedAt: string;
  /** Of the operation that made the head version. */
  readonly operationId: OperationId | null;
}

/** Of what is known by its path alone: a file on a disk whose numbers tell nothing, and a folder that is hidden. */
export const unnumberedInode = 0n;

export function isNumbered({ inode }: Pick<Fingerprint, "inode">): boolean {
  return inode !== unnumberedInode;
}

/** Where something stands on the disk. */
export interface DiskPlace extends Place {
  /** The name that it has on this disk alone, where its own is another's; undefined: it stands under its own. */
  readonly alias?: string | undefined;
}

/** What the last look at the disk saw. */
export interface LocalRow extends NodeState, DiskPlace {
  readonly fingerprint: Fingerprint;
  /**
   * - `known`: `content` was read, whole and at rest.
   * - `racy`: the same, but a change within the clock's grain of the reading would not show; read again at the next look.
   * - `unsettled`: something else is there, which could not be read yet. Nothing is done to it.
   */
  readonly sight: "known" | "racy" | "unsettled";
}

/** The last state that both sides agreed on: the base of each merge. A member that they never agreed on is absent. */
export interface SyncedRow {
  readonly kind: NodeKind;
  readonly place: Place | undefined;
  readonly content: ContentKey | undefined;
  readonly executable: boolean;
  /** True: both sides had it private. */
  readonly isPrivate?: boolean | undefined;
  /** Version ids that were synced here, newest first, at most `syncedVersionsKept`. */
  readonly versionIds: readonly string[];
}

export const syncedVersionsKept = 30;

/**
 * What was sent to the server, kept before it was sent and until its answer was heard, or until the node shows what became of
 * it: the server's head that came of it is mine.
 */
export interface Offer {
  readonly operationId: OperationId;
  readonly nodeId: NodeId;
  /** The revision on which it rests; undefined: it makes the node. While the server still has that one it is under way. */
  readonly baseRevision: string | undefined;
  readonly place: Place | undefined;
  readonly content: ContentKey | undefined;
  /** Content that both sides have of a node that it brings back from the trash. */
  readonly held?: ContentKey | undefined;
  readonly executable: boolean | undefined;
  readonly isPrivate?: boolean | undefined;
  /** Unix milliseconds; undefined: an earlier version of this program made it. */
  readonly sinceMs?: number | undefined;
  /** The server took nothing of it; another copy of the request may still be on its way. */
  readonly isRefused?: true | undefined;
  /** Refused attempts that said the same, newest first: a copy of each may still be on its way. */
  readonly earlierIds?: readonly OperationId[] | undefined;
}

/** No request is under way for so long: an offer on which nothing came of it then never arrived. */
export const offeredForMs = 600_000;

/**
 * What the disk was about to be made after the server, kept before it is done: if the next look finds it so, it is the
 * server's doing and no edit, even if nobody came back to say that it was done.
 */
export interface Intent {
  readonly place: DiskPlace;
  /** Undefined: it was to go. */
  readonly content: ContentKey | undefined;
  readonly executable: boolean;
  readonly isPrivate?: boolean | undefined;
  /** Only its place changes: nothing else is agreed on with that. */
  readonly isMove?: true | undefined;
  /** The server has it there; a name that is given only to make way is not agreed on. */
  readonly isServersPlace?: true | undefined;
}

/** So long an operation that was refused is not proposed again. */
export const refusedForMs = 30_000;

/** An operation that the server refused, so that it is not proposed again before its time. */
export interface Refusal {
  readonly nodeId: NodeId;
  /** Names the operation and all that it rests on; another base is another operation. */
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

/** The three trees with what stands directly in a folder at hand, in any of them. */
export interface IndexedTrees extends Trees {
  childrenOf(folder: NodeId): Iterable<NodeId>;
}

export function samePlace(one: Place | undefined, other: Place | undefined): boolean {
  return one?.parent === other?.parent && one?.name === other?.name;
}

/** What a node has to itself on the server: a name in a folder, under the key by which two names are the same. */
export function claimOf({ parent, name }: Place): string {
  return `${parent}/${nameKey(name)}`;
}

export function nameOnDisk({ name, alias }: Pick<DiskPlace, "name" | "alias">): string {
  return alias ?? name;
}

export function placeOf({ parent, name }: Place): Place {
  return { parent, name };
}

/** Whether a remote row is live: neither it nor anything above it is in the trash, and all above it is known. */
export function isLive(
  trees: Pick<Trees, "rootId"> & { readonly remote: Pick<Trees["remote"], "get"> },
  id: NodeId,
): boolean {
  let at = id;
  // Deeper than the server lets anything be is only what stands in itself.
  for (let depth = 0; depth <= 2 * limits.pathNamesMax; depth += 1) {
    if (at === trees.rootId) return true;
    const row = trees.remote.get(at);
    if (row === undefined || row.trashed) return false;
    at = row.parent;
  }
  return false;
}
