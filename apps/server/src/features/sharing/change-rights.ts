import { HoldfastError } from "@holdfast/core/errors";
import type { GrantId, SpaceId, UserId } from "@holdfast/core/ids";
import { sql } from "kysely";
import { uuidArray } from "../../base/db/array-parameters.ts";
import { inTransaction } from "../../base/db/database.ts";
import type { GrantRow, ShardQueries, SpaceRow } from "../../base/db/shard-tables.ts";
import type { Actor } from "../../tree/actor.ts";
import { lockSpace } from "../../tree/commit/load.ts";
import { enqueueGrant } from "../../tree/commit/enqueue-grant.ts";
import { readWaysUp } from "../../tree/rights/given-on.ts";
import type { SharingWorld } from "./sharing-world.ts";
import { reportRights } from "./report-rights.ts";

export type RightsWorld = Omit<SharingWorld, "committer">;

export interface RightsChange {
  readonly transaction: ShardQueries;
  readonly space: SpaceRow;
  readonly nowMicros: number;
  /**
   * Notifies devices and the grantee's shard that a role at a node changed or ended.
   * @param before former grant, unless new or gone
   */
  readonly notify: (grant: GrantRow, before?: Pick<GrantRow, "role">) => Promise<void>;
  /** Notifies only devices: the grants are unchanged, but group members or other rights changed. */
  readonly notifyDevices: (at: GrantAt & Pick<ChangedRight, "wasUploader">) => void;
}

/** The grantee is an account, a group, or one account of a group. */
export type GrantAt = Pick<GrantRow, "node_id" | "grantee_id" | "role">;

/**
 * Changes rights under the space's lock, so that each commit comes before or after. Writes a journal entry for each
 * grantee and a message to the grantee's shard.
 */
export async function changeRights<Result>(
  world: RightsWorld,
  spaceId: SpaceId,
  actor: Pick<Actor, "userId" | "deviceId">,
  change: (rights: RightsChange) => Promise<Result>,
): Promise<Result> {
  const shard = world.shards.ofId(spaceId);
  const nowMicros = world.clock.nowMicros();
  const { result, hasChanged, seq } = await inTransaction(shard.db, async (transaction) => {
    const space = await lockSpace(transaction, spaceId);
    const grants: GrantRow[] = [];
    const changed: ChangedRight[] = [];
    const done = await change({
      transaction,
      space,
      nowMicros,
      notify: async (grant, before) => {
        grants.push(grant);
        changed.push({ ...grant, wasUploader: before?.role === "uploader" });
      },
      notifyDevices: (at) => void changed.push(at),
    });
    const writing = { transaction, space, nowMicros, tag: Buffer.from(world.random(8)), actor };
    const last = await writeEntries(writing, [...changed, ...(await givenOnBelow(writing, changed))]);
    for (const grant of grants) await enqueueGrant(transaction, grant);
    await reportRights(world, transaction, { spaceId, actor, nowMicros }, grants);
    return { result: done, hasChanged: changed.length > 0, seq: last };
  });
  if (hasChanged) {
    world.onCommitted(spaceId, seq);
    world.queue.kick(shard);
  }
  return result;
}

interface Writing extends Pick<RightsChange, "transaction" | "space" | "nowMicros"> {
  readonly tag: Buffer;
  readonly actor: Pick<Actor, "userId" | "deviceId">;
}

interface ChangedRight extends GrantAt {
  readonly kind?: GrantRow["kind"];
  readonly id?: GrantId;
  /** The former role hid the node from its holder. */
  readonly wasUploader?: boolean;
}

/**
 * Re-shared grants add to grants further up (`SpaceRights.nearest`), so a changed role affects them too. Spaces without
 * any have no row in this index. Index: grants_via.
 */
async function givenOnBelow(
  { transaction, space }: Writing,
  changed: readonly ChangedRight[],
): Promise<ChangedRight[]> {
  if (changed.length === 0) return [];
  const { rows } = await sql<GrantAt>`
    select node_id, grantee_id, role from shard.grants
    where space_id = ${space.id} and via is not null and kind in ('user', 'group')`.execute(transaction);
  if (rows.length === 0) return [];
  const wayUp = await readWaysUp(
    transaction,
    rows.map((row) => ({ space_id: space.id, node_id: row.node_id })),
  );
  const above = new Set(changed.map((each) => each.node_id));
  const isBelow = (row: GrantAt) => wayUp(space.id, row.node_id).some((id) => id !== row.node_id && above.has(id));
  return rows.filter(isBelow);
}

/** One entry for each node and grantee. Of the node's fields, only its shared flag changes. */
async function writeEntries(writing: Writing, all: readonly ChangedRight[]): Promise<number> {
  const { transaction, space, nowMicros, tag, actor } = writing;
  let { seq } = space;
  for (const right of new Map(all.map((each) => [`${each.node_id} ${each.grantee_id ?? each.id}`, each])).values()) {
    const { node_id: nodeId, grantee_id: granteeId, id = null } = right;
    seq += 1;
    await sql`
      insert into shard.journal (space_id, seq, tag, node_id, kind, actor, device_id, at, grantee_id)
      values (${space.id}, ${seq}, ${tag}, ${nodeId}, ${await kindOf(writing, right)}, ${actor.userId},
        ${actor.deviceId}, ${nowMicros}, ${granteeId ?? id})`.execute(transaction);
    await sql`
      update shard.nodes set seq = ${seq}, shared = exists (
        select from shard.grants where space_id = ${space.id} and node_id = ${nodeId})
      where space_id = ${space.id} and id = ${nodeId}`.execute(transaction);
  }
  if (seq !== space.seq) await sql`update shard.spaces set seq = ${seq} where id = ${space.id}`.execute(transaction);
  return seq;
}

/** Grantees who may not have seen the node list it again, which is always correct. */
async function kindOf({ transaction, space }: Writing, right: ChangedRight): Promise<"changed" | "appeared"> {
  const { node_id: nodeId, grantee_id: granteeId, kind, role, wasUploader } = right;
  if (kind === "link" || granteeId === null) return "changed";
  if (role === "uploader" || wasUploader === true) return "appeared";
  // Groups that include the grantee, or the same grantee. Indexes: grants_grantee_once, grants_grantee.
  const { rows } = await sql`
    (select from shard.grants
      where space_id = ${space.id} and node_id = ${nodeId} and role = 'uploader' and kind in ('user', 'group') limit 1)
    union all
    (select from shard.grants
      where space_id = ${space.id} and grantee_id = ${granteeId} and role = 'uploader' limit 1)`.execute(transaction);
  return rows.length === 0 ? "changed" : "appeared";
}

/** Actor for changes by the server itself. */
export function serverOf(spaceId: SpaceId): Pick<Actor, "userId" | "deviceId"> {
  return { userId: spaceId as unknown as UserId, deviceId: null };
}

/** Index: grants_id. @throws HoldfastError not_found */
export async function findGrant(reader: ShardQueries, id: string): Promise<GrantRow> {
  const { rows } = await sql<GrantRow>`select * from shard.grants where id = ${id}`.execute(reader);
  if (rows[0] === undefined) throw noSuchPermission();
  return rows[0];
}

export function noSuchPermission(): HoldfastError {
  return new HoldfastError("not_found", "There is no such permission, or you may not see it.");
}

/** @returns all removed grants, including those re-shared through them */
export async function removeGrants(
  { transaction, space, notify }: RightsChange,
  ids: readonly GrantId[],
): Promise<GrantRow[]> {
  // One step for each link of the chain. Index: grants_via.
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
  for (const grant of rows) await notify(grant);
  return rows;
}

/** Limits re-shared grants to the expiry of this one. Index: grants_via. */
export async function shortenDependents(
  { transaction, space, notify }: RightsChange,
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
  for (const grant of rows) await notify(grant);
}

/** Removes grants re-shared through this one, but not the grant itself. */
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
