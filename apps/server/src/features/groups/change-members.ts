import { HoldfastError } from "@holdfast/core/errors";
import { type GroupId, isId, type UserId } from "@holdfast/core/ids";
import { limits } from "@holdfast/core/limits";
import { sql } from "kysely";
import { assertMayBind, assertMayJoin, assertUnboundBy } from "../accounts/proof/change-access-rules.ts";
import type { AccountStore } from "../accounts/context/account-world.ts";
import { findUser, findUserByEmail } from "../accounts/context/directory.ts";
import { neededSignedIn } from "../accounts/callers/signed-in-only.ts";
import type { UserRow } from "../../base/db/account-tables.ts";
import { inTransaction } from "../../base/db/database.ts";
import type { GroupRole } from "../../base/db/group-tables.ts";
import type { ShardQueries } from "../../base/db/shard-tables.ts";
import { enqueueMembership, type GroupWorld, deliverMembershipNow } from "./group-messages.ts";
import { doOnce, type Key } from "../../tree/commit/do-once.ts";
import {
  assertManages,
  assertNotLimitedBy,
  type GroupCaller,
  lockManaged,
  readGroupId,
  seeGroup,
  type SeenGroup,
} from "./group-rights.ts";
import { type MemberJson, memberJson } from "./list-members.ts";

interface MemberRequest {
  readonly groupId: string;
  /** Administrators may add a member by address. */
  readonly userId: string;
}

/**
 * Adds a member or changes its role, effective from the member's next request.
 * @param request.address the caller's address, which the group's access rule must allow if callers add themselves
 * @throws HoldfastError not_found for a group or user (also a suspended one), forbidden, conflict if there are too many
 */
export async function setMember(
  world: GroupWorld,
  caller: GroupCaller,
  request: MemberRequest & { role: GroupRole; readonly address?: string | undefined },
  key: Key = {},
): Promise<MemberJson> {
  const groupId = readGroupId(request.groupId);
  const { role } = request;
  const { db } = world.shards.ofId(groupId);
  assertManages(caller, await seeGroup(db, caller, groupId));
  const user = await findMemberToBe(world, caller, request.userId);
  assertNotByToken(caller, role);
  if (user.id === caller.userId) await assertMayJoin(world, groupId, request.address);
  await assertRoomFor(world, user.id, groupId);
  const once = { ...key, about: groupId, userId: caller.userId, nowMicros: world.clock.nowMicros() };
  const answer = await inTransaction(db, (transaction) =>
    doOnce(transaction, once, async () => {
      const group = await lockManaged(transaction, caller, groupId);
      if (user.admin && (user.id !== caller.userId || caller.byToken === true))
        await assertMayBind(transaction, groupId, caller);
      await changeRole(transaction, group, user.id, role);
      return memberJson(user, role);
    }),
  );
  await deliverMembershipNow(world, groupId, user.id);
  return answer;
}

/** The membership would outlast a stolen token. @throws HoldfastError forbidden */
function assertNotByToken(caller: GroupCaller, role: GroupRole): void {
  if (caller.byToken !== true) return;
  if (!caller.administrates) throw neededSignedIn("cannot add a member to a group");
  if (role === "manager") throw neededSignedIn("cannot make a member a manager of a group");
}

/**
 * @throws HoldfastError not_found for group or member; forbidden, also for a token if the group has an access rule,
 * proof_required in that case, and if the member would gain rights
 */
export async function removeMember(
  world: GroupWorld,
  caller: GroupCaller,
  request: MemberRequest,
  key: Key = {},
): Promise<void> {
  const groupId = readGroupId(request.groupId);
  const userId = readUserId(request.userId);
  const once = { ...key, about: groupId, userId: caller.userId, nowMicros: world.clock.nowMicros() };
  if (userId === caller.userId) await assertNotLimitedBy(world.shards, caller, groupId);
  await inTransaction(world.shards.ofId(groupId).db, (transaction) =>
    doOnce(transaction, once, async () => {
      const group = await lockManaged(transaction, caller, groupId);
      await assertUnboundBy(transaction, groupId, caller);
      if (!(await changeRole(transaction, group, userId, null))) {
        throw new HoldfastError("not_found", "This account is not a member of this group.");
      }
    }),
  );
  await deliverMembershipNow(world, groupId, userId);
}

/** Requires the lock of the group's row. @returns true if something changed */
async function changeRole(
  transaction: ShardQueries,
  group: SeenGroup,
  userId: UserId,
  role: GroupRole | null,
): Promise<boolean> {
  const { id } = group;
  const { rows } = await sql<{ role: GroupRole }>`
    select role from shard.group_members where group_id = ${id} and user_id = ${userId}`.execute(transaction);
  const before = rows[0]?.role ?? null;
  if (before === role) return false;
  const added = (role === null ? 0 : 1) - (before === null ? 0 : 1);
  if (group.member_count + added > limits.groupMembersMax) {
    throw new HoldfastError("conflict", `A group has at most ${limits.groupMembersMax} members. Remove some first.`);
  }
  await (
    role === null
      ? sql`delete from shard.group_members where group_id = ${id} and user_id = ${userId}`
      : sql`insert into shard.group_members (group_id, user_id, role) values (${id}, ${userId}, ${role})
        on conflict (group_id, user_id) do update set role = excluded.role`
  ).execute(transaction);
  await sql`update shard.groups set changes = changes + 1, member_count = member_count + ${added} where id = ${id}`.execute(
    transaction,
  );
  await enqueueMembership(transaction, id, userId);
  return true;
}

/** Administrators see all addresses, so they may use one. */
async function findMemberToBe({ shards }: AccountStore, caller: GroupCaller, text: string): Promise<UserRow> {
  const isAddress = caller.administrates && text.includes("@");
  const user = await (isAddress ? findUserByEmail(shards, text) : findUser(shards, readUserId(text)));
  if (user === undefined || user.disabled_at !== null) throw noUser();
  return user;
}

/** Memberships are on the account's shard, so concurrent groups may exceed the limit by one. */
async function assertRoomFor({ shards }: AccountStore, userId: UserId, groupId: GroupId): Promise<void> {
  const { rows } = await sql<{ count: number }>`
    select count(*) as count from shard.memberships
    where user_id = ${userId} and role is not null and group_id <> ${groupId}`.execute(shards.ofId(userId).db);
  if ((rows[0]?.count ?? 0) < limits.groupsOfAccountMax) return;
  throw new HoldfastError("conflict", `An account is in at most ${limits.groupsOfAccountMax} groups.`, {
    field: "user_id",
  });
}

function readUserId(text: string): UserId {
  if (isId(text)) return text as UserId;
  throw noUser();
}

function noUser(): HoldfastError {
  return new HoldfastError("not_found", "There is no such user.");
}
