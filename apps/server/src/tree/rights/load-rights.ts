import type { SpaceId } from "@holdfast/core/ids";
import { sql } from "kysely";
import { uuidKeys } from "../../base/db/array-parameters.ts";
import { keyed } from "../../base/db/database.ts";
import type { ShardReads } from "../../base/db/shard-tables.ts";
import type { ReadShard, ReadShards } from "../../base/db/shards.ts";
import { findHeld, type Givers, readChains, readGivers } from "./given-on.ts";
import { countedParts, type CountedRow, ofOwner, type Sought } from "./counted-grants.ts";
import { type LiveGrant, rightsOf, type SpaceRights } from "./space-rights.ts";

/**
 * Rights on a shard by space, from live rows. Excludes expired and disabled grants, suspended owners, and re-shared
 * grants whose giver may no longer share. Includes only the effective grant of the owner at each node.
 */
export async function loadRights(
  shards: ReadShards,
  { db }: ReadShard,
  sought: Sought,
): Promise<ReadonlyMap<SpaceId, SpaceRights>> {
  const { rows } = await sql<CountedRow>`with ${countedParts(sought)} select * from counted ${keyed}`.execute(db);
  return countRights(shards, db, rows, sought);
}

/** Rights from counted rows without lapsed ones. Needs no statement without re-shared grants. */
export async function countRights(
  shards: ReadShards,
  db: ShardReads,
  rows: readonly CountedRow[],
  sought: Pick<Sought, "despiteSuspension">,
): Promise<ReadonlyMap<SpaceId, SpaceRights>> {
  const givenOn = rows.flatMap((row) => row.given_on?.flat() ?? []);
  const held = await dropLapsed(shards, db, givenOn, sought);
  const bySpace = Map.groupBy(held, (grant) => grant.space_id);
  return new Map(rows.map((row) => [row.space_id, rightsOf([...ofOwner(row), ...(bySpace.get(row.space_id) ?? [])])]));
}

/** Same for many users in one space, each with its grantees, in their order. */
export async function loadRightsOfEach(
  shards: ReadShards,
  spaceId: SpaceId,
  each: readonly (readonly string[])[],
): Promise<readonly SpaceRights[]> {
  const { db } = shards.ofId(spaceId);
  const grants = await readGrants(db, { grantees: [...new Set(each.flat())], spaceId });
  const byGrantee = Map.groupBy(await dropLapsed(shards, db, grants), (row) => row.grantee_id);
  return each.map((grantees) => rightsOf(grantees.flatMap((id) => byGrantee.get(id) ?? [])));
}

/** Same in one space under its lock, without other shards. @param givers result of `loadGivers` before the lock */
export async function loadLockedRights(
  reader: ShardReads,
  spaceId: SpaceId,
  { grantees, givers }: { readonly grantees: readonly string[]; readonly givers: Givers | undefined },
): Promise<SpaceRights> {
  const rows = await readGrants(reader, { grantees, spaceId });
  const chains = await readChains(reader, rows);
  const held = await findHeld(reader, chains, givers ?? new Map());
  return rightsOf(rows.filter(({ id, via }) => via === null || held.has(id)));
}

/** Givers of re-shared grants in the space. One statement without such grants. */
export async function loadGivers(shards: ReadShards, spaceId: SpaceId, grantees: readonly string[]): Promise<Givers> {
  const { db } = shards.ofId(spaceId);
  return readGivers(shards, await readChains(db, await readGrants(db, { grantees, spaceId, givenOn: true })));
}

/** Removes re-shared grants whose giver may no longer share. Needs no statement without such grants. */
export async function dropLapsed<Grant extends LiveGrant>(
  shards: ReadShards,
  db: ShardReads,
  grants: readonly Grant[],
  options: Pick<Sought, "despiteSuspension"> = {},
): Promise<readonly Grant[]> {
  if (grants.every(({ via }) => via === null)) return grants;
  const chains = await readChains(db, grants);
  const held = await findHeld(db, chains, await readGivers(shards, chains, options));
  // A grant removed since the read is in no chain.
  return grants.filter(({ id, via }) => via === null || held.has(id));
}

/** A grant behind an app password lasts as long as the password, even during a request. Index: tokens_grant. */
const isHeldOpen = sql<boolean>`(kind <> 'link' or secret_hash is not null or exists (
  select from shard.tokens t where t.grant_id = grants.id
    and (t.expires_at is null or t.expires_at > (extract(epoch from clock_timestamp()) * 1000000)::int8)))`;

/** Live grants of these grantees, including lapsed re-shared ones. Index: grants_grantee. */
export async function readGrants(
  db: ShardReads,
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
