import { limits } from "@holdfast/core/limits";
import { queryOptions } from "@tanstack/react-query";
import { wait } from "../browser/wait.ts";
import type { Drive } from "./drive.ts";

/** A person to mention. The address is missing for people who are known only from comments. */
export interface Reader {
  readonly id: string;
  readonly name: string;
  readonly email?: string | undefined;
}

export function ownGroups({ client }: Drive) {
  return queryOptions({
    queryKey: ["groups"],
    queryFn: async ({ signal }) =>
      (await client.call("listGroups", { query: { limit: limits.listItemsMax }, signal })).items,
  });
}

export function peopleFor({ client }: Drive, text: string) {
  const wanted = text.trim();
  const isByAddress = wanted.includes("@");
  return queryOptions({
    queryKey: ["people", wanted],
    // The server counts addresses without an account, so incomplete ones are not sent.
    enabled: isByAddress ? /^[^\s@,;<>]+@[^\s@,;<>]+\.[^\s@,;<>.]{2,}$/.test(wanted) : wanted.length > 1,
    queryFn: async ({ signal }) => {
      await wait(isByAddress ? addressPauseMs : pauseMs, signal);
      return (await client.call("findPeople", { query: { q: wanted }, signal })).items;
    },
  });
}

const pauseMs = 250;
const addressPauseMs = 800;

/**
 * People who can read an item by its permissions or those of the folders above it. Of groups, only the viewer's own
 * groups list their members. The owner is missing. Requires the right to share.
 */
export function readersOf({ client }: Drive, nodeId: string) {
  return queryOptions({
    // Begins with the key of `permissionsOf`, so a change of a permission refreshes both.
    queryKey: ["permissions", nodeId, "readers"],
    queryFn: async ({ signal }): Promise<readonly Reader[]> => {
      const { items } = await client.call("listPermissions", { params: { id: nodeId }, signal });
      const grantees = items.flatMap(({ role, grantee }) => (role === "uploader" ? [] : [grantee]));
      const people = grantees.flatMap(({ kind, id, name, email }) =>
        kind === "user" && id !== undefined ? [{ id, name: name || (email ?? ""), email }] : [],
      );
      const groupIds = new Set(grantees.flatMap(({ kind, id }) => (kind === "group" && id !== undefined ? [id] : [])));
      if (groupIds.size === 0) return people;
      const query = { limit: limits.listItemsMax };
      const { items: groups } = await client.call("listGroups", { query, signal });
      const members = await Promise.all(
        groups
          .filter(({ id }) => groupIds.has(id))
          .map(({ id }) => client.call("listGroupMembers", { params: { id }, query, signal })),
      );
      return [...people, ...members.flatMap((page) => page.items.flatMap(enabledMember))];
    },
  });
}

interface Member {
  readonly user_id: string;
  readonly name: string;
  readonly email: string;
  readonly disabled: boolean;
}

function enabledMember({ user_id: id, name, email, disabled }: Member): Reader[] {
  return disabled ? [] : [{ id, name: name || email, email }];
}

const sharedPageItems = 200;

/** The owner of an item that is itself shared with the account; null if it is not. */
export function ownerOf({ client }: Drive, id: string) {
  return queryOptions({
    queryKey: ["owner", id],
    queryFn: async ({ signal }) => {
      let cursor: string | undefined;
      do {
        const query = { limit: sharedPageItems, cursor };
        const { items, next_cursor: next } = await client.call("listSharedWithMe", { query, signal });
        const found = items.find(({ node }) => node.id === id);
        if (found !== undefined) return found.owner;
        cursor = next ?? undefined;
      } while (cursor !== undefined);
      return null;
    },
  });
}
