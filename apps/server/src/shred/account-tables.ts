/**
 * Where the schema `shard` has something of an account, and by which column. A test holds that every table of the schema is in one of these
 * lists, or among those that have nothing of anybody.
 */

/** What lies in the account's space, on its shard. Emptied in this order, so that what dies in the middle refers to nothing that is gone. */
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

/** What belongs to the account itself, on its shard. The last is the account. */
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

/** What others have of the account's space, on any shard. */
export const foreignTables = ["received", "stars", "webhooks"] as const;

/**
 * What the account did in spaces of others and nobody needs but itself, where it is found, and what it answered of questions that were nobody's
 * before, on any shard.
 */
export const doneElsewhereTables = [
  "operations",
  "watches",
  "mounters",
  "outside_directory",
  "oauth_artifacts",
] as const;

/**
 * What was written down of something else and may tell a name, an address or an id of the account, on any shard.
 * `ofUser`: also that says who did something. Answers that are kept for repeated requests of others stay, unless they show something of it.
 */
export const tellingTables = [
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
