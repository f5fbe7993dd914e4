import type { GroupJson } from "@holdfast/protocol/group-routes";
import type { PermissionJson } from "@holdfast/protocol/sharing-routes";
import { queryOptions } from "@tanstack/react-query";
import type { Drive } from "../../data/drive.ts";
import { wait } from "../../data/wait.ts";

export type Role = PermissionJson["role"];

/** What a person or a group can be given. `owner` is given by a transfer alone. */
export const personRoles = ["viewer", "commenter", "editor", "uploader"] as const satisfies readonly Role[];
export const linkRoles = ["viewer", "editor", "uploader"] as const satisfies readonly Role[];

export function ownGroups({ client }: Drive) {
  return queryOptions({
    queryKey: ["groups"],
    queryFn: async ({ signal }) => (await client.call("listGroups", { query: { limit: 1000 }, signal })).items,
  });
}

/** People whose name fits the text, or who have this address. */
export function peopleFor({ client }: Drive, text: string) {
  const wanted = text.trim();
  return queryOptions({
    queryKey: ["people", wanted],
    // The server counts addresses without an account: an unfinished one is not worth a question.
    enabled: wanted.includes("@") ? isAddress(wanted) : wanted.length > 1,
    queryFn: async ({ signal }) => {
      await wait(pauseMs, signal);
      return (await client.call("findPeople", { query: { q: wanted }, signal })).items;
    },
  });
}

const pauseMs = 250;

/** A person or a group to share with. Only one of `email` and `groupId` is given. */
export type Invitee =
  | { readonly email: string; readonly name?: string }
  | { readonly groupId: string; readonly name: string };

export function keyOf(invitee: Invitee): string {
  return "email" in invitee ? invitee.email.toLocaleLowerCase() : invitee.groupId;
}

export function nameOf(invitee: Invitee): string {
  return "groupId" in invitee ? invitee.name : (invitee.name ?? invitee.email);
}

/** Keeps the first of those with the same key. */
export function withoutDoubles(invitees: readonly Invitee[]): Invitee[] {
  return invitees.filter((one, at) => invitees.findIndex((other) => keyOf(other) === keyOf(one)) === at);
}

export function isAddress(text: string): boolean {
  return /^[^\s@,;<>]+@[^\s@,;<>]+$/.test(text);
}

/** @returns the group with this name, or the address; undefined for any other text */
export function inviteeOf(text: string, groups: readonly GroupJson[]): Invitee | undefined {
  const wanted = text.trim();
  const group = groups.find(({ name }) => name.toLocaleLowerCase() === wanted.toLocaleLowerCase());
  if (group !== undefined) return { groupId: group.id, name: group.name };
  return isAddress(wanted) ? { email: wanted } : undefined;
}

/** @returns groups whose name contains the text, then the people found for it, then the text itself if it is another address */
export function suggestedFor(
  text: string,
  found: { readonly groups: readonly GroupJson[]; readonly people: readonly { name: string; email: string }[] },
  chosen: readonly Invitee[],
): Invitee[] {
  const wanted = text.trim().toLocaleLowerCase();
  if (wanted === "") return [];
  const groups = found.groups.filter(({ name }) => name.toLocaleLowerCase().includes(wanted));
  const all: Invitee[] = [
    ...groups.map(({ id, name }) => ({ groupId: id, name })),
    ...found.people.map(({ name, email }) => ({ name, email })),
    ...(isAddress(wanted) ? [{ email: text.trim() }] : []),
  ];
  const taken = new Set(chosen.map(keyOf));
  return withoutDoubles(all).filter((each) => !taken.has(keyOf(each)));
}

/** Takes the finished addresses out of a text such as `Mia <mia@example.org>, ben@example.org; an`. */
export function takeAddresses(text: string): { readonly addresses: string[]; readonly rest: string } {
  const finished = [...text.matchAll(/([^\s@,;<>]+@[^\s@,;<>]+)(?:[\s,;>]+)/g)];
  const last = finished.at(-1);
  if (last === undefined) return { addresses: [], rest: text };
  return { addresses: finished.map(([, address = ""]) => address), rest: text.slice(last.index + last[0].length) };
}

/** What is shown of somebody: their name, else their address. */
export function nameOfGrantee({ grantee }: PermissionJson, ofGroup: (name: string) => string): string {
  if (grantee.kind === "group") return ofGroup(grantee.name ?? "");
  return grantee.name ?? grantee.email ?? grantee.id ?? "";
}

/** @param day as a field for a date gives it, "2027-01-31" @returns its last moment where the user is; undefined for none */
export function endOfDay(day: string): string | undefined {
  if (day === "") return undefined;
  const [year = 0, month = 1, date = 1] = day.split("-").map(Number);
  return new Date(year, month - 1, date, 23, 59, 59, 999).toISOString();
}

/** What a field for a date shows of a moment. */
export function dayOf(at: string | null): string {
  if (at === null) return "";
  const time = new Date(at);
  const two = (value: number) => String(value).padStart(2, "0");
  return `${time.getFullYear()}-${two(time.getMonth() + 1)}-${two(time.getDate())}`;
}
