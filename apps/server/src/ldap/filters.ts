import type { Conversation } from "./conversation.ts";
import type { LdapSettings } from "./ldap-settings.ts";

type Escape = Conversation["escape"];

/** RFC 4515: what stands in for a name is a value, whatever it looks like. All at once, so that no value is read for another's name. */
export function fillFilter(escape: Escape, filter: string, values: Readonly<Record<string, string>>): string {
  return filter.replaceAll(/\{([a-z]+)\}/g, (whole, name: string) => {
    const value = Object.hasOwn(values, name) ? values[name] : undefined;
    return value === undefined ? whole : escape(value);
  });
}

/** Those of these who count. */
export function subjectsFilter(
  escape: Escape,
  { peopleFilter, attributes }: LdapSettings,
  subjects: readonly string[],
): string {
  const each = subjects.map((subject) => `(${attributes.id}=${escapeSubject(escape, attributes.id, subject)})`);
  return `(&${peopleFilter}(|${each.join("")}))`;
}

/** Some ids are bytes (objectGUID of Active Directory): they are kept as hexadecimal figures. */
export function isBytes(attribute: string): boolean {
  return attribute.toLowerCase().endsWith("guid");
}

function escapeSubject(escape: Escape, attribute: string, subject: string): string {
  return escape(isBytes(attribute) ? Buffer.from(subject, "hex") : subject);
}
