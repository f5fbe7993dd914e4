import type { GroupJson } from "@holdfast/protocol/group-routes";
import type { PermissionJson } from "@holdfast/protocol/sharing-routes";

export type Role = PermissionJson["role"];

/** Roles for people and groups. Only a transfer makes an owner. */
export const personRoles = ["viewer", "commenter", "editor", "uploader"] as const satisfies readonly Role[];
export const linkRoles = ["viewer", "editor", "uploader"] as const satisfies readonly Role[];

/** A person or a group to share with. Only one of `email` and `groupId` is given. */
export type Invitee =
  | { readonly email: string; readonly name?: string }
  | { readonly groupId: string; readonly name: string };

export function keyOf(invitee: Invitee): string {
  return "email" in invitee ? invitee.email.toLowerCase() : invitee.groupId;
}

export function nameOf(invitee: Invitee): string {
  return "groupId" in invitee ? invitee.name : (invitee.name ?? invitee.email);
}

/** Keeps the first entry with each key. */
export function withoutDoubles(invitees: readonly Invitee[]): Invitee[] {
  return invitees.filter((one, at) => invitees.findIndex((other) => keyOf(other) === keyOf(one)) === at);
}

export function isAddress(text: string): boolean {
  return /^[^\s@,;<>]+@[^\s@,;<>]+$/.test(text);
}

/** @returns the address, or the group with this name; undefined for any other text */
export function inviteeOf(text: string, groups: readonly GroupJson[]): Invitee | undefined {
  const wanted = text.trim();
  // An address wins over a group with the same name.
  if (isAddress(wanted)) return { email: wanted };
  const group = groups.find(({ name }) => name.toLocaleLowerCase() === wanted.toLocaleLowerCase());
  return group === undefined ? undefined : { groupId: group.id, name: group.name };
}

/** @returns the invitees of a text with one or more addresses, or with the name of a group; undefined for any other text */
export function inviteesOf(text: string, groups: readonly GroupJson[]): readonly Invitee[] | undefined {
  if (text.trim() === "") return [];
  const one = inviteeOf(text, groups);
  if (one !== undefined) return [one];
  const { addresses, rest } = takeAddresses(`${text},`);
  return addresses.length > 0 && rest === "" ? addresses.map((email) => ({ email })) : undefined;
}

/**
 * @param text a part of a name, or an address
 * @param taken keys of people and groups that are chosen or have access
 * @returns people, and groups whose name contains the text. An address comes first, with the name of its account if known
 */
export function suggestedFor(
  text: string,
  found: { readonly groups: readonly GroupJson[]; readonly people: readonly { name: string; email: string }[] },
  taken: ReadonlySet<string>,
): Invitee[] {
  const wanted = text.trim();
  if (wanted === "") return [];
  const people: Invitee[] = found.people.map(({ name, email }) => ({ name, email }));
  const groups = found.groups
    .filter(({ name }) => name.toLocaleLowerCase().includes(wanted.toLocaleLowerCase()))
    .map(({ id, name }): Invitee => ({ groupId: id, name }));
  const own = people.find((each) => keyOf(each) === wanted.toLowerCase()) ?? { email: wanted };
  const all = isAddress(wanted) ? [own, ...people, ...groups] : [...groups, ...people];
  return withoutDoubles(all).filter((each) => !taken.has(keyOf(each)));
}

/** @returns the name of a chosen person or group, or the address if the name is ambiguous or contains "@" */
export function chipNameOf(invitee: Invitee, all: readonly Invitee[]): string {
  const name = nameOf(invitee);
  if ("groupId" in invitee) return name;
  const isUnclear = name.includes("@") || all.some((other) => other !== invitee && nameOf(other) === name);
  return isUnclear ? invitee.email : name;
}

/** Separates the complete addresses of a text such as `Mia <mia@example.org>, ben@example.org; an` from the rest. */
export function takeAddresses(text: string): { readonly addresses: string[]; readonly rest: string } {
  const entries = text.split(/[,;\n]/);
  const last = entries.pop() ?? "";
  const addresses: string[] = [];
  const kept: string[] = [];
  for (const entry of entries) {
    const found = addressesIn(entry);
    if (found === undefined) kept.push(entry.trim());
    else addresses.push(...found);
  }
  // The last entry is incomplete, unless it ends with `>` or a space.
  const end = /[>\s]$/.test(last) ? addressesIn(last) : undefined;
  addresses.push(...(end ?? []));
  if (addresses.length === 0) return { addresses, rest: text };
  const names = kept.filter((entry) => entry !== "");
  return { addresses, rest: [...names, end === undefined ? last.trimStart() : ""].join(", ").replace(/^, /, "") };
}

/** @returns the addresses of `Mia <mia@example.org>` or `a@example.org b@example.org`; undefined if there is anything else */
function addressesIn(entry: string): string[] | undefined {
  const named = /<([^<>]*)>\s*$/.exec(entry)?.[1];
  const words = (named ?? entry).trim().split(/\s+/);
  return words.every(isAddress) ? words : undefined;
}

/** @returns the name, else the address, else the id */
export function nameOfGrantee({ grantee }: PermissionJson, ofGroup: (name: string) => string): string {
  if (grantee.kind === "group") return ofGroup(grantee.name ?? "");
  return grantee.name ?? grantee.email ?? grantee.id ?? "";
}

/**
 * @param day value of a date field, such as "2027-01-31"
 * @returns the last moment of the day in the user's time zone; undefined for an empty value
 */
export function endOfDay(day: string): string | undefined {
  if (day === "") return undefined;
  const [year = 0, month = 1, date = 1] = day.split("-").map(Number);
  return new Date(year, month - 1, date, 23, 59, 59, 999).toISOString();
}

/** @returns the value of a date field in the user's time zone */
export function dayOf(at: string | null): string {
  if (at === null) return "";
  const time = new Date(at);
  const two = (value: number) => String(value).padStart(2, "0");
  return `${time.getFullYear()}-${two(time.getMonth() + 1)}-${two(time.getDate())}`;
}
