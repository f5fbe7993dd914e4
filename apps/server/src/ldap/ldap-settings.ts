import { ldapPrefix } from "../issuer/claims.ts";

/** The LDAP server that has people's passwords, and what is believed of what it says. */
export interface LdapSettings {
  /** `ldap://` or `ldaps://`, a host and perhaps a port. */
  readonly url: string;
  /** Of `ldap://`: a password is sent after STARTTLS alone. */
  readonly startTls: boolean;
  /** In PEM; undefined: the authorities that Node knows. */
  readonly ca: string | undefined;
  /** By which people are looked up; undefined: by nobody. */
  readonly bind: { readonly dn: string; readonly password: string } | undefined;
  /** As people know it. */
  readonly name: string;
  /** Below which people are. */
  readonly base: string;
  /** Who counts: whom it does not find is not there. */
  readonly peopleFilter: string;
  /** With `{login}`, what somebody typed. */
  readonly loginFilter: string;
  readonly attributes: LdapAttributes;
  /** Undefined: no group comes from there. */
  readonly groups: LdapGroups | undefined;
  /** Of these domains an address links an account that has it. */
  readonly linkDomains: readonly string[];
  /** Of these domains an address that nobody has makes an account. */
  readonly createDomains: readonly string[];
  /** How often those who are linked are looked up; undefined: never, and nobody is suspended. */
  readonly everyMs: number | undefined;
  /** Of those who are linked: if more are gone at once, nobody is suspended. */
  readonly absentShareMax: number;
}

export interface LdapAttributes {
  /** By which somebody is known again, whatever else changes. */
  readonly id: string;
  readonly uid: string;
  readonly mail: string;
  readonly name: string;
  readonly quota: string | undefined;
  readonly passwordChanged: string;
}

export interface LdapGroups {
  readonly base: string;
  /** With `{dn}` and `{uid}` of the member. */
  readonly filter: string;
  /** Whose value names the group. */
  readonly attribute: string;
  /** Which group here, by its id, stands for which there. */
  readonly values: Readonly<Record<string, string>>;
}

/** As what it is kept beside an account: another address of the same people changes nothing. */
export function issuerOf({ base }: Pick<LdapSettings, "base">): string {
  return `${ldapPrefix}${base.toLowerCase().replaceAll(/\s*,\s*/g, ",")}`;
}
