import { readFileSync } from "node:fs";
import { homedir } from "node:os";
import { HoldfastError } from "@holdfast/core/errors";
import type { StorePolicy } from "@holdfast/object-store/two-stores";
import type { Language } from "@holdfast/protocol/account-settings";
import { firstProblem, issueWords } from "@holdfast/protocol/issue-words";
import { type ServerRole, serverRoles } from "@holdfast/protocol/operation-routes";
import { defaultDataFolder } from "@holdfast/disk/default-data-folder";
import type { PlanSettings } from "../accounts/plans.ts";
import type { Topology } from "../db/topology.ts";
import type { Rates } from "../http/exchange/rate-limits.ts";
import type { MailSettings } from "../mail/mailer.ts";
import type { LogLevel } from "../operation/log.ts";
import { acmeListen, type AcmeSettings, readAcmeSettings } from "./acme-settings.ts";
import { assertLinksReachable, readMailSettings } from "./mail-settings.ts";
import { assertSafeToListen, type ListenAddress, parseListen } from "./listen.ts";
import { flagNames, type OptionName, type Options, optionSchemas } from "./options.ts";
import { readLdap } from "./ldap-settings.ts";
import { readOidc } from "./oidc-settings.ts";
import type { OidcSettings } from "../issuer/issuer-settings.ts";
import type { LdapSettings } from "../ldap/ldap-settings.ts";
import { ratesOf } from "./rates.ts";
import { retentionOf, type RetentionSettings } from "./retention-settings.ts";
import { type DrillSettings, drillsOf } from "./drill-settings.ts";
import { type SnapshotSettings, snapshotsOf } from "./snapshot-settings.ts";
import { readSyslogTarget, type SyslogTarget } from "../audit/syslog-target.ts";

/** Everything that a server is told, checked and with its defaults. */
export interface Config {
  /** Absolute or relative to the working directory. */
  readonly dataFolder: string;
  /** A start without data is refused: the disk of the data is not mounted. */
  readonly expectData: boolean;
  readonly listen: ListenAddress;
  /** Undefined: the embedded database. */
  readonly databaseUrl: string | undefined;
  /** A folder or `s3://…`; undefined: a folder inside the data folder. */
  readonly store: string | undefined;
  /** Another one that holds the same. */
  readonly secondStore: string | undefined;
  readonly storePolicy: StorePolicy;
  readonly redisUrl: string | undefined;
  /** Paths of PEM files. */
  readonly tls: { readonly certFile: string; readonly keyFile: string } | undefined;
  /** Undefined: no authority is asked for a certificate. */
  readonly acme: AcmeSettings | undefined;
  readonly proxyHops: number;
  /** Undefined: all of them in one process. */
  /** Roles that this process runs. */
  readonly roles: ReadonlySet<ServerRole>;
  readonly logLevel: LogLevel;
  readonly connectionsMax: number;
  readonly openRegistration: boolean;
  readonly openDirectory: boolean;
  /** After which a browser signs in again, however much it was used; undefined: it stays signed in while it is used. */
  readonly browserSessionMs: number | undefined;
  /** A device that rewrites or deletes masses of files is suspended. */
  readonly deviceBrake: boolean;
  /** Created at the first start instead of a set-up link. */
  readonly administrator: { readonly email: string; readonly password: string } | undefined;
  /** What every link begins with, without a slash at the end; undefined: the address under which a client came. */
  readonly publicUrl: string | undefined;
  /** Undefined: no mail is sent. */
  readonly mail: MailSettings | undefined;
  /** Of mails to whoever chose none. */
  readonly language: Language;
  readonly rates: Rates;
  readonly pollsMax: number;
  readonly topology: Topology | undefined;
  readonly plans: PlanSettings;
  /** Webhooks may go to addresses of this machine and of private networks. */
  readonly webhookPrivate: boolean;
  /** Undefined: nobody signs in through an outside issuer. */
  readonly oidc: OidcSettings | undefined;
  /** Undefined: all passwords are here. */
  readonly ldap: LdapSettings | undefined;
  /** That thumbnails may take on this server's disk. */
  readonly thumbCacheBytes: number;
  /** That uploads leave free on each disk; undefined: by its size. */
  readonly diskReserveBytes: number | undefined;
  /** Within which each pack of the store is reread. */
  readonly scrubPeriodMs: number;
  readonly retention: RetentionSettings;
  readonly snapshots: SnapshotSettings;
  readonly drills: DrillSettings;
  /** How often the server looks at itself, to tell its administrators; undefined: never. */
  readonly doctorPeriodMs: number | undefined;
  /** Undefined: the audit stays in the database. */
  readonly auditSyslog: SyslogTarget | undefined;
  /** What was said, and where; for administrators to look at. */
  readonly given: GivenSettings;
  /** Variables that name the key's place and hold the credentials of stores. Secret. */
  readonly environment: Environment;
}

export type Environment = Readonly<Record<string, string | undefined>>;

export interface GivenSettings {
  readonly options: Options;
  readonly sources: Readonly<Partial<Record<OptionName, "flag" | "environment" | "file">>>;
}

export interface ConfigSources {
  /** By the flag's name without dashes in front (`tls-cert`); what was not given is absent or undefined. */
  readonly flags?: Readonly<Record<string, string | boolean | undefined>>;
  readonly environment?: Environment;
  /** Text of the configuration file, where it was read already; otherwise `--config` or HOLDFAST_CONFIG names it. */
  readonly file?: string;
}

const pollsMaxDefault = 64;
const connectionsMaxDefault = 16_384;
const thumbCacheBytesDefault = 4 * 1024 ** 3;
const scrubPeriodMsDefault = 30 * 24 * 3600_000;
const doctorPeriodMsDefault = 10 * 60_000;
const plansDefault: PlanSettings["plans"] = { free: 15 * 2 ** 30, plus: 2 * 2 ** 40, business: null };

/** Flag beats environment beats file. @throws HoldfastError `usage` naming the setting and where it was given */
export function readConfig({ flags = {}, environment = process.env, file }: ConfigSources = {}): Config {
  const given = readOptions(flags, environment, readFile(flags, environment, file));
  const { options } = given;
  const acme = readAcmeSettings(options);
  const config: Config = {
    dataFolder: options.data ?? platformDataFolder(environment),
    expectData: options.expect_data ?? false,
    listen: listenOf(options, acme),
    databaseUrl: options.database_url,
    store: options.store,
    secondStore: options.second_store,
    storePolicy: options.store_policy ?? "both",
    redisUrl: options.redis_url,
    tls: tlsOf(options),
    acme,
    proxyHops: options.behind_proxy ?? 0,
    roles: new Set(options.roles ?? serverRoles),
    logLevel: options.log_level ?? "info",
    connectionsMax: options.connections_max ?? connectionsMaxDefault,
    openRegistration: options.open_registration ?? false,
    openDirectory: options.directory === "open",
    browserSessionMs: options.browser_session || undefined,
    administrator: administratorOf(options),
    // That it is reached under this name, at the port of https, is what the authority looks at.
    publicUrl: options.public_url?.replace(/\/+$/, "") ?? (acme && `https://${acme.domains[0]}`),
    mail: readMailSettings(options),
    language: options.language ?? "en",
    rates: ratesOf(options),
    pollsMax: options.rate_limit_polls ?? pollsMaxDefault,
    topology: options.topology,
    plans: plansOf(options),
    webhookPrivate: options.webhook_private ?? false,
    oidc: readOidc(options.oidc, Object.keys(plansOf(options).plans)),
    ldap: readLdap(options.ldap),
    thumbCacheBytes: options.thumb_cache_bytes ?? thumbCacheBytesDefault,
    diskReserveBytes: options.disk_reserve_bytes,
    scrubPeriodMs: options.scrub_period ?? scrubPeriodMsDefault,
    doctorPeriodMs: (options.doctor_period ?? doctorPeriodMsDefault) || undefined,
    retention: retentionOf(options),
    snapshots: snapshotsOf(options),
    drills: drillsOf(options),
    deviceBrake: options.device_brake !== "off",
    auditSyslog: readSyslogTarget(options.audit_syslog),
    given,
    environment,
  };
  assertSafeToListen(config.listen, config.tls !== undefined || acme !== undefined, config.proxyHops > 0);
  assertLinksReachable(config);
  return config;
}

function readFile(flags: ConfigSources["flags"], environment: ConfigSources["environment"], given: string | undefined) {
  const path = flags?.["config"] ?? environment?.["HOLDFAST_CONFIG"];
  const name = typeof path === "string" ? path : "the configuration file";
  if (given === undefined && typeof path !== "string") return {};
  let values: unknown;
  try {
    values = JSON.parse(given ?? readFileSync(name, "utf8"));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") throw usage(`${name} does not exist.`);
    throw usage(`${name} cannot be read as JSON: ${(error as Error).message}`);
  }
  if (typeof values !== "object" || values === null || Array.isArray(values)) {
    throw usage(`${name} must contain one JSON object.`);
  }
  const unknown = Object.keys(values).find((key) => !Object.hasOwn(optionSchemas, key));
  if (unknown !== undefined)
    throw usage(`${name} has a setting ${unknown}, which does not exist. See docs/operation.md.`);
  return values as Readonly<Record<string, unknown>>;
}

function readOptions(
  flags: Readonly<Record<string, string | boolean | undefined>>,
  environment: Readonly<Record<string, string | undefined>>,
  file: Readonly<Record<string, unknown>>,
): GivenSettings {
  const options: Record<string, unknown> = {};
  const sources: Record<string, "flag" | "environment" | "file"> = {};
  for (const name of Object.keys(optionSchemas) as OptionName[]) {
    const flag = name.replaceAll("_", "-");
    const variable = `HOLDFAST_${name.toUpperCase()}`;
    const first = firstGiven([
      { value: flagNames.has(name) ? flags[flag] : undefined, source: "flag", place: `--${flag}` },
      { value: fromEnvironment(name, environment[variable]), source: "environment", place: variable },
      { value: file[name], source: "file", place: `${name} of the configuration file` },
    ]);
    if (first === undefined) continue;
    const result = optionSchemas[name].safeParse(first.value, { error: issueWords });
    if (!result.success) throw usage(`${first.place}: ${firstProblem(result.error)}.`);
    options[name] = result.data;
    sources[name] = first.source;
  }
  return { options, sources };
}

interface Given {
  readonly value: unknown;
  readonly source: "flag" | "environment" | "file";
  /** As an error names it. */
  readonly place: string;
}

function firstGiven(given: readonly Given[]): Given | undefined {
  return given.find(({ value }) => value !== undefined);
}

/** An empty variable counts as none: that is how a shell or a service file switches one off. */
function fromEnvironment(name: OptionName, value: string | undefined): unknown {
  if (value === undefined || value === "") return undefined;
  if (!["topology", "plans", "oidc", "ldap"].includes(name)) return value;
  try {
    return JSON.parse(value);
  } catch (error) {
    throw usage(`HOLDFAST_${name.toUpperCase()} is not JSON: ${(error as Error).message}.`);
  }
}

function listenOf({ listen }: Options, acme: Config["acme"]): ListenAddress {
  if (acme === undefined) return parseListen(listen ?? "127.0.0.1:8420");
  const address = listen === undefined ? acmeListen() : parseListen(listen);
  if (address.port !== 0) return address;
  throw usage("--acme needs a fixed port: use --listen with the port that port 443 is forwarded to.");
}

function tlsOf({ tls_cert: certFile, tls_key: keyFile }: Options): Config["tls"] {
  if (certFile === undefined && keyFile === undefined) return undefined;
  if (certFile === undefined || keyFile === undefined) {
    throw usage("TLS needs both --tls-cert and --tls-key, two PEM files.");
  }
  return { certFile, keyFile };
}

function administratorOf({ admin_email: email, admin_password: password }: Options): Config["administrator"] {
  if (email === undefined && password === undefined) return undefined;
  if (email === undefined || password === undefined) {
    throw usage("HOLDFAST_ADMIN_EMAIL and HOLDFAST_ADMIN_PASSWORD must be given together.");
  }
  return { email, password };
}

/** Without any word of plans nobody has a limit, as ever. */
function plansOf({ plans = plansDefault, default_plan: defaultPlan = "business" }: Options): PlanSettings {
  if (Object.hasOwn(plans, defaultPlan)) return { plans, defaultPlan };
  const names = Object.keys(plans).join(", ");
  throw usage(`HOLDFAST_DEFAULT_PLAN must be one of ${names}; ${defaultPlan} is not.`);
}

function platformDataFolder(environment: Readonly<Record<string, string | undefined>>): string {
  return defaultDataFolder({
    platform: process.platform,
    homeFolder: homedir(),
    environment,
    userId: process.getuid?.(),
  });
}

function usage(message: string): HoldfastError {
  return new HoldfastError("usage", message);
}

/** No other process can share the database. */
export function isAlone({ databaseUrl, topology }: Pick<Config, "databaseUrl" | "topology">): boolean {
  return databaseUrl === undefined && topology === undefined;
}
