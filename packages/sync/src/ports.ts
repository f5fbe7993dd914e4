import type { HashHex, NodeId } from "@holdfast/core/ids";
import type { BatchOperationInput } from "@holdfast/protocol/batch";
import type { ChangeJson } from "@holdfast/protocol/node-routes";
import type { NodeJson } from "@holdfast/protocol/values";
import type { Fingerprint, NodeKind } from "./trees.ts";

export interface LocalStat {
  readonly kind: NodeKind | "other";
  readonly fingerprint: Fingerprint;
  readonly executable: boolean;
  /** Names of the same file; above 1 it is hard linked. */
  readonly links: number;
}

/**
 * The synced folder, as the engine needs it. Paths are relative to its root, with `/` between names and none at the ends; the
 * root is "". No call follows a symbolic link in the last name. Failures are HoldfastErrors: `not_found`, `exists`,
 * `store_full`, `unavailable` (it is not known what is there) and `failed`.
 *
 * Nothing is durable before `syncFile` of a file's bytes and attributes, and `syncFolder` of the folders of a name.
 */
export interface LocalDisk {
  /** Undefined only if there is certainly nothing of that name. */
  stat(path: string): Promise<LocalStat | undefined>;
  list(path: string): Promise<readonly string[]>;
  /** The whole file with what was known of it before the first and after the last byte was read. */
  read(path: string): Promise<{ readonly bytes: Uint8Array; readonly before: LocalStat; readonly after: LocalStat }>;
  readLink(path: string): Promise<string>;
  /** A new file; `exists` if the name is taken. */
  create(
    path: string,
    bytes: Uint8Array,
    attributes: { readonly mtimeNs: bigint | undefined; readonly executable: boolean },
  ): Promise<void>;
  symlink(target: string, path: string): Promise<void>;
  mkdir(path: string): Promise<void>;
  setExecutable(path: string, executable: boolean): Promise<void>;
  /** Atomic; `exists` if `to` is taken. */
  rename(from: string, to: string): Promise<void>;
  /** Atomic: each gets the other's name. */
  exchange(one: string, other: string): Promise<void>;
  unlink(path: string): Promise<void>;
  /** Only an empty folder. */
  rmdir(path: string): Promise<void>;
  syncFile(path: string): Promise<void>;
  syncFolder(path: string): Promise<void>;
  /** Changes a file of the engine's own and tells the filesystem's time of that. */
  now(path: string): Promise<bigint>;
}

export interface Block {
  readonly hash: HashHex;
  readonly bytes: Uint8Array;
}

export interface BatchResult {
  readonly operation_id: string;
  readonly status: "committed" | "missing" | "conflict" | "error";
  readonly node?: NodeJson;
  readonly code?: string;
}

/** The server, as the engine needs it; messages are those of the wire. Failures are HoldfastErrors. */
export interface Server {
  /** @throws HoldfastError reset, with `reason` in its body */
  listChanges(sinceToken: string): Promise<{
    readonly changes: readonly ChangeJson[];
    readonly next_token: string;
    readonly has_more: boolean;
    readonly epoch: string;
  }>;
  /** Every node in view; the token was taken before the first page. */
  snapshot(cursor: string | undefined): Promise<{
    readonly items: readonly NodeJson[];
    readonly next_cursor: string | null;
    readonly token: string;
    readonly epoch: string;
  }>;
  queryNodes(
    ids: readonly NodeId[],
  ): Promise<readonly { readonly id: string; readonly state: "live" | "trashed" | "gone" }[]>;
  /** All below a folder. */
  listBelow(id: NodeId): Promise<readonly NodeJson[]>;
  commit(
    epoch: string,
    operations: readonly BatchOperationInput[],
  ): Promise<{ readonly results: readonly BatchResult[]; readonly seq: number }>;
  putBlocks(blocks: readonly Block[]): Promise<void>;
  readVersion(nodeId: NodeId, versionId: string): Promise<Uint8Array>;
  /** @returns whether something changed after the token; false after the time */
  poll(sinceToken: string, timeoutMs: number): Promise<boolean>;
}
