import type { LdapSettings } from "../../base/config/ldap-settings.ts";
import { ldapPrefix } from "../issuer/claims.ts";

/** Issuer that is stored with accounts, independent of the server's URL. */
export function issuerOf({ base }: Pick<LdapSettings, "base">): string {
  return `${ldapPrefix}${base.toLowerCase().replaceAll(/\s*,\s*/g, ",")}`;
}
