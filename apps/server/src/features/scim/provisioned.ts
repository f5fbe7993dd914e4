import { type GroupId, isId, type UserId } from "@holdfast/core/ids";
import { sql } from "kysely";
import { uuidArray } from "../../base/db/array-parameters.ts";
import type { UserRow } from "../../base/db/account-tables.ts";
import type { GroupRow } from "../../base/db/group-tables.ts";
import type { Shards } from "../../base/db/shards.ts";

export type SeenUser = UserRow & { readonly external_id: string | null };
export type SeenGroup = GroupRow & { readonly external_id: string | null };

/** Hides accounts that the identity system removed, unless an administrator enabled them again. */
const isSeen = sql<boolean>`not exists (
  select from shard.provisioned_accounts r where r.user_id = u.id and r.removed_at = u.disabled_at)`;

export async function readUsers(shards: Shards, ids: readonly UserId[]): Promise<SeenUser[]> {
  const byShard = Map.groupBy(ids, (id) => shards.ofId(id));
  const found = await Promise.all(
    [...byShard].map(([{ db }, some]) =>
      sql<SeenUser>`
        select u.*, p.external_id from shard.users u left join shard.provisioned_accounts p on p.user_id = u.id
        where u.id = any(${uuidArray(some)}) and ${isSeen}`.execute(db),
    ),
  );
  return found.flatMap(({ rows }) => rows).toSorted(byId);
}

export async function readGroups(shards: Shards, ids: readonly GroupId[]): Promise<SeenGroup[]> {
  const byShard = Map.groupBy(ids, (id) => shards.ofId(id));
  const found = await Promise.all(
    [...byShard].map(([{ db }, some]) =>
      sql<SeenGroup>`
        select g.*, p.external_id from shard.groups g left join shard.provisioned_groups p on p.group_id = g.id
        where g.id = any(${uuidArray(some)})`.execute(db),
    ),
  );
  return found.flatMap(({ rows }) => rows).toSorted(byId);
}

export interface Slice<Id> {
  readonly ids: Id[];
  readonly total: number;
}

/** Lists by id over all shards. Reads only ids before the slice. */
export function sliceUsers(shards: Shards, slice: { skip: number; take: number }): Promise<Slice<UserId>> {
  return sliceOf(shards, sql`shard.users u where ${isSeen}`, sql`u.id`, slice);
}

export function sliceGroups(shards: Shards, slice: { skip: number; take: number }): Promise<Slice<GroupId>> {
  return sliceOf(shards, sql`shard.groups g`, sql`g.id`, slice);
}

async function sliceOf<Id extends string>(
  shards: Shards,
  from: ReturnType<typeof sql>,
  id: ReturnType<typeof sql>,
  { skip, take }: { readonly skip: number; readonly take: number },
): Promise<Slice<Id>> {
  const all = shards.all();
  // One shard's database skips rows; with several, the rows before must be read.
  const [offset, limit] = all.length === 1 ? [skip, take] : [0, skip + take];
  const found = await Promise.all(
    all.map(async ({ db }) => {
      const counted = await sql<{ count: number }>`select count(*) as count from ${from}`.execute(db);
      const { rows } = await sql<{ id: Id }>`
        select ${id} as id from ${from} order by ${id} limit ${limit}::int8 offset ${offset}::int8`.execute(db);
      return { count: counted.rows[0]?.count ?? 0, ids: rows.map((row) => row.id) };
    }),
  );
  const ids = found.flatMap((each) => each.ids).toSorted();
  const total = found.reduce((sum, { count }) => sum + count, 0);
  return { ids: ids.slice(skip - offset, skip - offset + take), total };
}

/** Several accounts may have the same external id, which is indexed. */
export function usersCalled(shards: Shards, externalId: string, max: number): Promise<UserId[]> {
  return onAll<UserId>(
    shards,
    sql`select user_id as id from shard.provisioned_accounts where external_id = ${externalId} order by id limit ${max}`,
  );
}

export function groupsCalled(shards: Shards, externalId: string, max: number): Promise<GroupId[]> {
  return onAll<GroupId>(
    shards,
    sql`select group_id as id from shard.provisioned_groups where external_id = ${externalId} order by id limit ${max}`,
  );
}

/** Scans all groups, because there are few. */
export function groupsNamed(shards: Shards, name: string, max: number): Promise<GroupId[]> {
  return onAll<GroupId>(
    shards,
    sql`select id from shard.groups where lower(name) = lower(${name}) order by id limit ${max}`,
  );
}

async function onAll<Id extends string>(shards: Shards, query: ReturnType<typeof sql>): Promise<Id[]> {
  const found = await Promise.all(
    shards.all().map(({ db }) => (query as ReturnType<typeof sql<{ id: Id }>>).execute(db)),
  );
  return found.flatMap(({ rows }) => rows.map((row) => row.id)).toSorted();
}

/** Sets an existing account's external id; null removes it. */
export async function nameUser(shards: Shards, id: UserId, externalId: string | null): Promise<void> {
  await sql`
    insert into shard.provisioned_accounts (user_id, external_id)
    select id, ${externalId}::text from shard.users where id = ${id} for key share
    on conflict (user_id) do update set external_id = excluded.external_id`.execute(shards.ofId(id).db);
}

export async function nameGroup(shards: Shards, id: GroupId, externalId: string | null): Promise<void> {
  const { db } = shards.ofId(id);
  if (externalId === null) await sql`delete from shard.provisioned_groups where group_id = ${id}`.execute(db);
  else
    await sql`
      insert into shard.provisioned_groups (group_id, external_id)
      select id, ${externalId}::text from shard.groups where id = ${id} for key share
      on conflict (group_id) do update set external_id = excluded.external_id`.execute(db);
}

export function idOf<Id extends string>(text: string): Id | undefined {
  return isId(text) ? (text as Id) : undefined;
}

function byId(left: { readonly id: string }, right: { readonly id: string }): number {
  return left.id < right.id ? -1 : 1;
}
