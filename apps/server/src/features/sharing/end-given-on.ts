import type { GrantId, SpaceId, UserId } from "@holdfast/core/ids";
import { sql } from "kysely";
import type { GrantRow } from "../../base/db/shard-tables.ts";
import { dropLapsed } from "../../tree/rights/load-rights.ts";
import { changeRights, removeGrants, serverOf } from "./change-rights.ts";
import type { SharingWorld } from "./sharing-world.ts";

const grantsAtOnce = 500;

/**
 * Removes re-shared grants whose giver may no longer share. They already give no access; this updates devices, mounts
 * and lists. Grants by a suspended giver stay. Can be repeated.
 */
export async function endLapsed(world: SharingWorld, spaceId: SpaceId): Promise<void> {
  const { shards } = world;
  const { db } = shards.ofId(spaceId);
  let after: Pick<GrantRow, "via" | "id"> | undefined;
  do {
    // Spaces without re-shared grants have no row in this index. Index: grants_via.
    const { rows }: { rows: GrantRow[] } = await sql<GrantRow>`
      select * from shard.grants where space_id = ${spaceId} and via is not null
        ${after === undefined ? sql`` : sql`and (via, id) > (${after.via}::uuid, ${after.id}::uuid)`}
      order by via, id limit ${grantsAtOnce}`.execute(db);
    const held = new Set((await dropLapsed(shards, db, rows, { despiteSuspension: true })).map(({ id }) => id));
    const ended = rows.flatMap(({ id }): GrantId[] => (held.has(id) ? [] : [id]));
    if (ended.length > 0) {
      await changeRights(world, spaceId, serverOf(spaceId), async (rights) => void (await removeGrants(rights, ended)));
    }
    after = rows.length < grantsAtOnce ? undefined : rows.at(-1);
  } while (after !== undefined);
}

interface Given {
  readonly spaceId: SpaceId;
  readonly granteeId: string;
}

/** Grantees with re-shared grants by a user, on all shards. Indexes: grants_maker, grants_via. */
export async function findGivenOnBy({ shards }: Pick<SharingWorld, "shards">, userId: UserId): Promise<Given[]> {
  const found = await Promise.all(
    shards.all().map(({ db }) =>
      sql<Given>`
        with recursive hand as (
          select space_id, id, kind, grantee_id from shard.grants where created_by = ${userId} and via is not null
          union
          select g.* from hand cross join lateral (
            select space_id, id, kind, grantee_id from shard.grants
            where space_id = hand.space_id and via = hand.id offset 0) g
        )
        select distinct space_id as "spaceId", grantee_id as "granteeId" from hand where kind in ('user', 'group')`.execute(
        db,
      ),
    ),
  );
  return found.flatMap(({ rows }) => rows);
}
