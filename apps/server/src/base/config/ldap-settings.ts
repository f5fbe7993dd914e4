import { readFileSync } from "node:fs";
import { isIP } from "node:net";
import { HoldfastError } from "@holdfast/core/errors";
import { z } from "zod";
import { isLoopback } from "./loopback.ts";

import { durationOrOff } from "./durations.ts";
import { domains, mapping, word } from "./outside-words.ts";

/** Server with users' passwords, and which of its data is trusted. */
export interface LdapSettings {
  /** `ldap://` or `ldaps://`, a host and optionally a port. */
  readonly url: string;
  /** For `ldap://`: passwords are sent only after STARTTLS. */
  readonly startTls: boolean;
  /** PEM; undefined: Node's built-in authorities. */
  readonly ca: string | undefined;
  /** For lookups; undefined: anonymous. */
  readonly bind: { readonly dn: string; readonly password: string } | undefined;
  /** Name that users see. */
  readonly name: string;
  readonly base: string;
  /** Selects people. Others count as missing. */
  readonly peopleFilter: string;
  /** Contains `{login}`, the typed name. */
  readonly loginFilter: string;
  readonly attributes: LdapAttributes;
  /** undefined: groups are not read */
  readonly groups: LdapGroups | undefined;
  /** An address in these domains links an existing account. */
  readonly linkDomains: readonly string[];
  /** An address in these domains without an account creates one. */
  readonly createDomains: readonly string[];
  /** Linked people are looked up at this interval; undefined: never, so nobody is suspended. */
  readonly everyMs: number | undefined;
  /** If a larger share of linked people is missing, nobody is suspended. */
  readonly absentShareMax: number;
}

export interface LdapAttributes {
  /** Identifies a person permanently. */
  readonly id: string;
  readonly uid: string;
  readonly mail: string;
  readonly name: string;
  readonly quota: string | undefined;
  readonly passwordChanged: string;
}

export interface LdapGroups {
  readonly base: string;
  /** Contains `{dn}` and `{uid}` of the member. */
  readonly filter: string;
  /** Contains the group's name. */
  readonly attribute: string;
  /** Maps names of groups to local group ids. */
  readonly values: Readonly<Record<string, string>>;
}

const attribute = z.string().regex(/^[A-Za-z][A-Za-z0-9-]{0,99}$/, "must be the name of an attribute, like mail");
/** Checks only the parentheses. The LDAP server checks the rest. */
const filter = z.string().min(3).max(4096).refine(isFilter, "must be a filter of LDAP in brackets, like (uid={login})");
const name = z.string().min(1).max(1024);

export const ldapSchema = z.strictObject({
  url: z
    .string()
    .refine(
      isLdapUrl,
      "must look like ldaps://ldap.example.org or ldap://127.0.0.1:389, without a path or anything else",
    ),
  starttls: z.boolean().optional(),
  plain: z.boolean().optional(),
  ca_file: word.optional(),
  bind_dn: name.optional(),
  bind_password: word.optional(),
  bind_password_file: word.optional(),
  name: z.string().min(1).max(60).optional(),
  base: name,
  people_filter: filter.optional(),
  login_filter: filter
    .refine((text) => text.includes("{login}"), "must contain {login}, which stands for the login that was entered")
    .optional(),
  id_attribute: attribute.optional(),
  uid_attribute: attribute.optional(),
  mail_attribute: attribute.optional(),
  name_attribute: attribute.optional(),
  quota_attribute: attribute.optional(),
  password_changed_attribute: attribute.optional(),
  group_base: name.optional(),
  group_filter: filter.optional(),
  group_attribute: attribute.optional(),
  groups: mapping.optional(),
  link_by_address: domains.optional(),
  create_accounts: domains.optional(),
  sync_period: durationOrOff.optional(),
  absent_share_max: z.number().min(0).max(1).optional(),
});

type Written = z.output<typeof ldapSchema>;

const syncPeriodMs = 15 * 60_000;

/** Does not contact the LDAP server, which may be down. @throws HoldfastError `usage` */
export function readLdap(written: Written | undefined): LdapSettings | undefined {
  if (written === undefined) return undefined;
  const { url, base } = written;
  return {
    url,
    startTls: isStartTls(written),
    ca: written.ca_file === undefined ? undefined : readCa(written.ca_file),
    bind: bindOf(written),
    name: written.name ?? hostOf(url),
    base,
    peopleFilter: written.people_filter ?? "(objectClass=person)",
    loginFilter: written.login_filter ?? "(|(mail={login})(uid={login}))",
    attributes: {
      id: written.id_attribute ?? "entryUUID",
      uid: written.uid_attribute ?? "uid",
      mail: written.mail_attribute ?? "mail",
      name: written.name_attribute ?? "cn",
      quota: written.quota_attribute,
      passwordChanged: written.password_changed_attribute ?? "pwdChangedTime",
    },
    groups: groupsOf(written),
    linkDomains: written.link_by_address ?? [],
    createDomains: written.create_accounts ?? [],
    everyMs: (written.sync_period ?? syncPeriodMs) || undefined,
    absentShareMax: written.absent_share_max ?? 0.2,
  };
}

export function shownLdap(written: Written | undefined): object | undefined {
  if (written?.bind_password === undefined) return written;
  return { ...written, bind_password: "…" };
}

/** Passwords are sent unencrypted only if the operator allows it. */
function isStartTls({ url, starttls, plain = false }: Written): boolean {
  if (url.startsWith("ldaps:")) {
    if (starttls === true || plain) throw usage("starttls and plain are for ldap://; ldaps:// is TLS from the start.");
    return false;
  }
  if (starttls === true && plain) throw usage("starttls and plain cannot be combined.");
  const isHere = isThisMachine(hostOf(url));
  if (starttls === false && !plain && !isHere)
    throw usage("url: ldap:// to another machine needs starttls; with plain, passwords are sent unencrypted.");
  return starttls ?? !(plain || isHere);
}

function bindOf(written: Written): LdapSettings["bind"] {
  const { bind_dn: dn, bind_password: said, bind_password_file: path } = written;
  if (said !== undefined && path !== undefined) throw usage("bind_password and bind_password_file cannot be combined.");
  const password = path === undefined ? said : readSecret(path);
  if (dn === undefined && password === undefined) return undefined;
  // Without a password, a bind succeeds anonymously.
  if (dn === undefined || password === undefined) throw usage("bind_dn and bind_password must be given together.");
  return { dn, password };
}

function groupsOf(written: Written): LdapGroups | undefined {
  const { groups, group_base: base, group_filter: matching, group_attribute: named } = written;
  if (groups === undefined) {
    if ([base, matching, named].some((each) => each !== undefined))
      throw usage("group_base, group_filter and group_attribute require groups.");
    return undefined;
  }
  return {
    base: base ?? written.base,
    filter: matching ?? "(|(member={dn})(uniqueMember={dn})(memberUid={uid}))",
    attribute: named ?? "cn",
    values: groups,
  };
}

function readSecret(path: string): string {
  const text = readText("bind_password_file", path).trim();
  if (text === "") throw usage(`bind_password_file: ${path} is empty.`);
  return text;
}

function readCa(path: string): string {
  const text = readText("ca_file", path);
  if (!text.includes("-----BEGIN CERTIFICATE-----")) throw usage(`ca_file: ${path} contains no PEM certificate.`);
  return text;
}

function readText(part: string, path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    throw usage(`${part} cannot be read: ${(error as Error).message}`);
  }
}

function isLdapUrl(text: string): boolean {
  const url = URL.parse(text);
  if (url === null || !["ldap:", "ldaps:"].includes(url.protocol) || url.hostname === "") return false;
  return [url.username, url.password, url.search, url.hash].every((part) => part === "") && /^\/?$/.test(url.pathname);
}

function isFilter(text: string): boolean {
  let depth = 0;
  for (let at = 0; at < text.length; at += 1) {
    if (text[at] === "(") depth += 1;
    if (text[at] === ")") depth -= 1;
    if (depth < 1 && at < text.length - 1) return false;
  }
  return depth === 0;
}

function hostOf(url: string): string {
  return new URL(url).hostname.replace(/^\[(.*)\]$/, "$1");
}

function isThisMachine(host: string): boolean {
  return host === "localhost" || (isIP(host) !== 0 && isLoopback(host));
}

function usage(message: string): HoldfastError {
  return new HoldfastError("usage", `HOLDFAST_LDAP: ${message}`);
}
