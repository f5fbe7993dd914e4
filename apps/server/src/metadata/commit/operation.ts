import type { HoldfastError } from "@holdfast/core/errors";
import type { HashHex, NodeId, RewindId, SpaceId } from "@holdfast/core/ids";
import type { ManifestEntry } from "@holdfast/core/manifest";
import type { NodeJson } from "@holdfast/protocol/values";
import type { VersionFacts } from "../read/version-json.ts";
import type { NodeRow, VersionRow } from "../../db/shard-tables.ts";
import type { TransactionPlace } from "./transaction-place.ts";

/**
 * One change of one space, whether it came alone by a route of its own or in a batch: there is one way to commit.
 * Names of fields follow the wire's, so that an error can name the field.
 */
export type Operation = OperationBase & OperationKind;

export interface OperationBase {
  /** 16 bytes: of a batch the operation's own id, of a route a digest of Idempotency-Key; absent if the caller gave none. */
  readonly operationId?: Buffer;
  /** SHA-256 of what was asked; the same id with another one is `operation_reused`. Present exactly with operationId. */
  readonly requestHash?: Buffer;
  /** Those of one group commit or fail together, names checked at the end. */
  readonly group?: string;
  readonly onConflict?: "fail" | "rename" | "replace";
  readonly revive?: boolean;
  /** From the header If-Match: revisions that the node must have one of, or "*": it must exist. Else `precondition` 412 with the node. */
  readonly ifMatch?: readonly string[] | "*";
  /** From If-None-Match: * : the name must not exist, else `precondition` 412 with the node. */
  readonly ifNoneMatch?: boolean;
  /** Asked for by a route of its own, and not as one of many: somebody means just this. */
  readonly alone?: boolean;
  /** A person has been asked about it on the device, among many. */
  readonly approved?: boolean;
  /** The rewind whose part this is: the journal tells it. */
  readonly rewindId?: RewindId;
}

/** A place by parent and name, or by path from the caller's root; `parents` makes missing folders on the way. */
export interface Place {
  /** An id or `root`; text that is no id is answered `not_found`. */
  readonly parentId?: string;
  readonly name?: string;
  readonly path?: string;
  /** Where the path begins, if that is not the caller's root: in a mount it is what the mount shows. */
  readonly under?: NodeId;
  readonly parents?: boolean;
}

/** What the caller saw of a node that is there. Another state than this is `conflict` 409 with the current node. */
export interface Seen {
  /** A number or a version id: the head. */
  readonly baseVersion?: number | string;
  readonly baseRevision?: string;
}

export interface Attributes {
  readonly modifiedAtMicros?: number;
  readonly executable?: boolean;
  readonly private?: boolean;
  readonly metadata?: Record<string, unknown>;
  /** Whether editors may share the node and what is below it: the owner says. */
  readonly editorsCanShare?: boolean;
}

export interface Content {
  readonly sizeBytes: number;
  /** Either the whole list, or splices against the list of the source version, which is the base version unless told. */
  readonly blocks?: readonly ManifestEntry[];
  readonly splices?: readonly { at: number; remove: number; insert: readonly ManifestEntry[] }[];
  /** Of any file of the space that the caller may read; text that is no id is answered `not_found`. */
  readonly sourceVersion?: string;
  /** Recomputed; another one is `content_mismatch`. */
  readonly contentId?: HashHex;
}

export type OperationKind =
  | ({ readonly op: "mkdir"; readonly id?: NodeId; readonly place: Place } & Attributes)
  | ({ readonly op: "symlink"; readonly id?: NodeId; readonly place: Place; readonly target: string } & Attributes)
  | ({
      readonly op: "put";
      readonly id?: NodeId;
      /** The file itself, or a place where a file is made or (with a base, If-Match or on_conflict=replace) replaced. */
      readonly fileId?: string;
      readonly place?: Place;
      readonly content: Content;
      /** The upload session whose hold on the blocks passes to the version; its row learns the node in the same transaction. */
      readonly uploadId?: string;
    } & Seen &
      Attributes)
  | ({ readonly op: "move"; readonly fileId: string; readonly place: Place; readonly attributes?: Attributes } & Seen)
  | ({
      readonly op: "copy";
      readonly fileId: string;
      readonly place: Place;
      /** Where it lies in another space than it is to be: what the caller may have of it there, or why not. */
      readonly from?: ForeignSource | HoldfastError;
    } & Seen)
  | ({ readonly op: "set"; readonly fileId: string } & Seen & Attributes)
  | ({ readonly op: "delete"; readonly fileId: string; readonly seen?: number } & Seen)
  | ({
      readonly op: "purge";
      readonly fileId: string;
      /** only what lies in the trash */ readonly trashedOnly: boolean;
      /** A journal entry: nothing later changed the node itself. */
      readonly unchangedSince?: number;
      readonly seen?: number;
    } & Seen)
  /** A person approved on a device that it is in the trash, or was removed for good by the entry `seen`. All other devices hear of that. */
  | { readonly op: "approve"; readonly fileId: string; readonly seen?: number }
  | ({ readonly op: "restore"; readonly fileId: string; readonly place?: Place } & Seen)
  /** Shows a folder of another space in the caller's own. */
  | {
      readonly op: "mount";
      readonly place: Place;
      readonly target: NodeId;
      readonly targetSpace: SpaceId;
    }
  /** Tells devices to look at the node again, which has changed in nothing that its row says. */
  | {
      readonly op: "touch";
      readonly fileId: string;
      /** They list what is in it anew. */
      readonly appeared?: boolean;
    }
  /** Makes an old version the newest again. */
  | ({ readonly op: "revert"; readonly fileId: string; readonly version: number | string } & Seen & Attributes)
  /** Names a version, or with null takes its name away; nothing of the file itself changes. */
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
      /** a node was made, so a route answers 201 */ readonly created: boolean;
      /** Of a label: the version as it is since. */
      readonly version?: VersionFacts;
    }
  | { readonly status: "missing"; readonly missingBlocks: readonly HashHex[] }
  /** `conflict` on the wire for a failed base or a name that exists (409, 412), `error` for the rest; `error.body.node` is the current node. */
  | { readonly status: "conflict" | "error"; readonly error: HoldfastError };

export interface CommitOutcome {
  /** One for each operation, in order. */
  readonly results: readonly OperationResult[];
  /** The space's sequence number after the commit. */
  readonly seq: number;
  readonly epoch: string;
}

/** A file or folder that is to be copied into another space: what the caller may have of it, looked up anew each time. */
export interface ForeignSource {
  readonly top: NodeRow;
  /** Of all that would come now. */
  readonly sizeBytes: number;
  /** Live ones that the caller sees. @throws HoldfastError not_found where it sees the top no more */
  children(folderId: NodeId, after: NodeId | undefined, limit: number): Promise<NodeRow[]>;
  /** The newest versions of these, whose blocks and segments the other space holds from then on; without those that are gone by now. */
  heads(sources: readonly NodeRow[], place: TransactionPlace): Promise<VersionRow[]>;
}
