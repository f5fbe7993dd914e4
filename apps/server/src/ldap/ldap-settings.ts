import { ldapPrefix } from "../issuer/claims.ts";

/** LDAP server with users' passwords, and which of its data is trusted. */
export interface LdapSettings {
  /** `ldap://` or `ldaps://`, a host and optionally a port. */
  readonly url: string;
  /** For `ldap://`: passwords are sent only after STARTTLS. */
  readonly startTls: boolean;
  /** PEM; undefined: Node's built-in authorities. */
  readonly ca: string | undefined;
  /** Account for lookups; undefined: anonymous. */
  readonly bind: { readonly dn: string; readonly password: string } | undefined;
  /** Name that users see. */
  readonly name: string;
  /** Base DN of people. */
  readonly base: string;
  /** Selects people. Others count as missing. */
  readonly peopleFilter: string;
  /** Contains `{login}`, the typed name. */
  readonly loginFilter: string;
  readonly attributes: LdapAttributes;
  /** Undefined: groups are not read. */
  readonly groups: LdapGroups | undefined;
  /** Domains in which an address links an existing account. */
  readonly linkDomains: readonly string[];
  /** Domains in which an address without an account creates one. */
  readonly createDomains: readonly string[];
  /** Interval of the lookup of linked people; undefined: never, so nobody is suspended. */
  readonly everyMs: number | undefined;
  /** Maximum share of linked people that may be missing. Above it, nobody is suspended. */
  readonly absentShareMax: number;
}

export interface LdapAttributes {
  /** Attribute that identifies a person permanently. */
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
  /** Attribute with the group's name. */
  readonly attribute: string;
  /** Maps names of groups to local group ids. */
  readonly values: Readonly<Record<string, string>>;
}

/** Returns the issuer that is stored with accounts. It does not depend on the server's URL. */
export function issuerOf({ base }: Pick<LdapSettings, "base">): string {
  return `${ldapPrefix}${base.toLowerCase().replaceAll(/\s*,\s*/g, ",")}`;
}
