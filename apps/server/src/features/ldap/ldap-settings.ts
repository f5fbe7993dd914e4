import type { LdapSettings } from "../../base/config/ldap-settings.ts";
import { ldapPrefix } from "../issuer/claims.ts";

/** Returns the issuer that is stored with accounts. It does not depend on the server's URL. */
export function issuerOf({ base }: Pick<LdapSettings, "base">): string {
  return `${ldapPrefix}${base.toLowerCase().replaceAll(/\s*,\s*/g, ",")}`;
}
