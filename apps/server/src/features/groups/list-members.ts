import { HoldfastError } from "@holdfast/core/errors";
import { isId, type UserId } from "@holdfast/core/ids";
import type { groupMember as memberSchema } from "@holdfast/protocol/group-routes";
import type { z } from "zod";
import type { AccountStore } from "../accounts/context/account-world.ts";
import { findPersons, type Person } from "../accounts/people/find-persons.ts";
import type { GroupRole } from "../../base/db/group-tables.ts";
import { type GroupCaller, readGroupId, seeGroup } from "./group-rights.ts";
import type { PageRequest } from "./list-groups.ts";

export type MemberJson = z.output<typeof memberSchema>;

/**
 * Lists members by id; the cursor is the last one. Only managers and administrators see suspended accounts, so a page
 * may be shorter.
 * @throws HoldfastError not_found, bad_request for an invalid cursor
 */
export async function listMembers(
  { shards }: Pick<AccountStore, "shards">,
  caller: GroupCaller,
  groupIdText: string,
  { limit, cursor }: PageRequest,
): Promise<{ items: MemberJson[]; next_cursor: string | null }> {
  if (cursor !== undefined && !isId(cursor)) {
    throw new HoldfastError("bad_request", "The cursor is not from this list.", { field: "cursor" });
  }
  const groupId = readGroupId(groupIdText);
  const { db } = shards.ofId(groupId);
  const group = await seeGroup(db, caller, groupId);
  const all = db.selectFrom("shard.group_members").select(["user_id", "role"]).where("group_id", "=", groupId);
  const asked = cursor === undefined ? all : all.where("user_id", ">", cursor as UserId);
  const rows = await asked
    .orderBy("user_id")
    .limit(limit + 1)
    .execute();
  const shown = rows.slice(0, limit);
  const persons = await findPersons(
    shards,
    shown.map((row) => row.user_id),
  );
  const seesAll = caller.administrates || group.role === "manager";
  const items = shown.flatMap(({ user_id: id, role }) => {
    const person = persons.get(id);
    return person === undefined || (person.disabled_at !== null && !seesAll) ? [] : [memberJson(person, role)];
  });
  return { items, next_cursor: rows.length > limit ? (shown.at(-1)?.user_id ?? null) : null };
}

export function memberJson(person: Person, role: GroupRole): MemberJson {
  const { id, name, email, disabled_at: disabledAt } = person;
  return { user_id: id, name, email, role, disabled: disabledAt !== null };
}
