import { HoldfastError } from "@holdfast/core/errors";
import { type GroupId, isId } from "@holdfast/core/ids";
import type { GroupJson } from "@holdfast/protocol/group-routes";
import { sql } from "kysely";
import type { AccountStore } from "../accounts/context/account-world.ts";
import { uuidArray } from "../../base/db/array-parameters.ts";
import type { GroupRole, GroupRow } from "../../base/db/group-tables.ts";
import type { Shard } from "../../base/db/shards.ts";
import { groupJson } from "./group-json.ts";
import type { GroupCaller } from "./group-rights.ts";

export interface PageRequest {
  readonly limit: number;
  readonly cursor?: string | undefined;
}

/** Lists the caller's groups, or all for an administrator, by id and so by creation. The cursor is the last id. */
export async function listGroups(
  { shards }: Pick<AccountStore, "shards">,
  caller: GroupCaller,
  { limit, cursor }: PageRequest,
): Promise<{ items: GroupJson[]; next_cursor: string | null }> {
  if (cursor !== undefined && !isId(cursor)) {
    throw new HoldfastError("bad_request", "The cursor is not from this list.", { field: "cursor" });
  }
  const roles = await rolesOf(shards.of(caller.bucket), caller);
  const after = cursor as GroupId | undefined;
  const pages = await Promise.all(
    shards
      .all()
      .map((shard) => readGroups(shard, { after, limit: limit + 1, ids: caller.administrates ? undefined : roles })),
  );
  const rows = pages.flat().toSorted((left, right) => (left.id < right.id ? -1 : 1));
  const items = rows.slice(0, limit).map((row) => groupJson({ ...row, role: roles.get(row.id) ?? null }));
  return { items, next_cursor: rows.length > limit ? (items.at(-1)?.id ?? null) : null };
}

async function rolesOf({ db }: Shard, { userId }: GroupCaller): Promise<ReadonlyMap<GroupId, GroupRole>> {
  const rows = await db
    .selectFrom("shard.memberships")
    .select(["group_id", "role"])
    .where("user_id", "=", userId)
    .execute();
  return new Map(rows.flatMap(({ group_id: id, role }) => (role === null ? [] : [[id, role]])));
}

interface GroupQuery {
  readonly after: GroupId | undefined;
  readonly limit: number;
  /** undefined: all. */
  readonly ids: ReadonlyMap<GroupId, unknown> | undefined;
}

function readGroups({ db }: Shard, { after, limit, ids }: GroupQuery): Promise<GroupRow[]> {
  const all = db.selectFrom("shard.groups").selectAll().orderBy("id").limit(limit);
  const own = ids === undefined ? all : all.where(sql<boolean>`id = any(${uuidArray([...ids.keys()])})`);
  return (after === undefined ? own : own.where("id", ">", after)).execute();
}
