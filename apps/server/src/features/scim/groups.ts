import { HoldfastError } from "@holdfast/core/errors";
import { formatTime } from "@holdfast/core/times";
import { bucketOf, type GroupId, type UserId } from "@holdfast/core/ids";
import { limits } from "@holdfast/core/limits";
import { isByToken } from "../accounts/callers/signed-in-only.ts";
import { createGroup, deleteGroup, updateGroup } from "../groups/change-groups.ts";
import { assertMayBind } from "../accounts/proof/change-access-rules.ts";
import { removeMember, setMember } from "../groups/change-members.ts";
import type { GroupCaller } from "../groups/group-rights.ts";
import { listMembers, type MemberJson } from "../groups/list-members.ts";
import { groupSchema, listAnswer, windowOf } from "./list-answer.ts";
import {
  groupsCalled,
  groupsNamed,
  idOf,
  nameGroup,
  readGroups,
  readUsers,
  type SeenGroup,
  sliceGroups,
} from "./provisioned.ts";
import { type Filter, readFilter } from "./read-filter.ts";
import type { GroupWish } from "./read-group.ts";
import { noSuch, refusal } from "./scim-refusal.ts";
import type { ListQuery, ScimCall, ScimWorld } from "./scim-world.ts";

/** @throws HoldfastError with invalidValue for an unknown member; then nothing is created */
export async function createScimGroup(world: ScimWorld, call: ScimCall, wish: GroupWish): Promise<object> {
  const members = [...(wish.members ?? [])];
  await assertUsers(world, members);
  const made = await createGroup(world, groupCaller(call), wish.displayName ?? "");
  const id = made.id as GroupId;
  // After a crash from here on, the client finds the group by name and sends the rest.
  if (wish.externalId !== undefined) await nameGroup(world.shards, id, wish.externalId);
  noteMembers(call, [], members);
  await addMembers(world, call, id, members);
  return groupJson(world, call, await seeGroup(world, id), {});
}

export async function getScimGroup(world: ScimWorld, call: ScimCall, id: string, query: ListQuery): Promise<object> {
  return groupJson(world, call, await seeGroup(world, id), query);
}

const filtered = ["displayName", "externalId", "id"] as const;

/**
 * Lists groups. A page is shorter if its groups have many members, as RFC 7644 allows; the next begins where it ended.
 */
export async function listScimGroups(world: ScimWorld, call: ScimCall, query: ListQuery): Promise<object> {
  const { shards } = world;
  const window = windowOf(query);
  const ids = query.filter === undefined ? undefined : await lookUp(world, readFilter(query.filter, filtered));
  const slice = ids === undefined ? await sliceGroups(shards, window) : undefined;
  const listed = slice?.ids ?? ids?.slice(window.skip, window.skip + window.take) ?? [];
  const shown: object[] = [];
  let members = 0;
  for (const group of await readGroups(shards, listed)) {
    members += showsMembers(query) ? group.member_count : 0;
    if (shown.length > 0 && members > limits.scimMembersShownMax) break;
    shown.push(await groupJson(world, call, group, query));
  }
  await call.owe(Math.floor(members / 1000));
  return listAnswer(shown, slice?.total ?? ids?.length ?? 0, window);
}

const foundMax = 200;

async function lookUp({ shards }: ScimWorld, { attribute, value }: Filter<(typeof filtered)[number]>) {
  if (!value.isWellFormed() || value.includes("\0")) return [];
  if (attribute === "displayName") return groupsNamed(shards, value, foundMax);
  if (attribute === "externalId") return groupsCalled(shards, value, foundMax);
  const id = idOf<GroupId>(value);
  return id === undefined ? [] : (await readGroups(shards, [id])).map((group) => group.id);
}

/**
 * Removes members before it adds others. If the token may not remove members, nothing changes.
 * @throws HoldfastError not_found, forbidden for members of a group with an access rule
 */
export async function changeScimGroup(world: ScimWorld, call: ScimCall, id: string, wish: GroupWish): Promise<void> {
  const group = await seeGroup(world, id);
  const before = await memberIds(world, group.id);
  const after = (wish.members ?? before).union(wish.added).difference(wish.removed);
  const [left, come] = [before.difference(after), [...after.difference(before)]];
  const changed = left.size + come.length;
  if (changed > limits.scimMembersChangedMax) {
    throw refusal("tooMany", `One request can change at most ${limits.scimMembersChangedMax} members.`);
  }
  noteMembers(call, [...left], come);
  if (await assertUsers(world, come)) await assertMayBind(world.shards.ofId(group.id).db, group.id, groupCaller(call));
  for (const userId of left) await unlessGone(removeMember(world, groupCaller(call), { groupId: group.id, userId }));
  await addMembers(world, call, group.id, come);
  if (wish.displayName !== undefined && wish.displayName !== group.name) {
    await updateGroup(world, groupCaller(call), group.id, { name: wish.displayName });
  }
  if (wish.externalId !== undefined && wish.externalId !== group.external_id) {
    await nameGroup(world.shards, group.id, wish.externalId);
  }
  await call.owe(changed);
}

/** @throws HoldfastError not_found, forbidden for a group with an access rule */
export async function deleteScimGroup(world: ScimWorld, call: ScimCall, id: string): Promise<void> {
  await deleteGroup(world, groupCaller(call), (await seeGroup(world, id)).id);
}

/** Audits members like single changes, but only the first of many. */
function noteMembers({ note }: ScimCall, removed: readonly UserId[], added: readonly UserId[]): void {
  const first = (ids: readonly UserId[]) => (ids.length === 0 ? undefined : ids.slice(0, 100));
  const count = removed.length + added.length;
  if (count > 0) note({ count, detail: { added: first(added), removed: first(removed) } });
}

/** Existing members keep their role, such as manager. */
async function addMembers(world: ScimWorld, call: ScimCall, groupId: GroupId, ids: readonly UserId[]): Promise<void> {
  for (const userId of ids) await setMember(world, groupCaller(call), { groupId, userId, role: "member" });
}

/** @returns true if an administrator is among them */
async function assertUsers({ shards }: ScimWorld, ids: readonly UserId[]): Promise<boolean> {
  if (ids.length > limits.scimMembersChangedMax) {
    throw refusal("tooMany", `One request can change at most ${limits.scimMembersChangedMax} members.`);
  }
  const active = (await readUsers(shards, ids)).filter((user) => user.disabled_at === null);
  const known = new Set(active.map((user) => user.id));
  const missing = ids.find((id) => !known.has(id));
  if (missing !== undefined)
    throw refusal("invalidValue", `members: ${missing} is not a user on this server, or is suspended.`);
  return active.some((user) => user.admin);
}

async function memberIds({ shards }: ScimWorld, groupId: GroupId): Promise<ReadonlySet<UserId>> {
  const rows = await shards
    .ofId(groupId)
    .db.selectFrom("shard.group_members")
    .select("user_id")
    .where("group_id", "=", groupId)
    .execute();
  return new Set(rows.map((row) => row.user_id));
}

async function unlessGone(removing: Promise<void>): Promise<void> {
  try {
    await removing;
  } catch (error) {
    if (!(error instanceof HoldfastError && error.code === "not_found")) throw error;
  }
}

async function seeGroup({ shards }: ScimWorld, text: string): Promise<SeenGroup> {
  const id = idOf<GroupId>(text);
  const [group] = id === undefined ? [] : await readGroups(shards, [id]);
  if (group === undefined) throw noSuch("group");
  return group;
}

function groupCaller({ caller }: ScimCall): GroupCaller {
  const { userId, spaceId } = caller;
  return { userId, spaceId, bucket: bucketOf(userId), administrates: true, byToken: isByToken(caller) };
}

function showsMembers({ excludedAttributes = "" }: ListQuery): boolean {
  return !excludedAttributes.split(",").some((name) => name.trim().toLowerCase() === "members");
}

async function groupJson(world: ScimWorld, call: ScimCall, group: SeenGroup, query: ListQuery): Promise<object> {
  const { id, name, external_id: externalId, created_at: createdAt } = group;
  const base = `${call.publicUrl}/scim/v2`;
  const members = showsMembers(query) ? await allMembers(world, call, id) : undefined;
  return {
    schemas: [groupSchema],
    id,
    ...(externalId === null ? {} : { externalId }),
    displayName: name,
    ...(members === undefined
      ? {}
      : {
          members: members.map(({ user_id: userId, name: display }) => ({
            value: userId,
            display,
            type: "User",
            $ref: `${base}/Users/${userId}`,
          })),
        }),
    meta: { resourceType: "Group", created: formatTime(createdAt), location: `${base}/Groups/${id}` },
  };
}

async function allMembers(world: ScimWorld, call: ScimCall, id: GroupId): Promise<MemberJson[]> {
  const members: MemberJson[] = [];
  let cursor: string | undefined;
  do {
    const page = await listMembers(world, groupCaller(call), id, { limit: limits.listItemsMax, cursor });
    members.push(...page.items);
    cursor = page.next_cursor ?? undefined;
  } while (cursor !== undefined);
  return members;
}
