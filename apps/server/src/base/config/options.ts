import { z } from "zod";
import { parseBytes } from "@holdfast/core/format-bytes";
import { limits } from "@holdfast/core/limits";
import { storePolicies } from "@holdfast/object-store/two-stores";
import { planSettings } from "@holdfast/protocol/account-routes";
import { language } from "@holdfast/protocol/account-settings";
import { serverRoles } from "@holdfast/protocol/operation-routes";
import type { SettingName } from "@holdfast/protocol/setting-names";
import { databaseUrlFault } from "../db/primary/database-url.ts";
import { topologySchema } from "../db/topology.ts";
import type { limitNames } from "./rate.ts";
import { logLevels } from "../operation/log.ts";
import { acmeOptions } from "./acme-options.ts";
import { drillOptions } from "./drill-settings.ts";
import { duration, durationOrOff } from "./durations.ts";
import { ldapSchema } from "./ldap-settings.ts";
import { oidcSchema } from "./oidc-settings.ts";
import { retentionOptions } from "./retention-settings.ts";
import { serverName, serverNameDefault } from "./server-name.ts";
import { isSyslogTarget } from "./syslog-target.ts";
import { snapshotOptions } from "./snapshot-settings.ts";

const yesNo = z.preprocess((value) => {
  const text = String(value).toLowerCase();
  if (["true", "1", "yes", "on"].includes(text)) return true;
  return ["false", "0", "no", "off"].includes(text) ? false : value;
}, z.boolean());
const amount = z.preprocess(toNumber, z.number().min(0).max(1e15));
const bytes = z.preprocess(
  withoutUnit,
  z
    .number({
      error: ({ code }) =>
        code === "invalid_type" ? "must be a number of bytes such as 1048576, 500M or 1.5G" : undefined,
    })
    .min(0)
    .max(1e15),
);
const text = z.string().min(1).max(4096);

/** `--behind-proxy` without a number means one. */
const hops = z.preprocess(
  (value) => ({ true: 1, "": 1, false: 0 })[String(value)] ?? toNumber(value),
  z.int().min(0).max(10),
);
const plansSchema = z.preprocess(
  withoutUnits,
  planSettings.refine(
    (plans) => Object.keys(plans).length > 0 && Object.keys(plans).length <= limits.plansMax,
    `must name 1 to ${limits.plansMax} plans`,
  ),
);
const roles = z.preprocess(
  (value) => (typeof value === "string" ? value.split(",").map((role) => role.trim()) : value),
  z.array(z.enum(serverRoles)).min(1),
);

/**
 * Names in the configuration file. Flags use dashes, and environment variables use capitals after HOLDFAST_. A test
 * checks that docs/operation.md explains each.
 */
export const optionSchemas = {
  data: text,
  expect_data: yesNo,
  listen: text,
  database_url: z.string().check((context) => {
    const message = databaseUrlFault(context.value);
    if (message !== undefined) context.issues.push({ code: "custom", message, input: "" });
  }),
  store: text,
  second_store: text,
  store_policy: z.enum(storePolicies),
  redis_url: z.string().regex(/^rediss?:\/\//, "must read like redis://host:6379"),
  tls_cert: text,
  tls_key: text,
  ...acmeOptions,
  behind_proxy: hops,
  roles,
  log_level: z.enum(logLevels),
  connections_max: z.preprocess(toNumber, z.int().min(1).max(1_000_000)),
  open_registration: yesNo,
  directory: z.enum(["closed", "open"]),
  browser_session: durationOrOff,
  admin_email: text,
  admin_password: text,
  public_url: z
    .string()
    .refine(isPublicUrl, "must be the address at which people reach this server, like https://drive.example.org"),
  server_name: serverName,
  smtp_url: z.string().regex(/^smtps?:\/\//, "must read like smtp://user:password@mail.example.org:587"),
  mail_from: text,
  language,
  rate_limit_preset: z.enum(["default", "public"]),
  rate_limit_user: amount,
  rate_limit_address: amount,
  rate_limit_sign_in: amount,
  rate_limit_operations: amount,
  rate_limit_uploads: amount,
  rate_limit_bytes: bytes,
  rate_limit_polls: z.preprocess(toNumber, z.int().min(0).max(1_000_000)),
  topology: topologySchema,
  standby_reads: durationOrOff,
  plans: plansSchema,
  default_plan: text,
  webhook_private: yesNo,
  oidc: oidcSchema,
  ldap: ldapSchema,
  thumb_cache_bytes: bytes,
  disk_reserve_bytes: bytes,
  scrub_period: duration,
  doctor_period: durationOrOff,
  device_brake: z.enum(["on", "off"]),
  audit_syslog: z.string().refine(isSyslogTarget, "must read like udp://host:514 or tcp://host:601"),
  ...retentionOptions,
  ...snapshotOptions,
  ...drillOptions,
} as const satisfies Record<SettingName, z.ZodType>;

export type OptionName = keyof typeof optionSchemas;
export type Options = { readonly [Name in OptionName]?: z.output<(typeof optionSchemas)[Name]> };

const dayMs = 24 * 3600_000;

/** Values of settings that are not set. Others have none, or depend on the machine or other settings. */
export const optionDefaults = {
  expect_data: false,
  store_policy: "both",
  behind_proxy: 0,
  log_level: "info",
  connections_max: 16_384,
  open_registration: false,
  directory: "closed",
  server_name: serverNameDefault,
  language: "en",
  rate_limit_preset: "default",
  rate_limit_polls: 64,
  plans: { free: 15 * 2 ** 30, plus: 2 * 2 ** 40, business: null },
  default_plan: "business",
  webhook_private: false,
  thumb_cache_bytes: 4 * 2 ** 30,
  standby_reads: 0,
  scrub_period: 30 * dayMs,
  doctor_period: 10 * 60_000,
  device_brake: "on",
} as const satisfies Options;

/**
 * Flags of `holdfast serve`. Other settings are only in the environment or the file, because flags such as passwords
 * would be visible in the process list.
 */
export const flagNames: ReadonlySet<OptionName> = new Set([
  "data",
  "expect_data",
  "listen",
  "database_url",
  "store",
  "second_store",
  "redis_url",
  "tls_cert",
  "tls_key",
  "acme",
  "acme_email",
  "behind_proxy",
  "roles",
]);

export const limitOptions = {
  calls: "rate_limit_user",
  address: "rate_limit_address",
  sign_in: "rate_limit_sign_in",
  operations: "rate_limit_operations",
  uploads: "rate_limit_uploads",
  bytes: "rate_limit_bytes",
} as const satisfies Record<(typeof limitNames)[number], OptionName>;

/** Rejects user, query and fragment, because links are appended to the URL and contain secrets. */
function isPublicUrl(url: string): boolean {
  if (!URL.canParse(url)) return false;
  const { protocol, username, password, search, hash } = new URL(url);
  return ["http:", "https:"].includes(protocol) && [username, password, search, hash].every((part) => part === "");
}

/** Reads sizes such as `500M`. */
function withoutUnit(value: unknown): unknown {
  return typeof value === "string" ? (parseBytes(value.trim()) ?? value) : value;
}

function withoutUnits(plans: unknown): unknown {
  if (typeof plans !== "object" || plans === null || Array.isArray(plans)) return plans;
  return Object.fromEntries(Object.entries(plans).map(([name, size]) => [name, withoutUnit(size)]));
}

function toNumber(value: unknown): unknown {
  return typeof value === "string" && /^-?\d+(?:\.\d+)?$/.test(value.trim()) ? Number(value) : value;
}
