import { parseBytes } from "@holdfast/core/format-bytes";
import { HoldfastError } from "@holdfast/core/errors";
import { limits } from "@holdfast/core/limits";
import type { Entry } from "ldapts";
import { readClaims, type Claims } from "../issuer/claims.ts";
import type { Conversation } from "./conversation.ts";
import { fillFilter, isBytes, subjectsFilter } from "./filters.ts";
import { issuerOf } from "./ldap-settings.ts";
import type { LdapGroups, LdapSettings } from "../../base/config/ldap-settings.ts";

export interface Person {
  readonly dn: string;
  readonly uid: string | undefined;
  /** Without groups, which are read separately. */
  readonly claims: Claims;
  /** undefined: no value. */
  readonly quotaBytes: number | undefined;
  /** undefined: not reported. */
  readonly passwordChangedAtMicros: number | undefined;
}

/** If more entries share a name, some are missed. */
const namesakesMax = 20;

export function findByLogin(conversation: Conversation, settings: LdapSettings, login: string): Promise<Person[]> {
  const filter = `(&${settings.peopleFilter}${fillFilter(conversation.escape, settings.loginFilter, { login })})`;
  return search(conversation, settings, filter, namesakesMax);
}

/** Finds people by subject. Excludes entries that share a subject. */
export async function findBySubjects(
  conversation: Conversation,
  settings: LdapSettings,
  subjects: readonly string[],
): Promise<Map<string, Person>> {
  const filter = subjectsFilter(conversation.escape, settings, subjects);
  const found = await search(conversation, settings, filter, subjects.length + 1);
  if (found.length > subjects.length) throw new Error(`more entries than ids: is ${settings.attributes.id} one?`);
  return new Map(found.map((person) => [person.claims.subject, person]));
}

export async function hasPeople(conversation: Conversation, settings: LdapSettings): Promise<boolean> {
  return (await search(conversation, settings, settings.peopleFilter, 1)).length > 0;
}

/** @returns ids of local groups; null (unknown) if the server has none of the configured groups */
export async function readGroups(
  { client, escape }: Conversation,
  { groups }: Pick<LdapSettings, "groups">,
  { dn, uid }: Pick<Person, "dn" | "uid">,
): Promise<string[] | null> {
  if (groups === undefined) return null;
  // No uid looks like a DN, so a person without a uid matches no group by uid.
  const filter = fillFilter(escape, groups.filter, { dn, uid: uid ?? dn });
  const named = namedFilter(escape, groups);
  const asked = { scope: "sub" as const, attributes: [groups.attribute], derefAliases: "never" as const };
  // Groups may share a name.
  const sizeLimit = 2 * limits.outsideMappingsMax;
  const { searchEntries } = await client.search(groups.base, { ...asked, filter: `(&${named}${filter})`, sizeLimit });
  const names = searchEntries.flatMap((entry) => valuesOf(entry, groups.attribute));
  if (names.length > 0) return [...new Set(names.flatMap((name) => idOf(groups, name) ?? []))];
  const any = await client.search(groups.base, { ...asked, filter: named, sizeLimit: 1 });
  return any.searchEntries.length > 0 ? [] : null;
}

function namedFilter(escape: (text: string) => string, { attribute, values }: LdapGroups): string {
  return `(|${Object.keys(values)
    .map((name) => `(${attribute}=${escape(name)})`)
    .join("")})`;
}

/** Group names are case-insensitive. */
function idOf({ values }: LdapGroups, name: string): string | undefined {
  return Object.entries(values).find(([each]) => each.toLowerCase() === name.toLowerCase())?.[1];
}

async function search(
  { client }: Conversation,
  settings: LdapSettings,
  filter: string,
  sizeLimit: number,
): Promise<Person[]> {
  const { id, uid, mail, name, quota, passwordChanged } = settings.attributes;
  const attributes = [id, uid, mail, name, passwordChanged, ...(quota === undefined ? [] : [quota])];
  const { searchEntries } = await client.search(settings.base, {
    scope: "sub",
    derefAliases: "never",
    filter,
    sizeLimit,
    attributes,
    explicitBufferAttributes: isBytes(id) ? [id] : [],
  });
  // Some servers ignore the limit, so all entries are returned.
  return searchEntries.flatMap((entry) => personOf(entry, settings) ?? []);
}

/** @returns undefined without a DN or id */
function personOf(entry: Entry, settings: LdapSettings): Person | undefined {
  const { attributes } = settings;
  const [id] = valuesOf(entry, attributes.id);
  if (id === undefined || !entry.dn.includes("=")) return undefined;
  const [email] = valuesOf(entry, attributes.mail);
  const [name] = valuesOf(entry, attributes.name);
  const [uid] = valuesOf(entry, attributes.uid);
  const rawClaims = { sub: id, email, email_verified: true, name };
  return {
    dn: entry.dn,
    uid,
    claims: readClaims(rawClaims, {
      issuer: issuerOf(settings),
      groups: undefined,
      plans: undefined,
      trusted: noFactors,
    }),
    passwordChangedAtMicros: microsOf(valuesOf(entry, attributes.passwordChanged)[0]),
    quotaBytes: attributes.quota === undefined ? undefined : bytesOf(valuesOf(entry, attributes.quota)[0]),
  };
}

const noFactors = { amr: [], acr: [] };

/** Servers may change the case of attribute names. */
function valuesOf(entry: Entry, attribute: string): string[] {
  const key = Object.keys(entry).find((each) => each.toLowerCase() === attribute.toLowerCase());
  const value = key === undefined ? [] : entry[key];
  const values = Array.isArray(value) ? value : [value ?? ""];
  return values.map((each) => (typeof each === "string" ? each : each.toString("hex"))).filter((each) => each !== "");
}

/** Parses Generalized Time in UTC (RFC 4517), or Active Directory's count of 100 ns since 1601. */
export function microsOf(text = ""): number | undefined {
  if (/^[1-9]\d{16,17}$/.test(text)) return Number(BigInt(text) / 10n) - microsTo1970;
  const [matched, year, month, day, hour, minute, second, part = ""] =
    /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)([.,]\d{1,6})?Z$/.exec(text) ?? [];
  if (matched === undefined) return undefined;
  const ms = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
  return Number.isNaN(ms) ? undefined : ms * 1000 + Number(part.slice(1).padEnd(6, "0"));
}

/** Microseconds from 1601 to 1970. */
const microsTo1970 = 11_644_473_600_000_000;

/** `5000000000` or `5 GiB`. */
function bytesOf(text = ""): number | undefined {
  const bytes = parseBytes(text.trim().replaceAll(/\s+/g, " "));
  return bytes === undefined || bytes > 1e15 ? undefined : bytes;
}

export async function isPasswordOf(
  { client }: Conversation,
  { dn }: Pick<Person, "dn">,
  password: string,
): Promise<boolean> {
  // A bind with a name but no password succeeds anonymously (RFC 4513, 5.1.2).
  if (password === "" || dn === "") throw new HoldfastError("internal", "A bind needs a password.");
  try {
    await client.bind(dn, password);
    return true;
  } catch (error) {
    if (error instanceof Error && "code" in error && refusals.has(error.code)) return false;
    throw error;
  }
}

/**
 * Wrong or unusable password: constraint violation, no such object, inappropriate authentication, invalid credentials,
 * insufficient rights, unwilling to perform.
 */
const refusals: ReadonlySet<unknown> = new Set([19, 32, 48, 49, 50, 53]);
