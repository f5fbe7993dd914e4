import assert from "node:assert/strict";
import type { RouteName } from "@holdfast/protocol/routes";
import { type Fixture, id, plain, type Row } from "./authorisation-rows.ts";
import type { Api } from "./testing.ts";

export const groupRows = {
  findPeople: { request: () => ({ query: { q: "owner" } }), stranger: "own", owner: [200] },
  createGroup: { request: () => ({ body: { name: "made" } }), stranger: "403", owner: [403] },
  listGroups: { request: plain, stranger: "own", owner: [200] },
  updateGroup: {
    request: (f) => ({ path: { id: f.group }, body: { name: "renamed" } }),
    stranger: "404",
    owner: [200],
  },
  listGroupMembers: { request: id("group"), stranger: "404", owner: [200] },
  setGroupMember: {
    request: (f) => ({ path: { id: f.group, user_id: f.member }, body: { role: "manager" } }),
    stranger: "404",
    owner: [200],
  },
  removeGroupMember: {
    request: (f) => ({ path: { id: f.group, user_id: f.member } }),
    stranger: "404",
    owner: [204],
  },
  deleteGroup: { request: id("group"), stranger: "404", owner: [204] },
} satisfies { readonly [Name in RouteName]?: Row };

export async function makeGroup(admin: Api, owner: Api): Promise<Pick<Fixture, "group" | "member">> {
  const group = (await admin.call("POST", "/groups", { name: "secret group" })).body.id;
  const [member, manager] = [admin, owner].map((api) => api.call("GET", "/account").then(({ body }) => body.id));
  for (const [user, role] of [
    [await member, "member"],
    [await manager, "manager"],
  ])
    assert.equal((await admin.call("PUT", `/groups/${group}/members/${user}`, { role })).status, 200);
  return { group, member: await member };
}
