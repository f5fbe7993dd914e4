import type { HoldfastError } from "@holdfast/core/errors";
import type { HashHex, NodeId } from "@holdfast/core/ids";
import type { ManifestEntry } from "@holdfast/core/manifest";
import type { BatchOperationInput } from "@holdfast/protocol/batch";
import type { ChangeJson } from "@holdfast/protocol/node-routes";
import type { NodeJson } from "@holdfast/protocol/values";

export interface LocalStat {
  readonly kind: NodeKind | "other";
  readonly fingerprint: Fingerprint;
  readonly executable: boolean;
  /** Nobody but its owner has any right: no bit of the mode for the group or for others. */
  readonly isPrivate: boolean;
  /** Names of the same file; above 1 it is hard linked. */
  readonly links: number;
  /** Of the filesystem; compared within one run only. */
  readonly device: bigint;
}

/** A block of a file as it was read. */
export interface CutBlock {
  readonly hash: HashHex;
  /** Bytes. */
  readonly size: number;
  /**
   * Its piece table, only of files over 64 KiB: a packed list of {crc32 u32 LE, length u32 LE} of its content-defined
   * pieces of about 16 KiB.
   */
  readonly pieces: Uint8Array | undefined;
}

/** With its bytes, which stand in memory that is used again. */
export interface ReadBlock extends CutBlock {
  readonly bytes: Uint8Array;
}

/** Takes the blocks of a file while it is cut, so that nobody has to read it again for them. */
export interface BlockTaker {
  /** Waits for a moment until it has room. @returns whether it takes what comes next; if not, it is not asked again */
  readonly hasRoom: () => Promise<boolean>;
  /** Never fails. @returns once it needs the bytes no more; false: something may still read them */
  readonly take: (blocks: readonly ReadBlock[]) => Promise<boolean>;
}

/**
 * Of a new file; each is verified against its hash while it is written, unless whoever brings the bytes has proved them and
 * nobody writes to them any more. `from` is a path in the root.
 */
export type Part =
  | { readonly kind: "bytes"; readonly hash: HashHex; readonly bytes: Uint8Array; readonly isProved?: boolean }
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
  /** True: whatever else is said. False: also in the place of a private one. Undefined: as the other, or as any new file. */
  readonly isPrivate?: boolean | undefined;
  /**
   * A path of this disk: whoever may not read that file may not read the new one, which is to stand in its place or beside
   * it, and has what else that one has besides its bytes. Undefined, or nothing there: as any new file.
   */
  readonly like?: string | undefined;
  /**
   * A path of this disk of which the parts copy most to where it stands there. A disk that can share bytes between files does so,
   * and proves them where they are shared.
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
 * The synced folder, as the engine needs it. Paths are relative to its root, with `/` between names and none at the ends; the
 * root is "". No call follows a symbolic link in the last name. Failures are HoldfastErrors: `not_found`, `exists`,
 * `store_full`, `unavailable` (it is not known what is there; with `denied: true` in the body if this user may not look) and
 * `failed`.
 *
 * Nothing is durable before `syncFile` of a file's bytes and attributes, and `syncFolder` of the folders of a name; or
 * `syncAll`.
 */
export interface LocalDisk {
  /** Undefined only if there is certainly nothing of that name. */
  stat(path: string): Promise<LocalStat | undefined>;
  /**
   * The same for names in one folder, which is looked up but once; what keeps one from being told stands in its place. A disk
   * may lack it, and is then asked for each.
   */
  statIn?(folder: string, names: readonly string[]): Promise<readonly (LocalStat | undefined | HoldfastError)[]>;
  /** Names; one that is not valid UTF-8 is no well-formed string either, and so none that a node can have. */
  list(path: string): Promise<readonly string[]>;
  /**
   * Reads the whole file once, without ever holding it, with what was known of the open file before the first and after
   * the last byte. Follows no link and waits for no FIFO.
   * @param taker may still be at work with the last blocks afterwards; what it took may be of a file that changed meanwhile
   */
  cut(
    path: string,
    taker?: BlockTaker,
  ): Promise<{
    readonly blocks: readonly CutBlock[];
    readonly before: LocalStat;
    readonly after: LocalStat;
  }>;
  /** Fewer bytes where the file ends. */
  readAt(path: string, offset: number, sizeBytes: number): Promise<Uint8Array>;
  /** The same, with what was known of the open file before and after. A disk may lack it: then its path is looked at instead. */
  readBetween?(path: string, offset: number, sizeBytes: number): Promise<ReadBetween>;
  /** Rejects with the body `{ unfit: true }` for a target that no node can have: it is not UTF-8. */
  readLink(path: string): Promise<string>;
  /**
   * A new file; `exists` if the name is taken, `hash_mismatch` with the body `{ hash }` for a part that is not what it
   * should be. After a failure nothing of that name is left.
   */
  create(path: string, parts: AsyncIterable<Part> | Iterable<Part>, attributes: FileAttributes): Promise<void>;
  /** True if a program has the file open for writing, or mapped so; undefined where the filesystem does not tell. */
  hasWriters(path: string): Promise<boolean | undefined>;
  symlink(target: string, path: string): Promise<void>;
  mkdir(path: string, attributes?: { readonly isPrivate: boolean }): Promise<void>;
  setExecutable(path: string, executable: boolean): Promise<void>;
  /** Of a file or folder. Takes all rights of others away, or gives those that a new one has, where others have none. */
  setPrivate(path: string, isPrivate: boolean): Promise<void>;
  /** Atomic; `exists` if `to` is taken. */
  rename(from: string, to: string): Promise<void>;
  /**
   * The same for many, in their order; two folders between which many go are looked up but once. A disk may lack it.
   * @returns for each what kept it from being done
   */
  renameEach?(renames: readonly Renaming[]): Promise<readonly (HoldfastError | undefined)[]>;
  /** Atomic: each gets the other's name. */
  exchange(one: string, other: string): Promise<void>;
  /** One more name for a file; `exists` if it is taken. */
  link(from: string, to: string): Promise<void>;
  /**
   * Takes the place of the file at `to`, atomically, if that has this inode in the moment before.
   * @returns whether it had; else nothing was done
   */
  supersede(from: string, to: string, inode: bigint): Promise<boolean>;
  unlink(path: string): Promise<void>;
  /** Only an empty folder. */
  rmdir(path: string): Promise<void>;
  syncFile(path: string): Promise<void>;
  syncFolder(path: string): Promise<void>;
  /** All that the filesystem of the root holds at this moment. Only of a disk that is known to do it: FUSE, for one, keeps it to itself. */
  syncAll?(): Promise<void>;
  /** Changes a file of the engine's own and tells the filesystem's time of that. */
  now(path: string): Promise<bigint>;
}

export interface OutgoingBlock {
  readonly hash: HashHex;
  readonly bytes: Uint8Array;
  /** A zstd frame with the block `base`, which the server has, as raw dictionary. If it is refused, the whole block goes. */
  readonly patch?: { readonly base: HashHex; readonly payload: Uint8Array } | undefined;
}

export interface WantedManifest {
  readonly versionId: string;
  /** Another version of the same file whose list the device has: then only what differs has to travel. */
  readonly base?:
    | { readonly nodeId: NodeId; readonly versionId: string; readonly entries: readonly ManifestEntry[] }
    | undefined;
}

export interface WantedBlock {
  readonly hash: HashHex;
  readonly sizeBytes: number;
  /** One that it is part of, in view of this account. */
  readonly versionId: string;
  /** A similar block that the device has: it may come as a patch against that. */
  readonly base?: { readonly hash: HashHex; readonly read: () => Promise<Uint8Array> } | undefined;
  /** Whoever verifies it may cut its pieces as well. */
  readonly wantsPieces?: boolean;
}

export interface ArrivedBlock {
  readonly hash: HashHex;
  readonly bytes: Uint8Array;
  /** Its piece table, if it was wanted and made. */
  readonly pieces?: Uint8Array | undefined;
  /** The bytes were compared with the hash where they stand, and stay as they are: they need no second proof. */
  readonly isProved?: boolean;
}

export interface BatchResult {
  readonly operation_id: string;
  readonly status: "committed" | "missing" | "conflict" | "error";
  readonly node?: NodeJson | undefined;
  readonly code?: string | undefined;
  readonly missing_blocks?: readonly string[] | undefined;
}

/**
 * Up to which numbers the journals of the spaces in view are told. Only a server that knows no shares may leave it out: the numbers of
 * entries are each of their own space, and what leaves the view with a mount has numbers of another one.
 */
export interface SpaceSeqs {
  /** Of the account's own space. */
  readonly seq?: number | undefined;
  /** Mount -> of the space that it shows. */
  readonly share_seqs?: Readonly<Record<string, number>> | undefined;
}

/** Whose folder it is; the caller knows it from its sign-in. */
export interface Identity {
  readonly serverId: string;
  readonly accountId: string;
}

/** An account that changed something on the server. */
export interface Changer {
  readonly accountId: string;
  /** As the server shows it to others. */
  readonly name: string;
}

/** Accounts that changed a node. */
export interface Changers {
  /** Writer of the version; undefined if none was named. */
  readonly version: Changer | undefined;
  /** The account that made, named, moved, trashed or restored the node last; undefined if the server does not know. */
  readonly placed: (Changer & { readonly isLatest: boolean }) | undefined;
}

/** The server, as the engine needs it; messages are those of the wire. Failures are HoldfastErrors. */
export interface Server {
  /** Asked anew each time: another server may answer at the same address by now. */
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
  /** Every node in view; the token was taken before the first page. */
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
  /** All below a folder, through mounts, which stand for the folders that they show. */
  listBelow(id: NodeId): Promise<readonly NodeJson[]>;
  /** The version of a file that has this content; undefined: there is none, or it may not be read. */
  versionWith(id: NodeId, contentId: string): Promise<string | undefined>;
  /**
   * Names the writer of a version of a node, and the account that placed the node last. `isLatest` says that nothing else has changed the node since.
   * @param versionId null: nobody asks for one
   * @throws HoldfastError unavailable if the version is none of the newest: the node has changed meanwhile
   */
  changersOf(id: NodeId, versionId: string | null): Promise<Changers>;
  /** Block lists of versions; one that is not to be had is absent from the answer. */
  manifests(wanted: readonly WantedManifest[]): Promise<ReadonlyMap<string, readonly ManifestEntry[]>>;
  /**
   * Which of these the server lacks in the space of a folder; undefined: the account's own.
   * @param growthBytes of the file that they are for, beyond what it replaces
   * @throws HoldfastError quota if there is no room for as much now
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
   * In the order asked, each verified before it is handed out, fetched ahead with bounded memory.
   * @throws HoldfastError not_found with the body `{ hash }` for a block that is not to be had
   */
  fetchBlocks(wanted: readonly WantedBlock[]): AsyncIterable<ArrivedBlock>;
  /** @returns whether something changed after the token; false after the time */
  poll(sinceToken: string, timeoutMs: number): Promise<boolean>;
}

export type NodeKind = "file" | "folder" | "symlink";
/** By what a file on disk is known to be the one that was read. A ctime that differs alone asks for another look. */
export interface Fingerprint {
  readonly inode: bigint;
  readonly sizeBytes: number;
  readonly mtimeNs: bigint;
  readonly ctimeNs: bigint;
  readonly birthNs: bigint;
}
