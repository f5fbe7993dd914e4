import { isId, type NodeId, type SpaceId, type UserId } from "@holdfast/core/ids";
import { limits } from "@holdfast/core/limits";
import type { SharedJson } from "@holdfast/protocol/sharing-routes";
import { sql } from "kysely";
import { z } from "zod";
import { uuidArray } from "../../base/db/array-parameters.ts";
import type { GrantRow } from "../../base/db/shard-tables.ts";
import type { Shards } from "../../base/db/shards.ts";
import type { Actor } from "../../tree/actor.ts";
import { decodeCursor, encodeCursor } from "../../tree/read/cursor.ts";
import { findNodes } from "../../tree/read/look-up.ts";
import { loadMounts } from "../../tree/read/mounts.ts";
import { nodeJson } from "../../tree/read/node-json.ts";
import { starredAmong } from "../../tree/read/starred-among.ts";
import { permissionsJson } from "./permissions.ts";

export interface SharedPage {
  readonly items: SharedJson[];
  readonly next_cursor: string | null;
}

interface PageRequest {
  readonly limit?: number | undefined;
  readonly cursor?: string | undefined;
}

const grantCursor = z.tuple([z.string().refine(isId)]);

/** Grants of others to the account and its groups, oldest first, without hidden nodes. */
export async function listSharedWithMe(
  shards: Shards,
  caller: Actor,
  { limit = limits.listItemsDefault, cursor }: PageRequest,
): Promise<SharedPage> {
  const after = cursor === undefined ? null : decodeCursor(grantCursor, cursor)[0];
  type Pointer = Pick<GrantRow, "space_id"> & { grant_id: GrantRow["id"] };
  const pointers: Pointer[] = [];
  for (const [shard, grantees] of Map.groupBy(caller.grantees, (id) => shards.ofId(id as UserId))) {
    // Excludes the account's shares with its own groups. Index: primary key.
    const { rows } = await sql<Pointer>`
      select grant_id, space_id from shard.received
      where grantee_id = any(${uuidArray(grantees)}) and space_id <> ${caller.spaceId}
        and (${after}::uuid is null or grant_id > ${after}::uuid)
      order by grant_id limit ${limit + 1}`.execute(shard.db);
    pointers.push(...rows);
  }
  const page = pointers.toSorted((left, right) => (left.grant_id < right.grant_id ? -1 : 1)).slice(0, limit);
  const grants = await readGrants(shards, page);
  const last = page.at(-1);
  return {
    items: await sharedJson(shards, caller, grants),
    next_cursor: pointers.length > page.length && last !== undefined ? encodeCursor([last.grant_id]) : null,
  };
}

/** Grants by the account, in its own space and in others. */
export async function listSharedByMe(
  shards: Shards,
  caller: Actor,
  { limit = limits.listItemsDefault, cursor }: PageRequest,
): Promise<SharedPage> {
  const after = cursor === undefined ? null : decodeCursor(grantCursor, cursor)[0];
  const found: GrantRow[] = [];
  for (const shard of shards.all()) {
    // Indexes: grants_maker, primary key.
    const { rows } = await sql<GrantRow>`
      select * from shard.grants
      where (space_id = ${caller.spaceId} or created_by = ${caller.userId})
        and (${after}::uuid is null or id > ${after}::uuid)
      order by id limit ${limit + 1}`.execute(shard.db);
    found.push(...rows);
  }
  const page = found.toSorted((left, right) => (left.id < right.id ? -1 : 1)).slice(0, limit);
  const last = page.at(-1);
  return {
    items: await sharedJson(shards, caller, page),
    next_cursor: found.length > page.length && last !== undefined ? encodeCursor([last.id]) : null,
  };
}

async function readGrants(
  shards: Shards,
  pointers: readonly { readonly grant_id: GrantRow["id"]; readonly space_id: SpaceId }[],
): Promise<GrantRow[]> {
  const byId = new Map<string, GrantRow>();
  for (const [shard, some] of Map.groupBy(pointers, ({ space_id }) => shards.ofId(space_id))) {
    const { rows } = await sql<GrantRow>`
      select * from shard.grants where id = any(${uuidArray(some.map(({ grant_id }) => grant_id))})
        and (expires_at is null or expires_at > (extract(epoch from clock_timestamp()) * 1000000)::int8)`.execute(
      shard.db,
    );
    for (const row of rows) byId.set(row.id, row);
  }
  return pointers.flatMap(({ grant_id }) => byId.get(grant_id) ?? []);
}

async function sharedJson(shards: Shards, caller: Actor, grants: readonly GrantRow[]): Promise<SharedJson[]> {
  const nodes = await findNodes(shards, caller, [...new Set(grants.map(({ node_id }) => node_id))], "create");
  const owners = await ownersOf(shards, [...new Set(grants.map(({ space_id }) => space_id))]);
  const mounts = await loadMounts(shards, caller);
  const shown = grants.filter(
    ({ node_id, space_id }) =>
      nodes.get(node_id)?.row.space_id === space_id && nodes.get(node_id)?.row.trashed_at === null,
  );
  const permissions = await permissionsJson(shards, shown);
  const isStarred = await starredAmong(shards, caller, [...nodes.values()]);
  return shown.flatMap(({ node_id, space_id }, index) => {
    const node = nodes.get(node_id);
    const owner = owners.get(space_id);
    const permission = permissions[index];
    if (node === undefined || owner === undefined || permission === undefined) return [];
    const mountId: NodeId | null = mounts.get(`${space_id} ${node_id}`)?.id ?? null;
    return [{ node: nodeJson(node, isStarred(node)), permission, owner, mount_id: mountId }];
  });
}

async function ownersOf(shards: Shards, spaceIds: readonly SpaceId[]) {
  const owners = new Map<SpaceId, SharedJson["owner"]>();
  for (const [shard, some] of Map.groupBy(spaceIds, (id) => shards.ofId(id))) {
    const { rows } = await sql<SharedJson["owner"] & { space_id: SpaceId }>`
      select s.id as space_id, u.id, u.name, u.email from shard.spaces s join shard.users u on u.id = s.owner_id
      where s.id = any(${uuidArray(some)})`.execute(shard.db);
    for (const { space_id: spaceId, ...owner } of rows) owners.set(spaceId, owner);
  }
  return owners;
}
