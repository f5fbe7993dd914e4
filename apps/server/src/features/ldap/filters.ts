import type { Conversation } from "./conversation.ts";
import type { LdapSettings } from "../../base/config/ldap-settings.ts";

type Escape = Conversation["escape"];

/** Fills in placeholders with escaped values (RFC 4515), in one pass, so that a value cannot contain a placeholder. */
export function fillFilter(escape: Escape, filter: string, values: Readonly<Record<string, string>>): string {
  return filter.replaceAll(/\{([a-z]+)\}/g, (whole, name: string) => {
    const value = Object.hasOwn(values, name) ? values[name] : undefined;
    return value === undefined ? whole : escape(value);
  });
}

export function subjectsFilter(
  escape: Escape,
  { peopleFilter, attributes }: LdapSettings,
  subjects: readonly string[],
): string {
  const each = subjects.map((subject) => `(${attributes.id}=${escapeSubject(escape, attributes.id, subject)})`);
  return `(&${peopleFilter}(|${each.join("")}))`;
}

/** True for ids that are bytes (objectGUID of Active Directory), which are stored as hex digits. */
export function isBytes(attribute: string): boolean {
  return attribute.toLowerCase().endsWith("guid");
}

function escapeSubject(escape: Escape, attribute: string, subject: string): string {
  return escape(isBytes(attribute) ? Buffer.from(subject, "hex") : subject);
}
