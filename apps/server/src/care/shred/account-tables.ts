/**
 * Tables with data of an account, and the column to find it by. A test checks that every table is in one of these lists
 * or holds no personal data.
 */

/** Data of the account's space, on its shard. Emptied in this order, so that a crash leaves no dangling references. */
export const spaceTables = [
  "webhooks",
  "stars",
  "watches",
  "reports",
  "link_downloads",
  "transfers",
  "arrivals",
  "rewind_steps",
  "rewinds",
  "untold_journals",
  "zip_lists",
  "device_brakes",
  "events",
  "comments",
  "grants",
  "mounters",
  "upload_tail",
  "upload_blocks",
  "upload_sessions",
  "operations",
  "journal",
  "versions",
  "segments",
  "nodes",
  "space_blocks",
] as const;

/** Data of the account itself, on its shard. The account's row is last. */
export const userTables = [
  "account_settings",
  "mail_items",
  "mail_turns",
  "mail_allowances",
  "notifications",
  "notification_heads",
  "memberships",
  "webhooks",
  "stars",
  "tasks",
  "oauth_artifacts",
  "tokens",
  "recovery_codes",
  "passkeys",
  "passkey_challenges",
  "outside_identities",
  "outside_answers",
  "outside_memberships",
  "ldap_absences",
  "provisioned_accounts",
  "second_factors",
  "sessions",
  "suspensions",
  "clearings",
  "first_sign_ins",
  "former_devices",
  "devices",
] as const;

/** Data of others about the account's space, on any shard. */
export const foreignTables = ["received", "stars", "webhooks"] as const;

/** Data of the account in other spaces that only it needs, and its answers to formerly open questions. On any shard. */
export const doneElsewhereTables = [
  "operations",
  "watches",
  "mounters",
  "outside_directory",
  "oauth_artifacts",
] as const;

/**
 * Records that may contain a name, address or id of the account, on any shard. `ofUser`: also names the author. Answers
 * stored for repeated requests of others stay, unless they contain such data.
 */
export const mentioningTables = [
  { name: "notifications", ofUser: true },
  { name: "mail_items", ofUser: true },
  { name: "messages", ofUser: true },
  { name: "unsent_links", ofUser: true },
  { name: "invitations", ofUser: true },
  { name: "arrivals", ofUser: true },
  { name: "tasks", ofUser: false },
  { name: "events", ofUser: false },
  { name: "operations", ofUser: false },
] as const;
