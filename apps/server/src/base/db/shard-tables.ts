import type { Kysely } from "kysely";
import type {
  CommentId,
  DeviceId,
  EventId,
  GrantId,
  NodeId,
  RewindId,
  SpaceId,
  UploadId,
  UserId,
  VersionId,
  ZipListId,
} from "@holdfast/core/ids";
import type { ReadOnly } from "./database.ts";
import type { AccountTables } from "./account-tables.ts";
import type { AuditTables } from "./audit-tables.ts";
import type { QueueTables } from "./queue-tables.ts";
import type { WebhookTables } from "./webhook-tables.ts";
import type { GroupTables } from "./group-tables.ts";
import type { RewindTables } from "./rewind-tables.ts";
import type { MailTables } from "./mail-tables.ts";
import type { ReportTables } from "./report-tables.ts";
import type { TransferTables } from "./transfer-tables.ts";
import type { ShreddingTables } from "./shredding-tables.ts";
import type { FindingTables } from "./finding-tables.ts";
import type { SuspensionTables } from "./suspension-tables.ts";

/** On a shard, or in a transaction there. */
export type ShardQueries = Kysely<ShardTables>;
/** Without changes, for functions that also read from replicas. */
export type ShardReads = ReadOnly<ShardTables>;

/**
 * On the shard of the owner's bucket. Sizes and times (microseconds since 1970) are int8, read as numbers; hashes are
 * bytea, read as Buffer.
 */
export interface ShardTables
  extends
    AccountTables,
    AuditTables,
    FindingTables,
    GroupTables,
    MailTables,
    QueueTables,
    ReportTables,
    RewindTables,
    ShreddingTables,
    SuspensionTables,
    TransferTables,
    WebhookTables {
  "shard.spaces": SpaceRow;
  "shard.nodes": NodeRow;
  "shard.versions": VersionRow;
  /** Nodes of a zip with a signed address. */
  "shard.zip_lists": {
    id: ZipListId;
    space_id: SpaceId;
    caller_id: UserId | GrantId;
    node_ids: NodeId[];
    expires_at: number;
  };
  "shard.segments": { space_id: SpaceId; hash: Buffer; entries: Buffer; refs: number; since: number };
  "shard.space_blocks": {
    space_id: SpaceId;
    hash: Buffer;
    size: number;
    refs: number;
    stamp: number;
    since: number;
    uploader: UserId;
    counted: boolean;
  };
  "shard.journal": JournalRow;
  "shard.grants": GrantRow;
  "shard.received": { grantee_id: string; grant_id: GrantId; space_id: SpaceId; node_id: NodeId };
  "shard.mounters": { space_id: SpaceId; node_id: NodeId; user_id: UserId; remembered_at: number };
  "shard.stars": { user_id: UserId; space_id: SpaceId; node_id: NodeId; at: number };
  "shard.operations": {
    space_id: SpaceId;
    user_id: UserId;
    op_id: Buffer;
    request_hash: Buffer;
    result: string;
    at: number;
  };
  "shard.comments": CommentRow;
  "shard.events": EventRow;
  "shard.watches": { space_id: SpaceId; user_id: UserId; node_id: NodeId };
  "shard.upload_sessions": UploadSessionRow;
  "shard.upload_blocks": { space_id: SpaceId; session_id: UploadId; offset: number; hash: Buffer; size: number };
  "shard.upload_tail": {
    space_id: SpaceId;
    session_id: UploadId;
    offset: number;
    size: number;
    epoch: number;
    salt: Buffer;
    generation: number;
    sealed: Buffer;
  };
}

export interface SpaceRow {
  id: SpaceId;
  owner_id: UserId;
  root_id: NodeId;
  epoch: string;
  seq: number;
  used_bytes: number;
  stored_bytes: number;
  metadata_bytes: number;
  quota_bytes: number | null;
  /** Journal entry up to which watchers were notified; null: no watches. */
  watched_seq: number | null;
  quota_fixed: boolean;
  quota_warned: number;
  hooked: boolean;
  created_at: number;
}

export interface NodeRow {
  space_id: SpaceId;
  id: NodeId;
  parent_id: NodeId | null;
  name: string;
  name_key: string;
  kind: "file" | "folder" | "symlink" | "mount";
  target: string | null;
  head_version: VersionId | null;
  version_number: number | null;
  content_id: Buffer | null;
  size: number;
  modified_at: number;
  executable: boolean;
  /** On devices, only the local owner may read it. */
  private: boolean;
  revision: string;
  seq: number;
  trashed_at: number | null;
  purged_at: number | null;
  metadata: Record<string, unknown> | null;
  weight: number;
  names_below: number;
  bytes_below: number;
  device_id: string | null;
  operation_id: Buffer | null;
  created_at: number;
  updated_at: number;
  /** The node itself has a grant. */
  shared: boolean;
  editors_can_share: boolean;
  /** For a mount. */
  target_space: SpaceId | null;
}

export interface VersionRow {
  space_id: SpaceId;
  id: VersionId;
  node_id: NodeId;
  number: number;
  content_id: Buffer;
  size: number;
  manifest: Buffer | null;
  segments: Buffer | null;
  created_by: UserId;
  device_id: string | null;
  operation_id: Buffer | null;
  created_at: number;
  /** A labeled version is never pruned. */
  label: string | null;
  /** Account or link that set the label; null: no label, or set by an older server. */
  label_by: UserId | null;
  /** Modification time of the file when the version was replaced; null: the newest, or replaced by an older server. */
  modified_at: number | null;
}

export interface JournalRow {
  space_id: SpaceId;
  seq: number;
  tag: Buffer;
  node_id: NodeId;
  kind: "changed" | "appeared" | "gone";
  from_parent: NodeId | null;
  from_name: string | null;
  from_trashed_at: number | null;
  from_modified_at: number | null;
  from_executable: boolean | null;
  from_private: boolean | null;
  /** Only visible to the owner of the space. */
  of_mount: boolean;
  rewind_id: RewindId | null;
  actor: UserId;
  device_id: string | null;
  at: number;
  /** Set if only this grantee's role has changed. */
  grantee_id: string | null;
  /** A user approved the deletion on the device; other devices do not ask again. */
  approved: boolean;
}

export interface GrantRow {
  space_id: SpaceId;
  id: GrantId;
  node_id: NodeId;
  kind: "user" | "group" | "pending" | "link";
  grantee_id: string | null;
  email: string | null;
  email_key: string | null;
  role: "viewer" | "commenter" | "editor" | "uploader";
  via: GrantId | null;
  created_by: UserId;
  created_at: number;
  expires_at: number | null;
  name: string | null;
  secret_hash: Buffer | null;
  password_hash: string | null;
  max_downloads: number | null;
  downloads: number;
  /** Last use of a link, to the minute; null: never, or another kind. */
  last_used_at: number | null;
  disabled_at: number | null;
  message: string | null;
}

export interface CommentRow {
  space_id: SpaceId;
  node_id: NodeId;
  id: CommentId;
  text: string;
  mentions: UserId[];
  author: UserId;
  at: number;
  edited_at: number | null;
  resolved_at: number | null;
}

export interface EventRow {
  space_id: SpaceId;
  id: EventId;
  node_id: NodeId;
  verb: "shared" | "unshared" | "linked" | "commented" | "rewound";
  actor: UserId;
  device_id: DeviceId | null;
  at: number;
  detail: Record<string, unknown>;
}

export interface UploadSessionRow {
  space_id: SpaceId;
  id: UploadId;
  user_id: UserId;
  device_id: string | null;
  request: unknown;
  generation: number;
  blocks_end: number;
  durable: number;
  total: number | null;
  sha256: Buffer | null;
  node_id: NodeId | null;
  operation_id: Buffer | null;
  request_hash: Buffer | null;
  expires_at: number;
  created_at: number;
}
