import { HoldfastError } from "@holdfast/core/errors";
import type { GrantId, SpaceId } from "@holdfast/core/ids";
import { sql } from "kysely";
import { uuidArray } from "../db/array-parameters.ts";
import { inTransaction } from "../db/database.ts";
import type { GrantRow, ShardReader, SpaceRow } from "../db/shard-tables.ts";
import type { Actor } from "../metadata/actor.ts";
import { lockSpace } from "../metadata/commit/load.ts";
import { enqueueGrant } from "../metadata/commit/enqueue-grant.ts";
import type { SharingWorld } from "./sharing-world.ts";
import { tellRights } from "./tell-rights.ts";

/** A transaction that changes who may do what in a space. */
export interface RightsChange {
  readonly transaction: ShardReader;
  readonly space: SpaceRow;
  readonly nowMicros: number;
  /** The role of a grantee at a node is another, or none: devices hear of it, and so does the grantee's shard. */
  readonly tell: (grant: GrantRow) => Promise<void>;
}

/**
 * Changes rights under the space's lock, so that every commit comes before or after, and tells of them: an entry of the journal for each
 * grantee, and a message to the grantee's shard.
 */
export async function changeRights<Result>(
  world: SharingWorld,
  spaceId: SpaceId,
  actor: Pick<Actor, "userId" | "deviceId">,
  change: (rights: RightsChange) => Promise<Result>,
): Promise<Result> {
  const shard = world.shards.ofId(spaceId);
  const nowMicros = world.clock.nowMicros();
  const { result, told, seq } = await inTransaction(shard.db, async (transaction) => {
    const space = await lockSpace(transaction, spaceId);
    const grants: GrantRow[] = [];
    const tell = async (grant: GrantRow): Promise<void> => void grants.push(grant);
    const done = await change({ transaction, space, nowMicros, tell });
    const last = await writeEntries(
      { transaction, space, nowMicros, tag: Buffer.from(world.random(8)), actor },
      grants,
    );
    for (const grant of grants) await enqueueGrant(transaction, grant);
    await tellRights(world, transaction, { spaceId, actor, nowMicros }, grants);
    return { result: done, told: grants.length > 0, seq: last };
  });
  if (told) {
    world.onCommitted(spaceId, seq);
    world.queue.kick(shard);
  }
  return result;
}

interface Writing extends Pick<RightsChange, "transaction" | "space" | "nowMicros"> {
  readonly tag: Buffer;
  readonly actor: Pick<Actor, "userId" | "deviceId">;
}

/** One for each node and grantee. What the node says of itself stays, but for whether it is shared. */
async function writeEntries(writing: Writing, grants: readonly GrantRow[]): Promise<number> {
  const { transaction, space, nowMicros, tag, actor } = writing;
  let { seq } = space;
  for (const { id, node_id: nodeId, grantee_id: granteeId, kind, role } of grants) {
    seq += 1;
    // One that was taken away is among them as it was.
    const mayBeNew = role === "uploader" ? "appeared" : undefined;
    const entryKind =
      kind === "link" || granteeId === null ? "changed" : (mayBeNew ?? (await kindOf(writing, granteeId)));
    await sql`
      insert into shard.journal (space_id, seq, tag, node_id, kind, actor, device_id, at, grantee_id)
      values (${space.id}, ${seq}, ${tag}, ${nodeId}, ${entryKind}, ${actor.userId}, ${actor.deviceId}, ${nowMicros},
        ${granteeId ?? id})`.execute(transaction);
    await sql`
      update shard.nodes set seq = ${seq}, shared = exists (
        select from shard.grants where space_id = ${space.id} and node_id = ${nodeId})
      where space_id = ${space.id} and id = ${nodeId}`.execute(transaction);
  }
  if (seq !== space.seq) await sql`update shard.spaces set seq = ${seq} where id = ${space.id}`.execute(transaction);
  return seq;
}

/** Whoever may have seen nothing of the node until now lists it anew, which is always right. */
async function kindOf({ transaction, space }: Writing, granteeId: string): Promise<"changed" | "appeared"> {
  const { rows } = await sql`
    select from shard.grants where grantee_id = ${granteeId} and space_id = ${space.id} and role = 'uploader' limit 1`.execute(
    transaction,
  );
  return rows.length === 0 ? "changed" : "appeared";
}

/** By grants_id. @throws HoldfastError not_found */
export async function findGrant(reader: ShardReader, id: string): Promise<GrantRow> {
  const { rows } = await sql<GrantRow>`select * from shard.grants where id = ${id}`.execute(reader);
  if (rows[0] === undefined) throw noSuchPermission();
  return rows[0];
}

export function noSuchPermission(): HoldfastError {
  return new HoldfastError("not_found", "There is no such permission, or you may not see it.");
}

/**
 * Takes grants away, and with them what their holders have given to others.
 * @returns all that went
 */
export async function removeGrants(
  { transaction, space, tell }: RightsChange,
  ids: readonly GrantId[],
): Promise<GrantRow[]> {
  // By grants_via, one step for each hand that it went through.
  const { rows } = await sql<GrantRow>`
    with recursive gone as (
      select id from shard.grants where space_id = ${space.id} and id = any(${uuidArray(ids)})
      union
      select g.id from gone cross join lateral (
        select id from shard.grants where space_id = ${space.id} and via = gone.id offset 0) g
    )
    delete from shard.grants where space_id = ${space.id} and id in (select id from gone) returning *`.execute(
    transaction,
  );
  for (const grant of rows) await tell(grant);
  return rows;
}

/** What came by this grant lasts no longer than it. By grants_via, as above. */
export async function shortenDependents(
  { transaction, space, tell }: RightsChange,
  { id, expires_at: end }: Pick<GrantRow, "id" | "expires_at">,
): Promise<void> {
  const { rows } = await sql<GrantRow>`
    with recursive later as (
      select ${id}::uuid as id
      union
      select g.id from later cross join lateral (
        select id from shard.grants where space_id = ${space.id} and via = later.id offset 0) g
    )
    update shard.grants set expires_at = ${end}
    where space_id = ${space.id} and id in (select id from later) and (expires_at is null or expires_at > ${end}::int8)
    returning *`.execute(transaction);
  for (const grant of rows) await tell(grant);
}

/** What came by this grant, but not the grant itself. */
export async function removeDependents(rights: RightsChange, { id }: GrantRow): Promise<void> {
  const { rows } = await sql<{ id: GrantId }>`
    select id from shard.grants where space_id = ${rights.space.id} and via = ${id}`.execute(rights.transaction);
  if (rows.length > 0) {
    await removeGrants(
      rights,
      rows.map((row) => row.id),
    );
  }
}
