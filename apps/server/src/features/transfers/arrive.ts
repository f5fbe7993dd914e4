import { bucketOf, type GrantId, makeId, type NodeId } from "@holdfast/core/ids";
import { HoldfastError } from "@holdfast/core/errors";
import { nameKey } from "@holdfast/core/names";
import { sql } from "kysely";
import type { GrantRow } from "../../base/db/shard-tables.ts";
import type { ArrivalRow } from "../../base/db/transfer-tables.ts";
import type { Actor } from "../../tree/actor.ts";
import { startPiece } from "../../tree/commit/copy-folder.ts";
import { freeName } from "../../tree/commit/free-name.ts";
import type { TransactionPlace } from "../../tree/commit/transaction-place.ts";
import type { Step } from "../../tree/commit/work.ts";
import { addWeight, record, useBytes } from "../../tree/commit/record.ts";
import { writeWork } from "../../tree/commit/write.ts";
import { checkPath } from "../../tree/commit/reach.ts";
import { changeRights, type RightsChange } from "../sharing/change-rights.ts";
import type { SharingWorld } from "../sharing/sharing-world.ts";
import type { Crossed } from "./copy-across.ts";
import { enqueueStars, followWatches, type Marks } from "./marks.ts";
import { noteArrived, readArrival } from "./transfer-rows.ts";

/**
 * Attaches the copy to the new owner's root under a free name, with its grants and watches. The old owner becomes an
 * editor. One transaction, in which only the first of several runs succeeds.
 * @param grants of the old nodes, without links
 * @returns true if this run did it
 */
export async function arrive(
  world: SharingWorld,
  { place, actor, arrival }: { place: TransactionPlace; actor: Actor; arrival: ArrivalRow },
  crossed: Crossed,
  { grants, marks }: { readonly grants: readonly GrantRow[]; readonly marks: Marks },
): Promise<boolean> {
  return changeRights(world, place.spaceId, actor, async (rights) => {
    const { transaction } = rights;
    const key = { spaceId: place.spaceId, id: arrival.id, lock: true };
    const row = await readArrival(transaction, key);
    if (row === undefined || row.top_id !== null) return false;
    const name = await attach(rights, place, actor, crossed);
    const made = [...grantsOf(world, arrival, crossed, grants), editorOf(world, arrival, crossed.topId)];
    for (const grant of made) {
      await insertGrant(rights, grant);
      await rights.notify(grant);
    }
    await followWatches(transaction, place.spaceId, marks.watches, crossed.ids);
    await enqueueStars(transaction, arrival, marks.stars, crossed.ids);
    const { topId, files, folders, versions, sizeBytes } = crossed;
    const result = { id: topId, name, files, folders, versions, bytes: sizeBytes };
    await noteArrived(transaction, row, { topId, result: JSON.stringify(result) });
    return true;
  });
}

async function attach(
  { transaction, space }: RightsChange,
  place: TransactionPlace,
  actor: Actor,
  { topId, sizeBytes, weightBytes }: Crossed,
): Promise<string> {
  const work = await startPiece(transaction, place);
  const parent = await work.tree.node(space.root_id);
  const top = await work.tree.node(topId);
  if (parent === undefined || top === undefined || (top.purged_at ?? 0) <= work.nowMicros) {
    throw new HoldfastError("unavailable", "The transfer took too long and starts again.");
  }
  const isTaken = (await work.tree.child(parent.id, nameKey(top.name))) !== undefined;
  const name = isTaken ? await freeName(work, parent, top.name, top.kind) : top.name;
  await checkPath(work, { parent, name }, { node: top, copy: true });
  useBytes(work, sizeBytes);
  // Includes the top; recording adds the weight of a longer name.
  addWeight(work, weightBytes);
  const placed = { ...top, parent_id: parent.id, name, name_key: nameKey(name), trashed_at: null, purged_at: null };
  const step: Step = {
    caller: actor,
    operation: { op: "touch", fileId: topId },
    content: undefined,
    refused: undefined,
    missing: [],
    lost: [],
    attach: undefined,
    named: undefined,
  };
  record(work, step, placed, { kind: "appeared" });
  // The entries about rights follow this end.
  space.seq = (await writeWork(work, [])).seq;
  return name;
}

/** The old owner's grants now count as the new owner's. Editors' grants stay theirs and end with their own right. */
function grantsOf(
  world: SharingWorld,
  { user_id: userId, space_id: spaceId, from_id: fromId }: ArrivalRow,
  { ids }: Crossed,
  grants: readonly GrantRow[],
): GrantRow[] {
  const nowMicros = world.clock.nowMicros();
  const kept = grants.filter(
    ({ grantee_id, expires_at }) =>
      grantee_id !== userId && grantee_id !== fromId && (expires_at ?? Infinity) > nowMicros,
  );
  const newIds = new Map(kept.map(({ id }) => [id, newGrantId(world, spaceId)]));
  return kept.flatMap((grant) => {
    const [id, nodeId] = [newIds.get(grant.id), ids.get(grant.node_id)];
    if (id === undefined || nodeId === undefined) return [];
    const via = grant.via === null ? undefined : newIds.get(grant.via);
    const given = via === undefined ? { via: null, created_by: userId } : { via };
    return [{ ...grant, ...given, space_id: spaceId, id, node_id: nodeId }];
  });
}

function editorOf(world: SharingWorld, arrival: ArrivalRow, nodeId: NodeId): GrantRow {
  return {
    space_id: arrival.space_id,
    id: newGrantId(world, arrival.space_id),
    node_id: nodeId,
    kind: "user",
    grantee_id: arrival.from_id,
    email: null,
    email_key: null,
    role: "editor",
    via: null,
    created_by: arrival.user_id,
    created_at: world.clock.nowMicros(),
    expires_at: null,
    name: null,
    secret_hash: null,
    password_hash: null,
    max_downloads: null,
    downloads: 0,
    last_used_at: null,
    disabled_at: null,
    message: null,
  };
}

function newGrantId({ clock, random }: SharingWorld, spaceId: ArrivalRow["space_id"]): GrantId {
  return makeId<GrantId>(bucketOf(spaceId), clock.nowMs(), random(8));
}

async function insertGrant({ transaction }: RightsChange, grant: GrantRow): Promise<void> {
  await sql`
    insert into shard.grants (space_id, id, node_id, kind, grantee_id, email, email_key, role, via, created_by, created_at,
      expires_at)
    values (${grant.space_id}, ${grant.id}, ${grant.node_id}, ${grant.kind}, ${grant.grantee_id}, ${grant.email},
      ${grant.email_key}, ${grant.role}, ${grant.via}, ${grant.created_by}, ${grant.created_at}, ${grant.expires_at})`.execute(
    transaction,
  );
}
