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

/** By exact address, and by name where the server lets people be found so. */
export function peopleFor({ client }: Drive, text: string) {
  return queryOptions({
    queryKey: ["people", text],
    enabled: text.trim().length > 1,
    queryFn: async ({ signal }) => {
      // Whoever goes on typing asks for something else, and the server lets nobody look through all people.
      await wait(pauseMs, signal);
      return (await client.call("findPeople", { query: { q: text.trim() }, signal })).items;
    },
  });
}

const pauseMs = 250;

type Grantee = { readonly email: string } | { readonly group_id: string };

/** @returns whom the text means: a group by its name, else an address; undefined for what is neither */
export function granteeOf(text: string, groups: readonly GroupJson[]): Grantee | undefined {
  const wanted = text.trim();
  const group = groups.find(({ name }) => name.toLocaleLowerCase() === wanted.toLocaleLowerCase());
  if (group !== undefined) return { group_id: group.id };
  return /^[^\s@]+@[^\s@]+$/.test(wanted) ? { email: wanted } : undefined;
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
