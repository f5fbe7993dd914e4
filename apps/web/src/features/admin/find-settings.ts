import type { SettingJson } from "@holdfast/protocol/admin-routes";
import type { Messages, PlainKey } from "../../messages/messages.ts";
import { hasWords } from "./has-words.ts";

interface Wanted {
  /** Words that must all occur in the name or description. */
  readonly text: string;
  /** Excludes default values. */
  readonly onlySet: boolean;
}

/** Keeps the server's order. */
export function findSettings(
  settings: readonly SettingJson[],
  { text, onlySet }: Wanted,
  words: Pick<Messages, "message">,
): SettingJson[] {
  return settings.filter(({ name, source }) => {
    if (onlySet && source === "default") return false;
    // The environment variable's name matches too.
    return hasWords(`${name} holdfast_${name} ${settingWords(name, words) ?? ""}`, text);
  });
}

/** @returns undefined for a setting of a newer server */
export function settingWords(name: string, { message }: Pick<Messages, "message">): string | undefined {
  const key = Object.hasOwn(keys, name) ? keys[name as keyof typeof keys] : undefined;
  return key === undefined ? undefined : message(key);
}

const keys = {
  data: "setting.data",
  expect_data: "setting.expect_data",
  listen: "setting.listen",
  database_url: "setting.database_url",
  store: "setting.store",
  second_store: "setting.second_store",
  store_policy: "setting.store_policy",
  redis_url: "setting.redis_url",
  tls_cert: "setting.tls_cert",
  tls_key: "setting.tls_key",
  acme: "setting.acme",
  acme_email: "setting.acme_email",
  acme_directory: "setting.acme_directory",
  acme_ca: "setting.acme_ca",
  behind_proxy: "setting.behind_proxy",
  roles: "setting.roles",
  log_level: "setting.log_level",
  connections_max: "setting.connections_max",
  open_registration: "setting.open_registration",
  directory: "setting.directory",
  device_brake: "setting.device_brake",
  admin_email: "setting.admin_email",
  admin_password: "setting.admin_password",
  public_url: "setting.public_url",
  server_name: "setting.server_name",
  smtp_url: "setting.smtp_url",
  mail_from: "setting.mail_from",
  language: "setting.language",
  rate_limit_preset: "setting.rate_limit_preset",
  rate_limit_user: "setting.rate_limit_user",
  rate_limit_address: "setting.rate_limit_address",
  rate_limit_sign_in: "setting.rate_limit_sign_in",
  rate_limit_operations: "setting.rate_limit_operations",
  rate_limit_uploads: "setting.rate_limit_uploads",
  rate_limit_bytes: "setting.rate_limit_bytes",
  rate_limit_polls: "setting.rate_limit_polls",
  topology: "setting.topology",
  plans: "setting.plans",
  default_plan: "setting.default_plan",
  webhook_private: "setting.webhook_private",
  oidc: "setting.oidc",
  ldap: "setting.ldap",
  thumb_cache_bytes: "setting.thumb_cache_bytes",
  disk_reserve_bytes: "setting.disk_reserve_bytes",
  scrub_period: "setting.scrub_period",
  retention_versions: "setting.retention_versions",
  retention_version_age: "setting.retention_version_age",
  retention_trash: "setting.retention_trash",
  retention_blocks: "setting.retention_blocks",
  retention_doomed: "setting.retention_doomed",
  retention_packs: "setting.retention_packs",
  retention_sessions: "setting.retention_sessions",
  retention_audit: "setting.retention_audit",
  account_grace: "setting.account_grace",
  browser_session: "setting.browser_session",
  audit_syslog: "setting.audit_syslog",
  snapshot_interval: "setting.snapshot_interval",
  journal_interval: "setting.journal_interval",
  drill_period: "setting.drill_period",
  drill_scratch: "setting.drill_scratch",
  doctor_period: "setting.doctor_period",
} as const satisfies Record<string, PlainKey>;
