import type { HoldfastError } from "@holdfast/core/errors";
import type { HashHex, NodeId } from "@holdfast/core/ids";
import type { ManifestEntry } from "@holdfast/core/manifest";
import type { BatchOperationInput } from "@holdfast/protocol/batch";
import type { ChangeJson } from "@holdfast/protocol/change-routes";
import type { NodeJson } from "@holdfast/protocol/values";

export interface LocalStat {
  readonly kind: NodeKind | "other";
  readonly fingerprint: Fingerprint;
  readonly executable: boolean;
  /** The mode has no bits for group and others. */
  readonly isPrivate: boolean;
  /** Number of hard links. */
  readonly links: number;
  /** Device of the filesystem; compared within one run only. */
  readonly device: bigint;
}

export interface CutBlock {
  readonly hash: HashHex;
  /** Bytes. */
  readonly size: number;
  /**
   * For files over 64 KiB only: a packed list of {crc32 u32 LE, length u32 LE} of content-defined pieces of about 16
   * KiB.
   */
  readonly pieces: Uint8Array | undefined;
}

/** The bytes are in reused memory. */
export interface ReadBlock extends CutBlock {
  readonly bytes: Uint8Array;
}

/** Receives a file's blocks while it is split, to avoid a second read. */
export interface BlockSink {
  /** Waits briefly for space. @returns true if it takes the next blocks; after false it is not called again */
  readonly hasRoom: () => Promise<boolean>;
  /** Never fails. @returns true once the bytes are not needed; false: something may still read them */
  readonly take: (blocks: readonly ReadBlock[]) => Promise<boolean>;
}

/**
 * Part of a new file, verified by its hash while written, unless its provider has verified the bytes and they do not
 * change before `release`. `from` is a path in the root.
 */
export type Part =
  | {
      readonly kind: "bytes";
      readonly hash: HashHex;
      readonly bytes: Uint8Array;
      readonly isProved?: boolean;
      /** See `ArrivedBlock`. */
      readonly release?: (() => void) | undefined;
    }
  | {
      readonly kind: "copy";
      readonly hash: HashHex;
      readonly sizeBytes: number;
      readonly from: string;
      readonly offset: number;
    };

export interface FileAttributes {
  readonly mtimeNs: bigint | undefined;
  readonly executable: boolean;
  /**
   * true: private in any case. false: public, even if it replaces a private file. undefined: like the other file, or
   * any new one.
   */
  readonly isPrivate?: boolean | undefined;
  /**
   * Local file that the new one replaces or joins, whose permissions and other attributes it gets. undefined or
   * missing: like any new file.
   */
  readonly attributesFrom?: string | undefined;
  /**
   * Local file from which the parts copy most, at the same positions. A disk that can share bytes between files does so
   * and verifies them there.
   */
  readonly shares?: string | undefined;
}

export interface ReadBetween {
  readonly bytes: Uint8Array;
  readonly before: LocalStat;
  readonly after: LocalStat;
}

export interface Renaming {
  readonly from: string;
  readonly to: string;
}

/**
 * Synced folder. Paths are relative to the root, with `/` between names only; the root is "". No call follows a
 * symbolic link in the last name. Failures are HoldfastErrors: `not_found`, `exists`, `store_full`, `unavailable` (the
 * state is unknown; with `denied: true` in the body if the user lacks permission) and `failed`.
 *
 * Bytes and attributes are durable after `syncFile`, and names after `syncFolder` of their folders, or both after
 * `syncAll`.
 */
export interface LocalDisk {
  /** Returns undefined only if the name certainly does not exist. */
  stat(path: string): Promise<LocalStat | undefined>;
  /**
   * Returns `stat` of names in one folder, which is resolved once. An error takes the place of its result. Optional.
   */
  statIn?(folder: string, names: readonly string[]): Promise<readonly (LocalStat | undefined | HoldfastError)[]>;
  /** A name of invalid UTF-8 is an ill-formed string, and no node can have it. */
  list(path: string): Promise<readonly string[]>;
  /**
   * Reads the whole file once without holding it, and its data before the first and after the last byte. Follows no
   * link and does not wait for a FIFO.
   * @param sink may still use the last blocks afterwards; its blocks may be from a file that changed meanwhile
   */
  cut(
    path: string,
    sink?: BlockSink,
  ): Promise<{
    readonly blocks: readonly CutBlock[];
    readonly before: LocalStat;
    readonly after: LocalStat;
  }>;
  /** Fewer bytes at the end of the file. */
  readAt(path: string, offset: number, sizeBytes: number): Promise<Uint8Array>;
  /** `readAt` with the open file's data before and after. Optional; without it, `stat` is called. */
  readBetween?(path: string, offset: number, sizeBytes: number): Promise<ReadBetween>;
  /** Rejects with the body `{ unfit: true }` for a target that is invalid UTF-8, which no node can have. */
  readLink(path: string): Promise<string>;
  /**
   * Fails with `exists` if the name is taken, and with `hash_mismatch` and the body `{ hash }` for a wrong part. A
   * failure leaves nothing at the name.
   */
  create(path: string, parts: AsyncIterable<Part> | Iterable<Part>, attributes: FileAttributes): Promise<void>;
  /** True if a program has the file open or mapped for writing; undefined: the filesystem cannot report it. */
  hasWriters(path: string): Promise<boolean | undefined>;
  symlink(target: string, path: string): Promise<void>;
  mkdir(path: string, attributes?: { readonly isPrivate: boolean }): Promise<void>;
  setExecutable(path: string, executable: boolean): Promise<void>;
  /** Removes all permissions of others, or grants those of a new item if others have none. */
  setPrivate(path: string, isPrivate: boolean): Promise<void>;
  /** Atomic. Fails with `exists` if `to` is taken. */
  rename(from: string, to: string): Promise<void>;
  /**
   * In order. Two folders with many renames between them are resolved once. Optional.
   * @returns error of each rename
   */
  renameEach?(renames: readonly Renaming[]): Promise<readonly (HoldfastError | undefined)[]>;
  /** Atomic. */
  exchange(one: string, other: string): Promise<void>;
  /** Adds a name to a file. Fails with `exists` if it is taken. */
  link(from: string, to: string): Promise<void>;
  /**
   * Replaces the file at `to` atomically if it has this inode immediately before.
   * @returns false if it has another inode; nothing was done
   */
  supersede(from: string, to: string, inode: bigint): Promise<boolean>;
  unlink(path: string): Promise<void>;
  /** Empty folders only. */
  rmdir(path: string): Promise<void>;
  syncFile(path: string): Promise<void>;
  syncFolder(path: string): Promise<void>;
  /** Syncs the root's filesystem. Only on disks known to do it; FUSE, for example, does not. */
  syncAll?(): Promise<void>;
  /** Changes a file of the engine and returns the filesystem's time of that. */
  now(path: string): Promise<bigint>;
}

export interface OutgoingBlock {
  readonly hash: HashHex;
  readonly bytes: Uint8Array;
  /**
   * zstd frame with the block `base`, which the server has, as raw dictionary. If it is rejected, the whole block is
   * sent.
   */
  readonly patch?: { readonly base: HashHex; readonly payload: Uint8Array } | undefined;
}

export interface WantedManifest {
  readonly versionId: string;
  /** Version of the same file whose list the device has, so that only differences are transferred. */
  readonly base?:
    | { readonly nodeId: NodeId; readonly versionId: string; readonly entries: readonly ManifestEntry[] }
    | undefined;
}

export interface WantedBlock {
  readonly hash: HashHex;
  readonly sizeBytes: number;
  /** Version that contains the block and is visible to this account. */
  readonly versionId: string;
  /** Similar block on the device, against which a patch may be sent. */
  readonly base?: { readonly hash: HashHex; readonly read: () => Promise<Uint8Array> } | undefined;
  /** The verifier may also compute the piece table. */
  readonly wantsPieces?: boolean;
}

export interface ArrivedBlock {
  readonly hash: HashHex;
  readonly bytes: Uint8Array;
  readonly pieces?: Uint8Array | undefined;
  /** Verified in place and unchanged before `release`, so no second check is needed. */
  readonly isProved?: boolean;
  /** Call when nothing reads the bytes any longer. Later blocks may then overwrite them. Further calls do nothing. */
  readonly release?: (() => void) | undefined;
}

export interface BatchResult {
  readonly operation_id: string;
  readonly status: "committed" | "missing" | "conflict" | "error";
  readonly node?: NodeJson | undefined;
  readonly code?: string | undefined;
  readonly missing_blocks?: readonly string[] | undefined;
}

/**
 * Positions of the visible spaces' journals. Only a server without shares may omit them: each space has its own
 * numbers, and an item that disappears with a mount has numbers of another one.
 */
export interface SpaceSeqs {
  /** In the account's own space. */
  readonly seq?: number | undefined;
  /** Mount -> position in its space. */
  readonly share_seqs?: Readonly<Record<string, number>> | undefined;
}

export interface Identity {
  readonly serverId: string;
  readonly accountId: string;
}

export interface Changer {
  readonly accountId: string;
  /** Shown to others by the server. */
  readonly name: string;
}

export interface Changers {
  /** Author of the version; undefined if none was requested. */
  readonly version: Changer | undefined;
  /** Account that last created, renamed, moved, trashed or restored the node; undefined: unknown to the server. */
  readonly placed: (Changer & { readonly isLatest: boolean }) | undefined;
}

/** Server, as the engine needs it. Messages are those of the protocol. Failures are HoldfastErrors. */
export interface Server {
  /** Checked each time, because another server may answer at the same address. */
  whoAnswers(): Promise<Identity>;
  /** @throws HoldfastError reset, with `reason` in its body */
  listChanges(sinceToken: string): Promise<
    {
      readonly changes: readonly ChangeJson[];
      readonly next_token: string;
      readonly has_more: boolean;
      readonly epoch: string;
    } & SpaceSeqs
  >;
  /** Every visible node. The token precedes the first page. */
  snapshot(cursor: string | undefined): Promise<
    {
      readonly items: readonly NodeJson[];
      readonly next_cursor: string | null;
      readonly token: string;
      readonly epoch: string;
    } & SpaceSeqs
  >;
  queryNodes(
    ids: readonly NodeId[],
  ): Promise<readonly { readonly id: string; readonly state: "live" | "trashed" | "gone" }[]>;
  /** Lists everything below a folder. Mounts appear in place of mounted folders. */
  listBelow(id: NodeId): Promise<readonly NodeJson[]>;
  /** Version of a file with this content; undefined: none, or not readable. */
  versionWith(id: NodeId, contentId: string): Promise<string | undefined>;
  /**
   * Author of a version, and the account that last placed the node. `isLatest`: nothing else has changed the node
   * since.
   * @param versionId null: no version requested
   * @throws HoldfastError unavailable if the version is not among the newest, because the node has changed meanwhile
   */
  changersOf(id: NodeId, versionId: string | null): Promise<Changers>;
  /** Returns block lists of versions; unavailable ones are missing. */
  manifests(wanted: readonly WantedManifest[]): Promise<ReadonlyMap<string, readonly ManifestEntry[]>>;
  /**
   * Blocks that the space of a folder lacks; undefined: the account's own space.
   * @param growthBytes additional size of their file compared with the replaced content
   * @throws HoldfastError quota if there is not enough space now
   */
  missingBlocks(hashes: readonly HashHex[], into?: NodeId, growthBytes?: number): Promise<ReadonlySet<HashHex>>;
  putBlocks(blocks: readonly OutgoingBlock[], into?: NodeId): Promise<void>;
  /** Small blocks travel with the operations. */
  commit(
    epoch: string,
    operations: readonly BatchOperationInput[],
    blocks: readonly OutgoingBlock[],
  ): Promise<{ readonly results: readonly BatchResult[]; readonly seq: number }>;
  /**
   * Verified blocks in order, fetched ahead with bounded memory.
   * @throws HoldfastError not_found with the body `{ hash }` for an unavailable block
   */
  fetchBlocks(wanted: readonly WantedBlock[]): AsyncIterable<ArrivedBlock>;
  /** @returns true if something changed after the token; false after the timeout */
  poll(sinceToken: string, timeoutMs: number): Promise<boolean>;
}

export type NodeKind = "file" | "folder" | "symlink";
/** Identifies a file as the one that was read. A difference in the ctime alone requires another read. */
export interface Fingerprint {
  readonly inode: bigint;
  readonly sizeBytes: number;
  readonly mtimeNs: bigint;
  readonly ctimeNs: bigint;
  readonly birthNs: bigint;
}
