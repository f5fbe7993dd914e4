import type { SpaceId } from "@holdfast/core/ids";
import { type Kysely, sql } from "kysely";
import { uuidKeys } from "../db/array-parameters.ts";
import { keyed } from "../db/database.ts";
import type { ShardTables } from "../db/shard-tables.ts";
import type { Shard, Shards } from "../db/shards.ts";
import { findHeld, type Givers, readGivers, readHands } from "./given-on.ts";
import { countedParts, type CountedRow, ofOwner, type Sought } from "./counted-grants.ts";
import { type LiveGrant, rightsOf, type SpaceRights } from "./space-rights.ts";

/**
 * All that somebody was given on a shard, by space, from live rows: nothing that has expired or was disabled, nothing of an owner who is
 * suspended, and nothing that somebody gave on who may not do so any more. What the owner gave comes as what counts of it at each node.
 */
export async function loadRights(
  shards: Shards,
  { db }: Shard,
  sought: Sought,
): Promise<ReadonlyMap<SpaceId, SpaceRights>> {
  const { rows } = await sql<CountedRow>`with ${countedParts(sought)} select * from counted ${keyed}`.execute(db);
  return countRights(shards, db, rows, sought);
}

/** What rows of what counts say, without what has lapsed. No statement where nothing was given on. */
export async function countRights(
  shards: Shards,
  db: Kysely<ShardTables>,
  rows: readonly CountedRow[],
  sought: Pick<Sought, "despiteSuspension">,
): Promise<ReadonlyMap<SpaceId, SpaceRights>> {
  const givenOn = rows.flatMap((row) => row.given_on?.flat() ?? []);
  const held = await dropLapsed(shards, db, givenOn, sought);
  const bySpace = Map.groupBy(held, (grant) => grant.space_id);
  return new Map(rows.map((row) => [row.space_id, rightsOf([...ofOwner(row), ...(bySpace.get(row.space_id) ?? [])])]));
}

/** The same in one space for many at once, each with the grantees that mean it, in their order. */
export async function loadRightsOfEach(
  shards: Shards,
  spaceId: SpaceId,
  each: readonly (readonly string[])[],
): Promise<readonly SpaceRights[]> {
  const { db } = shards.ofId(spaceId);
  const grants = await readGrants(db, { grantees: [...new Set(each.flat())], spaceId });
  const byGrantee = Map.groupBy(await dropLapsed(shards, db, grants), (row) => row.grantee_id);
  return each.map((grantees) => rightsOf(grantees.flatMap((id) => byGrantee.get(id) ?? [])));
}

/**
 * The same in one space, under its lock, where no other shard is asked.
 * @param givers as `loadGivers` has read them before the lock
 */
export async function loadLockedRights(
  reader: Kysely<ShardTables>,
  spaceId: SpaceId,
  { grantees, givers }: { readonly grantees: readonly string[]; readonly givers: Givers | undefined },
): Promise<SpaceRights> {
  const rows = await readGrants(reader, { grantees, spaceId });
  const hands = await readHands(reader, rows);
  const held = await findHeld(reader, hands, givers ?? new Map());
  return rightsOf(rows.filter(({ id, via }) => via === null || held.has(id)));
}

/** Of what was given on to somebody in the space, whoever's right it depends on. One statement where nothing was. */
export async function loadGivers(shards: Shards, spaceId: SpaceId, grantees: readonly string[]): Promise<Givers> {
  const { db } = shards.ofId(spaceId);
  return readGivers(shards, await readHands(db, await readGrants(db, { grantees, spaceId, givenOn: true })));
}

/** The same grants without those that were given on by who may not do so any more. No statement where nothing was given on. */
export async function dropLapsed<Grant extends LiveGrant>(
  shards: Shards,
  db: Kysely<ShardTables>,
  grants: readonly Grant[],
  options: Pick<Sought, "despiteSuspension"> = {},
): Promise<readonly Grant[]> {
  if (grants.every(({ via }) => via === null)) return grants;
  const hands = await readHands(db, grants);
  const held = await findHeld(db, hands, await readGivers(shards, hands, options));
  // What was taken away since the grants were read is among no hands.
  return grants.filter(({ id, via }) => via === null || held.has(id));
}

/** What holds an app password in its folder lasts as long as the password, also for a request that is under way when that ends. By tokens_grant. */
const isHeldOpen = sql<boolean>`(kind <> 'link' or secret_hash is not null or exists (
  select from shard.tokens t where t.grant_id = grants.id
    and (t.expires_at is null or t.expires_at > (extract(epoch from clock_timestamp()) * 1000000)::int8)))`;

/** The live grants of these grantees one by one, also those that were given on by who may not do so any more. By grants_grantee. */
export async function readGrants(
  db: Kysely<ShardTables>,
  { grantees, spaceId, despiteSuspension = false, givenOn = false }: Sought & { readonly givenOn?: boolean },
): Promise<LiveGrant[]> {
  const { rows } = await sql<LiveGrant>`
    with given as materialized (
      select space_id, id, node_id, kind, grantee_id, role, via, created_by, created_at from shard.grants
      where grantee_id = any(${uuidKeys(grantees)}) ${spaceId === undefined ? sql`` : sql`and space_id = ${spaceId}`}
        and (expires_at is null or expires_at > (extract(epoch from clock_timestamp()) * 1000000)::int8)
        and disabled_at is null and ${isHeldOpen} ${givenOn ? sql`and via is not null` : sql``}
    ), live as materialized (
      select s.id from (select distinct space_id from given) of_given cross join lateral (
        select s.id from shard.spaces s left join shard.users u on u.id = s.owner_id
        where s.id = of_given.space_id ${despiteSuspension ? sql`` : sql`and u.disabled_at is null`} offset 0) s
    )
    select given.* from given join live on live.id = given.space_id ${keyed}`.execute(db);
  return rows;
}
