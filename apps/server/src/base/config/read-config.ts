import { readFileSync } from "node:fs";
import { homedir } from "node:os";
import { HoldfastError } from "@holdfast/core/errors";
import type { StorePolicy } from "@holdfast/object-store/two-stores";
import type { Language } from "@holdfast/protocol/account-settings";
import { firstProblem, issueWords } from "@holdfast/protocol/issue-words";
import { type ServerRole, serverRoles } from "@holdfast/protocol/operation-routes";
import { defaultDataFolder } from "@holdfast/disk/default-data-folder";
import type { PlanSettings } from "./plan-settings.ts";
import type { Topology } from "../db/topology.ts";
import type { Rates } from "./rate.ts";
import type { MailSettings } from "./mail-settings.ts";
import type { LogLevel } from "../operation/log.ts";
import { acmeListen, type AcmeSettings, readAcmeSettings } from "./acme-settings.ts";
import { assertLinksReachable, readMailSettings } from "./mail-settings.ts";
import { withFileValues } from "./file-values.ts";
import { assertSafeToListen, type ListenAddress, parseListen } from "./listen.ts";
import { flagNames, optionDefaults, type OptionName, type Options, optionSchemas } from "./options.ts";
import { readLdap } from "./ldap-settings.ts";
import { readOidc } from "./oidc-settings.ts";
import type { OidcSettings } from "./issuer-settings.ts";
import type { LdapSettings } from "./ldap-settings.ts";
import { ratesOf } from "./rates.ts";
import { retentionOf, type RetentionSettings } from "./retention-settings.ts";
import { type DrillSettings, drillsOf } from "./drill-settings.ts";
import { type SnapshotSettings, snapshotsOf } from "./snapshot-settings.ts";
import { readSyslogTarget, type SyslogTarget } from "./syslog-target.ts";

export interface Config {
  /** Absolute or relative to the working directory. */
  readonly dataFolder: string;
  /** Without data, the server does not start: the disk of the data may not be mounted. */
  readonly expectData: boolean;
  readonly listen: ListenAddress;
  /** undefined: the embedded database */
  readonly databaseUrl: string | undefined;
  /** A folder or `s3://…`; undefined: a folder in the data folder. */
  readonly store: string | undefined;
  /** Has a full copy of the first store. */
  readonly secondStore: string | undefined;
  readonly storePolicy: StorePolicy;
  readonly redisUrl: string | undefined;
  /** Paths of PEM files. */
  readonly tls: { readonly certFile: string; readonly keyFile: string } | undefined;
  /** undefined: no automatic certificates */
  readonly acme: AcmeSettings | undefined;
  readonly proxyHops: number;
  readonly roles: ReadonlySet<ServerRole>;
  readonly logLevel: LogLevel;
  readonly connectionsMax: number;
  readonly openRegistration: boolean;
  readonly openDirectory: boolean;
  /** A browser must sign in again after this time, even if used; undefined: it stays signed in while it is used. */
  readonly browserSessionMs: number | undefined;
  /** Suspends devices that overwrite or delete many files. */
  readonly deviceBrake: boolean;
  /** Created at the first start in place of a setup link. */
  readonly administrator: { readonly email: string; readonly password: string } | undefined;
  /** Start of every link, without a trailing slash; undefined: the URL that the client used. */
  readonly publicUrl: string | undefined;
  readonly serverName: string;
  /** undefined: no mail is sent */
  readonly mail: MailSettings | undefined;
  /** Default for e-mails. */
  readonly language: Language;
  readonly rates: Rates;
  readonly pollsMax: number;
  readonly topology: Topology | undefined;
  /** Reads it again, because a file may have changed. */
  readonly readTopology: () => Topology | undefined;
  /** Time without a primary during which its standby answers reads; 0: never. */
  readonly standbyReadsMsMax: number;
  readonly plans: PlanSettings;
  /** Allows webhooks to this machine and private networks. */
  readonly webhookPrivate: boolean;
  readonly oidc: OidcSettings | undefined;
  /** undefined: all passwords are stored here */
  readonly ldap: LdapSettings | undefined;
  readonly thumbCacheBytes: number;
  /** Uploads leave this space free on each disk; undefined: depends on the disk's size. */
  readonly diskReserveBytes: number | undefined;
  /** Each pack of the store is read and checked once in this period. */
  readonly scrubPeriodMs: number;
  readonly retention: RetentionSettings;
  readonly snapshots: SnapshotSettings;
  readonly drills: DrillSettings;
  /** undefined: never */
  readonly doctorPeriodMs: number | undefined;
  /** undefined: audit entries are only in the database */
  readonly auditSyslog: SyslogTarget | undefined;
  /** Original settings and their sources, for administrators. */
  readonly given: GivenSettings;
  /** Variables with the key's location and the credentials of stores, also those from files. Secret. */
  readonly environment: Environment;
}

export type Environment = Readonly<Record<string, string | undefined>>;

export interface GivenSettings {
  readonly options: Options;
  readonly sources: Readonly<Partial<Record<OptionName, "flag" | "environment" | "file">>>;
}

export interface ConfigSources {
  /** By name without leading dashes (`tls-cert`). Unset flags are missing or undefined. */
  readonly flags?: Readonly<Record<string, string | boolean | undefined>>;
  readonly environment?: Environment;
  /** Text of the configuration file, if already read; otherwise `--config` or HOLDFAST_CONFIG names the file. */
  readonly file?: string;
}

/**
 * Flags override the environment, which overrides the file.
 * @throws HoldfastError `usage` naming the setting and its source
 */
export function readConfig({ flags = {}, environment = process.env, file }: ConfigSources = {}): Config {
  const values = withFileValues(environment);
  const given = readOptions(flags, values, readFile(flags, environment, file));
  const options = { ...optionDefaults, ...given.options };
  const acme = readAcmeSettings(options);
  const config: Config = {
    dataFolder: options.data ?? platformDataFolder(environment),
    expectData: options.expect_data,
    listen: listenOf(options, acme),
    databaseUrl: options.database_url,
    store: options.store,
    secondStore: options.second_store,
    storePolicy: options.store_policy,
    redisUrl: options.redis_url,
    tls: tlsOf(options),
    acme,
    proxyHops: options.behind_proxy,
    roles: new Set(options.roles ?? serverRoles),
    logLevel: options.log_level,
    connectionsMax: options.connections_max,
    openRegistration: options.open_registration,
    openDirectory: options.directory === "open",
    browserSessionMs: options.browser_session || undefined,
    administrator: administratorOf(options),
    // The authority verifies that the server is reachable under this name on the https port.
    publicUrl: options.public_url?.replace(/\/+$/, "") ?? (acme && `https://${acme.domains[0]}`),
    serverName: options.server_name,
    mail: readMailSettings(options),
    language: options.language,
    rates: ratesOf(options),
    pollsMax: options.rate_limit_polls,
    topology: options.topology,
    readTopology: () =>
      readOptions(flags, withFileValues(environment), readFile(flags, environment, file)).options.topology,
    standbyReadsMsMax: options.standby_reads,
    plans: plansOf(options),
    webhookPrivate: options.webhook_private,
    oidc: readOidc(options.oidc, Object.keys(plansOf(options).plans)),
    ldap: readLdap(options.ldap),
    thumbCacheBytes: options.thumb_cache_bytes,
    diskReserveBytes: options.disk_reserve_bytes,
    scrubPeriodMs: options.scrub_period,
    doctorPeriodMs: options.doctor_period || undefined,
    retention: retentionOf(options),
    snapshots: snapshotsOf(options),
    drills: drillsOf(options),
    deviceBrake: options.device_brake === "on",
    auditSyslog: readSyslogTarget(options.audit_syslog),
    given,
    environment: values,
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
  readonly place: string;
}

function firstGiven(given: readonly Given[]): Given | undefined {
  return given.find(({ value }) => value !== undefined);
}

/** An empty variable counts as unset, so that shells and service files can unset one. */
function fromEnvironment(name: OptionName, value: string | undefined): unknown {
  if (value === undefined || value === "") return undefined;
  if (!["topology", "plans", "oidc", "ldap"].includes(name)) return value;
  try {
    return JSON.parse(value);
  } catch (error) {
    // The message may quote the text, which may contain a password.
    const position = / at position \d+/.exec((error as Error).message)?.[0] ?? "";
    throw usage(`HOLDFAST_${name.toUpperCase()} is not JSON${position}.`);
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

/** Without plan settings, there are no limits. */
function plansOf({
  plans,
  default_plan: defaultPlan,
}: Required<Pick<Options, "plans" | "default_plan">>): PlanSettings {
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

/** True if no other process can share the database. */
export function isAlone({ databaseUrl, topology }: Pick<Config, "databaseUrl" | "topology">): boolean {
  return databaseUrl === undefined && topology === undefined;
}
