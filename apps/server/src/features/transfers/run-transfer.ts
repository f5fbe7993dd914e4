import { createHash } from "node:crypto";
import { HoldfastError } from "@holdfast/core/errors";
import type { NodeId, SpaceId, TransferId } from "@holdfast/core/ids";
import { sql } from "kysely";
import { inTransaction } from "../../base/db/database.ts";
import type { GrantRow, NodeRow, ShardQueries } from "../../base/db/shard-tables.ts";
import type { ArrivalRow } from "../../base/db/transfer-tables.ts";
import type { Shards } from "../../base/db/shards.ts";
import type { Actor } from "../../tree/actor.ts";
import type { Operation } from "../../tree/commit/operation.ts";
import { pieceSizes } from "../../tree/commit/piece-sizes.ts";
import { sweepDetached } from "../../tree/commit/removal.ts";
import { finishTask } from "../../base/queue/tasks.ts";
import { changeRights, removeGrants } from "../sharing/change-rights.ts";
import { findActor } from "../sharing/mounts.ts";
import { readActor } from "../accounts/people/may-read.ts";
import { arrive } from "./arrive.ts";
import { findBelow } from "./below.ts";
import { copyAcross } from "./copy-across.ts";
import { readMarks } from "./marks.ts";
import { markAccepted, readArrival, readTransfer, unmarkAccepted } from "./transfer-rows.ts";
import type { TransferWorld } from "./transfer-world.ts";

/** Errors that only people can resolve: the job gives up, and the transfer can be accepted again. */
const hopeless: ReadonlySet<string> = new Set(["quota", "invalid_field", "conflict", "trashed", "not_found"]);

/**
 * Completes an accepted transfer. It may stop anywhere and run again, even twice at the same time. First moves the node
 * to its owner's trash, so that nobody changes it during the copy; then copies it outside the other space's tree and
 * attaches it once; last ends the grants on the old node. The old node stays in the trash for the usual time, so no
 * byte is lost.
 */
export async function runTransfer(
  world: TransferWorld,
  { spaceId, id }: { readonly spaceId: SpaceId; readonly id: TransferId },
  signal: AbortSignal,
): Promise<void> {
  const { db } = world.shards.ofId(spaceId);
  const arrival = await readArrival(db, { spaceId, id });
  // A transfer that gave up has no arrival.
  if (arrival === undefined) return;
  if (arrival.top_id === null) {
    try {
      await bringOver(world, arrival, signal);
    } catch (error) {
      if (!(error instanceof HoldfastError) || !hopeless.has(error.code)) throw error;
      await giveUp(world, arrival, error);
      return;
    }
  }
  await endOld(world, arrival);
  const done = await readArrival(db, { spaceId, id });
  const result: unknown = JSON.parse(done?.result ?? "null");
  await finishTask(db, { id: arrival.job, state: "done", result, nowMicros: world.clock.nowMicros() });
}

/** Restores the node from the trash and lets the offer wait again. */
export async function giveUp(world: TransferWorld, arrival: ArrivalRow, error: HoldfastError): Promise<void> {
  const { job, from_id: fromId, from_node: fileId, space_id: spaceId, id } = arrival;
  const source = world.shards.ofId(arrival.from_space).db;
  const isAccepted = (await readTransfer(source, id))?.accepted_at != null;
  const owner = isAccepted ? await findActor(world.shards, fromId) : undefined;
  if (owner !== undefined && (await readFrozen(world, arrival)) !== undefined) {
    await world.committer.commit(owner, [{ op: "restore", fileId, ...identityOf(job, "restore") }]);
  }
  await unmarkAccepted(source, id);
  const result = { code: error.code, detail: error.message };
  await inTransaction(world.shards.ofId(spaceId).db, async (transaction) => {
    await sql`delete from shard.arrivals where space_id = ${spaceId} and id = ${id} and top_id is null`.execute(
      transaction,
    );
    await finishTask(transaction, { id: job, state: "failed", result, nowMicros: world.clock.nowMicros() });
  });
}

async function bringOver(world: TransferWorld, arrival: ArrivalRow, signal: AbortSignal): Promise<void> {
  const { shards, clock, random, pieces = pieceSizes } = world;
  const shard = shards.ofId(arrival.from_space);
  if ((await markAccepted(shard.db, arrival.id, clock.nowMicros())) === undefined) throw withdrawn();
  await assertActive(shards, arrival);
  const owner = await findActor(shards, arrival.from_id);
  const actor = await findActor(shards, arrival.user_id);
  if (owner === undefined || actor === undefined) throw withdrawn();
  const frozen = await freeze(world, arrival, owner);
  const grants = await readGrantsBelow(shard.db, arrival);
  const { db } = shards.ofId(arrival.space_id);
  const place = { db, spaceId: arrival.space_id, clock, random, pieces };
  const source = { shard, spaceId: arrival.from_space };
  const crossing = { source, place, blocks: world.blocks, uploader: { userId: arrival.user_id, owns: true }, signal };
  let detached: NodeId | undefined;
  try {
    const marks = await readMarks(shards, arrival, grants);
    const asked = new Set([...grants, ...marks.watches, ...marks.stars].map((each) => each.node_id));
    const crossed = await copyAcross(crossing, frozen, asked, (topId) => void (detached = topId));
    const now = await readFrozen(world, arrival);
    if (now?.trashed_at !== frozen.trashed_at) throw changed();
    await assertActive(shards, arrival);
    // A failure may follow a successful attach; without one, the sweep removes the copy later.
    detached = undefined;
    const isAttached = await arrive(world, { place, actor, arrival }, crossed, { grants, marks });
    if (!isAttached) detached = crossed.topId;
  } finally {
    if (detached !== undefined) {
      await sweepDetached(db, arrival.space_id, detached, { nowMicros: clock.nowMicros(), pieces });
    }
  }
}

/**
 * Nobody could see a suspended receiver's data, and suspended owners give nothing away.
 * @throws HoldfastError conflict
 */
async function assertActive(shards: Shards, { from_id: fromId, user_id: userId }: ArrivalRow): Promise<void> {
  for (const [id, description] of [
    [fromId, "whose it is"],
    [userId, "that accepted it"],
  ] as const) {
    if ((await readActor(shards, id)) !== undefined) continue;
    throw new HoldfastError(
      "conflict",
      `The account ${description} is suspended. The transfer can be accepted once the suspension is lifted.`,
    );
  }
}

/** Moves the node to the trash once per acceptance; a repeated run finds it there. */
async function freeze(world: TransferWorld, arrival: ArrivalRow, owner: Actor): Promise<NodeRow> {
  const fileId = arrival.from_node;
  const operation: Operation = { op: "delete", fileId, ...identityOf(arrival.job, "freeze") };
  const { results } = await world.committer.commit(owner, [operation]);
  const [result] = results;
  if (result?.status === "conflict" || result?.status === "error") throw result.error;
  const frozen = await readFrozen(world, arrival);
  if (result?.status !== "committed" || frozen === undefined) throw changed();
  return frozen;
}

/** @returns undefined unless the node itself is in the trash */
async function readFrozen(world: TransferWorld, arrival: ArrivalRow): Promise<NodeRow | undefined> {
  const { from_space: spaceId, from_node: id } = arrival;
  const { rows } = await sql<NodeRow>`
    select * from shard.nodes
    where space_id = ${spaceId} and id = ${id} and trashed_at is not null and purged_at is null`.execute(
    world.shards.ofId(spaceId).db,
  );
  return rows[0];
}

async function endOld(world: TransferWorld, arrival: ArrivalRow): Promise<void> {
  const { from_space: spaceId, from_id: userId, id } = arrival;
  await changeRights(world, spaceId, { userId, deviceId: null }, async (rights) => {
    const { rows } = await sql`select from shard.transfers where space_id = ${spaceId} and id = ${id}`.execute(
      rights.transaction,
    );
    // On a repeated run, the owner may have restored and shared it again.
    if (rows.length === 0) return;
    const grants = await readGrantsBelow(rights.transaction, arrival, true);
    await removeGrants(
      rights,
      grants.map((grant) => grant.id),
    );
    await sql`delete from shard.transfers where space_id = ${spaceId} and id = ${id}`.execute(rights.transaction);
  });
}

/** Walks up from each shared node. Index: grants_grantee_once. */
async function readGrantsBelow(
  db: ShardQueries,
  { from_space: spaceId, from_node: topId }: ArrivalRow,
  withLinks = false,
): Promise<GrantRow[]> {
  const { rows: grants } = await sql<GrantRow>`
    select * from shard.grants where space_id = ${spaceId} ${withLinks ? sql`` : sql`and kind <> 'link'`}`.execute(db);
  const below = await findBelow(
    db,
    { spaceId, topId },
    grants.map((grant) => grant.node_id),
  );
  return grants.filter((grant) => below.has(grant.node_id));
}

/** Repeated operations get the same answer while a job may be retried. */
function identityOf(job: ArrivalRow["job"], what: string): Pick<Operation, "operationId" | "requestHash"> {
  const requestHash = createHash("sha256").update(`transfer ${what} ${job}`).digest();
  return { operationId: requestHash.subarray(0, 16), requestHash };
}

export function withdrawn(): HoldfastError {
  return new HoldfastError("not_found", "There is no such transfer, or it was withdrawn.");
}

function changed(): HoldfastError {
  return new HoldfastError("conflict", "Its owner removed it from the transfer. You can accept it again.");
}
