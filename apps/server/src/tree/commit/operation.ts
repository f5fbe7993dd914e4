import type { HoldfastError } from "@holdfast/core/errors";
import type { Actor } from "../actor.ts";
import type { HashHex, NodeId, RewindId, SpaceId } from "@holdfast/core/ids";
import type { ManifestEntry } from "@holdfast/core/manifest";
import type { NodeJson } from "@holdfast/protocol/values";
import type { VersionFacts } from "../read/version-json.ts";
import type { NodeRow, VersionRow } from "../../base/db/shard-tables.ts";
import type { TransactionPlace } from "./transaction-place.ts";

/** One change of one space. Fields are named as in the API, so that errors can name them. */
export type Operation = OperationBase & OperationKind;

export interface OperationBase {
  /** 16 bytes: the operation's id in a batch, or a digest of a route's Idempotency-Key. */
  readonly operationId?: Buffer;
  /**
   * SHA-256 of the request. The same id with another hash fails with `operation_reused`. Present exactly with
   * operationId.
   */
  readonly requestHash?: Buffer;
  /** Operations of one group commit or fail together. Names are checked at the end. */
  readonly group?: string;
  readonly onConflict?: "fail" | "rename" | "replace";
  readonly revive?: boolean;
  /** Revisions allowed by If-Match, or "*" for any existing node. Otherwise `precondition` (412) with the node. */
  readonly ifMatch?: readonly string[] | "*";
  /** From `If-None-Match: *`: the name must not exist. Otherwise `precondition` (412) with the node. */
  readonly ifNoneMatch?: boolean;
  /** Requested by a route of its own instead of in a batch, so the user means exactly this. */
  readonly alone?: boolean;
  /** Approved on the device, with many others. */
  readonly approved?: boolean;
  readonly rewindId?: RewindId;
}

export interface Place {
  /** An id or `root`. Other text fails with `not_found`. */
  readonly parentId?: string;
  readonly name?: string;
  readonly path?: string;
  /** Folder where the path begins; defaults to the caller's root. In a mount it is the mounted folder. */
  readonly under?: NodeId;
  readonly parents?: boolean;
}

/** Another state fails with `conflict` (409) and the current node. */
export interface Seen {
  readonly baseVersion?: number | string;
  readonly baseRevision?: string;
}

export interface Attributes {
  readonly modifiedAtMicros?: number;
  readonly executable?: boolean;
  readonly private?: boolean;
  readonly metadata?: Record<string, unknown>;
  /** Allows editors to share the node and everything below it. Only the owner can set this. */
  readonly editorsCanShare?: boolean;
}

export interface Content {
  readonly sizeBytes: number;
  /**
   * Either the whole list, or splices of the source version's list. The source version defaults to the base version.
   */
  readonly blocks?: readonly ManifestEntry[];
  readonly splices?: readonly { at: number; remove: number; insert: readonly ManifestEntry[] }[];
  /** A version of any file of the space that the caller may read. Text that is not an id fails with `not_found`. */
  readonly sourceVersion?: string;
  /** Recomputed; a different value fails with `content_mismatch`. */
  readonly contentId?: HashHex;
}

export type OperationKind =
  | ({ readonly op: "mkdir"; readonly id?: NodeId; readonly place: Place } & Attributes)
  | ({ readonly op: "symlink"; readonly id?: NodeId; readonly place: Place; readonly target: string } & Attributes)
  | ({
      readonly op: "put";
      readonly id?: NodeId;
      readonly fileId?: string;
      readonly place?: Place;
      readonly content: Content;
      /** The session's references to the blocks pass to the version. */
      readonly uploadId?: string;
    } & Seen &
      Attributes)
  | ({ readonly op: "move"; readonly fileId: string; readonly place: Place; readonly attributes?: Attributes } & Seen)
  | ({
      readonly op: "copy";
      readonly fileId: string;
      readonly place: Place;
      /** Reads the source in place of the caller. */
      readonly reader?: SourceReader;
      /** For a source in another space: what the caller may copy, or the error. */
      readonly from?: ForeignSource | HoldfastError;
    } & Seen)
  | ({ readonly op: "set"; readonly fileId: string } & Seen & Attributes)
  | ({ readonly op: "delete"; readonly fileId: string; readonly seen?: number } & Seen)
  | ({
      readonly op: "purge";
      readonly fileId: string;
      /** Purges only items in the trash. */
      readonly trashedOnly: boolean;
      /** Number of a journal entry; the node must not have changed since. */
      readonly unchangedSince?: number;
      readonly seen?: number;
    } & Seen)
  /**
   * Reports to all other devices that a user approved a deletion on a device. The node is in the trash, or the entry
   * `seen` removed it permanently.
   */
  | { readonly op: "approve"; readonly fileId: string; readonly seen?: number }
  | ({ readonly op: "restore"; readonly fileId: string; readonly place?: Place } & Seen)
  | {
      readonly op: "mount";
      readonly place: Place;
      readonly target: NodeId;
      readonly targetSpace: SpaceId;
    }
  /** Makes devices read the node again although its row has not changed. */
  | {
      readonly op: "touch";
      readonly fileId: string;
      /** Devices also list its contents again. */
      readonly appeared?: boolean;
    }
  | ({ readonly op: "revert"; readonly fileId: string; readonly version: number | string } & Seen & Attributes)
  /** null removes the label. */
  | ({
      readonly op: "label";
      readonly fileId: string;
      readonly version: number | string;
      readonly label: string | null;
    } & Seen);

export type OperationResult =
  | {
      readonly status: "committed";
      readonly node: NodeJson | undefined;
      readonly created: boolean;
      readonly version?: VersionFacts;
    }
  | { readonly status: "missing"; readonly missingBlocks: readonly HashHex[] }
  /** `conflict`: a failed base or an existing name (409, 412). `error.body.node` is the current node. */
  | { readonly status: "conflict" | "error"; readonly error: HoldfastError };

export interface CommitOutcome {
  readonly results: readonly OperationResult[];
  readonly seq: number;
  readonly epoch: string;
}

/** Somebody by whose rights another caller copies, such as a link. */
export interface SourceReader {
  /** Returns the reader with current rights, before each piece. @throws HoldfastError not_found after its end */
  now(): Promise<Actor>;
  /** Called before each piece of content is copied. @throws HoldfastError if the copy may not begin */
  begin(): Promise<void>;
}

/** File or folder to copy into another space. The reader's access is checked again for each call. */
export interface ForeignSource {
  readonly top: NodeRow;
  readonly sizeBytes: number;
  /** @throws HoldfastError not_found if the reader can no longer see the top */
  children(folderId: NodeId, after: NodeId | undefined, limit: number): Promise<NodeRow[]>;
  /**
   * Returns the newest versions, whose blocks and segments the other space then holds. Omits versions that are gone.
   */
  heads(sources: readonly NodeRow[], place: TransactionPlace): Promise<VersionRow[]>;
}
