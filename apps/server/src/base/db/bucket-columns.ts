import type { ShardTables } from "./shard-tables.ts";

/** First and last bucket, inclusive. */
export type BucketRange = readonly [number, number];

/**
 * Column from which the bucket of a row follows:
 * - `id`: an ID
 * - `hash`: a SHA-256, of which the bucket is the first 12 bits
 * - `address`: text, of whose SHA-256 the bucket is the first 12 bits
 * - `bucket`: the bucket itself; null for rows of versions before migration 191, which belong to any bucket
 */
export interface BucketColumn {
  readonly column: string;
  readonly kind: "id" | "hash" | "address" | "bucket";
}

/**
 * `stays`: rows belong to the database (its audit, messages), to the server (bucket 0, which cannot move), or are equal
 * on all shards.
 */
export type TablePlace = BucketColumn | "stays";

type TableName<Name> = Name extends `shard.${infer Table}` ? Table : never;
/** Accessed only by raw SQL. */
type UntypedTable = "first_sign_ins" | "link_downloads" | "migration" | "migration_lock" | "move_marks";

const id = (column: string): BucketColumn => ({ column, kind: "id" });
const [bySpace, byUser, byId] = [id("space_id"), id("user_id"), id("id")];
const byBucket: BucketColumn = { column: "bucket", kind: "bucket" };

/** All tables of a shard, small ones that lists show first: rows left behind by a move are deleted in this order. */
export const tablePlaces: Readonly<Record<TableName<keyof ShardTables> | UntypedTable, TablePlace>> = {
  directory: { column: "email_key", kind: "address" },
  invitations: byBucket,
  // Before `users`, because a rule of a group is on all shards and one of an account is not.
  access_rules: id("subject_id"),
  users: byId,
  groups: byId,
  group_members: id("group_id"),
  provisioned_groups: id("group_id"),
  provisioned_accounts: byUser,
  memberships: byUser,
  spaces: byId,
  grants: bySpace,
  received: id("grantee_id"),
  transfers: bySpace,
  arrivals: bySpace,
  reports: bySpace,
  shreddings: byUser,
  suspensions: byUser,
  device_brakes: { column: "space_id", kind: "id" },
  webhooks: byUser,
  devices: byUser,
  former_devices: byUser,
  clearings: byUser,
  sessions: byId,
  tokens: byId,
  oauth_artifacts: byBucket,
  first_sign_ins: byUser,
  second_factors: byUser,
  recovery_codes: byUser,
  passkeys: byUser,
  passkey_challenges: byUser,
  outside_identities: byUser,
  outside_directory: { column: "identity_key", kind: "hash" },
  outside_answers: byUser,
  outside_memberships: byUser,
  ldap_absences: byUser,
  account_settings: byUser,
  mail_items: byUser,
  mail_turns: byUser,
  mail_allowances: byUser,
  mail_refusals: { column: "address_hash", kind: "hash" },
  mails_sent: byId,
  unsent_links: byId,
  tasks: byId,
  zip_lists: byId,
  untold_journals: bySpace,
  watches: bySpace,
  mounters: bySpace,
  stars: byUser,
  comments: bySpace,
  events: bySpace,
  notification_heads: byUser,
  notifications: byUser,
  rewinds: bySpace,
  rewind_steps: bySpace,
  upload_sessions: bySpace,
  upload_blocks: bySpace,
  upload_tail: bySpace,
  link_downloads: bySpace,
  operations: bySpace,
  space_blocks: bySpace,
  segments: bySpace,
  versions: bySpace,
  nodes: bySpace,
  journal: bySpace,
  plans: "stays",
  server_facts: "stays",
  server_findings: "stays",
  ldap_runs: "stays",
  oauth_clients: "stays",
  audit_entries: "stays",
  audit_chain: "stays",
  messages: "stays",
  migration: "stays",
  migration_lock: "stays",
  move_marks: "stays",
};

export interface MovedTable extends BucketColumn {
  readonly table: string;
}

export const movedTables: readonly MovedTable[] = Object.entries(tablePlaces).flatMap(([table, place]) =>
  place === "stays" ? [] : [{ table, ...place }],
);

/**
 * Condition of SQL on a row. Uses only immutable functions of PostgreSQL, so that a publication accepts it.
 * @param row prefix of the column, such as `new.`
 */
export function isInRange({ column, kind }: BucketColumn, [first, last]: BucketRange, row = ""): string {
  return `${bucketOfColumn[kind](`${row}${column}`)} between ${first} and ${last}`;
}

const ofHash = (hash: string) => `(get_byte(${hash}, 0) * 16 + (get_byte(${hash}, 1) >> 4))`;

const bucketOfColumn: Readonly<Record<BucketColumn["kind"], (column: string) => string>> = {
  id: (column) => `((get_byte(uuid_send(${column}), 6) & 15) * 256 + get_byte(uuid_send(${column}), 7))`,
  hash: ofHash,
  // The conversion of a text to its bytes. `convert_to` is not immutable.
  address: (column) => ofHash(`sha256(decode(replace(${column}, '\\', '\\\\'), 'escape'))`),
  bucket: (column) => column,
};
