import type { GrantId, NodeId, SpaceId, UserId } from "@holdfast/core/ids";
import { sql } from "kysely";
import { uuidArray } from "../../base/db/array-parameters.ts";
import type { ShardReads } from "../../base/db/shard-tables.ts";
import type { ReadShards } from "../../base/db/shards.ts";
import { type Role, roleCovers, roleMay } from "./roles.ts";
import { type LiveGrant, rightsOf, type SpaceRights } from "./space-rights.ts";

/**
 * Ids that grants may name, for each user who re-shared. Suspended users are missing. Read separately, from those
 * users' own shards.
 */
export type Givers = ReadonlyMap<UserId, readonly string[]>;

/**
 * Re-shared grants with their chain of origin up to an owner's grant, without expired ones. Needs at most one
 * statement, and none without re-shared grants. Index: primary key.
 */
export async function readChains(db: ShardReads, grants: readonly LiveGrant[]): Promise<LiveGrant[]> {
  const given = grants.filter(({ via }) => via !== null);
  if (given.length === 0) return [];
  const columns = sql`space_id, id, node_id, kind, grantee_id, role, via, created_by, created_at`;
  const isLive = sql`disabled_at is null
    and (expires_at is null or expires_at > (extract(epoch from clock_timestamp()) * 1000000)::int8)`;
  const { rows } = await sql<LiveGrant>`
    with recursive hand as (
      select g.* from unnest(${uuidArray(given.map(({ space_id }) => space_id))},
        ${uuidArray(given.map(({ id }) => id))}) as asked (space_id, id)
      cross join lateral (
        select ${columns} from shard.grants where space_id = asked.space_id and id = asked.id and ${isLive} offset 0) g
      union
      select g.* from hand cross join lateral (
        select ${columns} from shard.grants where space_id = hand.space_id and id = hand.via and ${isLive} offset 0) g
    )
    select * from hand`.execute(db);
  return rows;
}

/** One statement for each shard. Index: primary keys. */
export async function readGivers(
  shards: ReadShards,
  chains: readonly LiveGrant[],
  { despiteSuspension = false }: { readonly despiteSuspension?: boolean | undefined } = {},
): Promise<Givers> {
  const ids = new Set(chains.flatMap(({ via, created_by }) => (via === null ? [] : [created_by])));
  const givers = new Map<UserId, readonly string[]>();
  for (const [shard, some] of Map.groupBy(ids, (id) => shards.ofId(id))) {
    const { rows } = await sql<{ id: UserId; group_ids: string[] }>`
      select u.id, array(
        select m.group_id from shard.memberships m where m.user_id = u.id and m.role is not null) as group_ids
      from shard.users u where u.id = any(${uuidArray(some)})
        ${despiteSuspension ? sql`` : sql`and u.disabled_at is null`}`.execute(shard.db);
    for (const row of rows) givers.set(row.id, [row.id, ...row.group_ids]);
  }
  return givers;
}

/**
 * Valid grants of these. The giver must still be allowed to share there, without a lower right that is nearer or
 * personal, or anywhere below. Each earlier giver in the chain must be valid too. Only grants of the owner reduce
 * rights, never those of an editor.
 */
export async function findHeld(
  db: ShardReads,
  chains: readonly LiveGrant[],
  givers: Givers,
): Promise<ReadonlySet<GrantId>> {
  if (chains.length === 0) return new Set();
  const byId = new Map(chains.map((grant) => [grant.id, grant]));
  const ofOwners = await readOfOwners(db, chains, givers);
  const ways = await readWaysUp(db, [...chains, ...ofOwners]);
  const known = new Map<GrantId, boolean>();
  const holds = (grant: LiveGrant): boolean => {
    if (grant.via === null) return true;
    const before = known.get(grant.id);
    if (before !== undefined) return before;
    const via = byId.get(grant.via);
    const isHeld = via !== undefined && holds(via) && mayShare(grant, via);
    known.set(grant.id, isHeld);
    return isHeld;
  };
  const mayShare = ({ space_id, node_id, created_by, role }: LiveGrant, via: LiveGrant): boolean => {
    const means = givers.get(created_by) ?? [];
    if (!means.includes(via.grantee_id ?? "")) return false;
    const given = ofOwners.filter((each) => each.space_id === space_id && means.includes(each.grantee_id ?? ""));
    const rights = rightsOf([...given, via]);
    const right = rights.nearest(ways(space_id, node_id));
    if (right === undefined || !roleMay(right.role, "share")) return false;
    const below = given.map((each) => ways(space_id, each.node_id)).filter((way) => way.includes(node_id));
    return hasAllBelow(rights, below, role);
  };
  return new Set(chains.filter(holds).map(({ id }) => id));
}

/**
 * Prevents that a share higher up opens what the owner withholds below.
 * @param ways path up from each node with an owner's grant
 * @returns true if the role is fully allowed wherever the owner made a separate grant
 */
export function hasAllBelow(rights: SpaceRights, ways: readonly (readonly NodeId[])[], role: Role): boolean {
  return ways.every((way) => {
    const right = rights.nearest(way);
    return right !== undefined && roleCovers(right.role, role);
  });
}

/** Owners' grants to the users who re-shared. Index: grants_grantee. */
async function readOfOwners(
  db: ShardReads,
  chains: readonly LiveGrant[],
  givers: Givers,
): Promise<readonly LiveGrant[]> {
  const spaceIds = [...new Set(chains.map(({ space_id }) => space_id))];
  const { rows } = await sql<LiveGrant>`
    select space_id, id, node_id, kind, grantee_id, role, via, created_by, created_at from shard.grants
    where grantee_id = any(${uuidArray([...new Set([...givers.values()].flat())])})
      and space_id = any(${uuidArray(spaceIds)}) and via is null and disabled_at is null
      and (expires_at is null or expires_at > (extract(epoch from clock_timestamp()) * 1000000)::int8)`.execute(db);
  return rows;
}

/** One step for each ancestor. Index: primary key. @returns the ids from a node up to the root of its space */
export async function readWaysUp(
  db: ShardReads,
  chains: readonly Pick<LiveGrant, "space_id" | "node_id">[],
): Promise<(spaceId: SpaceId, id: NodeId) => readonly NodeId[]> {
  const { rows } = await sql<{ space_id: SpaceId; id: NodeId; parent_id: NodeId | null }>`
    with recursive up as (
      select n.* from unnest(${uuidArray(chains.map(({ space_id }) => space_id))},
        ${uuidArray(chains.map(({ node_id }) => node_id))}) as asked (space_id, id)
      cross join lateral (
        select space_id, id, parent_id from shard.nodes
        where space_id = asked.space_id and id = asked.id offset 0) n
      union
      select n.* from up cross join lateral (
        select space_id, id, parent_id from shard.nodes where space_id = up.space_id and id = up.parent_id offset 0) n
    )
    select * from up`.execute(db);
  const parents = new Map(rows.map((row) => [`${row.space_id} ${row.id}`, row.parent_id]));
  return (spaceId, id) => {
    const way: NodeId[] = [];
    for (let at: NodeId | null = id; at !== null; at = parents.get(`${spaceId} ${at}`) ?? null) way.push(at);
    return way;
  };
}
