import { HoldfastError } from "@holdfast/core/errors";
import {
  bucketOf,
  isId,
  makeId,
  type SessionId,
  type SpaceId,
  type TaskId,
  type TransferId,
  type UserId,
} from "@holdfast/core/ids";
import { limits } from "@holdfast/core/limits";
import { formatTime } from "@holdfast/core/times";
import type { TransferJson } from "@holdfast/protocol/transfer-routes";
import { sql } from "kysely";
import { z } from "zod";
import type { AccountWorld } from "../accounts/context/account-world.ts";
import { guardAttempt, throttleKey } from "../accounts/context/attempts.ts";
import { assertLive } from "../accounts/callers/live-session.ts";
import { findUser, findUserByEmail } from "../accounts/context/directory.ts";
import { assertAddress } from "../accounts/context/email-address.ts";
import type { UserRow } from "../../base/db/account-tables.ts";
import { inTransaction } from "../../base/db/database.ts";
import type { NodeRow, ShardQueries } from "../../base/db/shard-tables.ts";
import type { ArrivalRow, TransferRow } from "../../base/db/transfer-tables.ts";
import type { Actor } from "../../tree/actor.ts";
import { doOnce, type Repeatable } from "../../tree/commit/do-once.ts";
import { decodeCursor, encodeCursor } from "../../tree/read/cursor.ts";
import { findNodes } from "../../tree/read/look-up.ts";
import type { PlacedNode } from "../../tree/read/placed-node.ts";
import { assertWeightRoom } from "../../tree/weight/metadata-bytes.ts";
import { weighTree } from "../../tree/weight/tree-weight.ts";
import { assertFree } from "../../tree/weight/used-bytes.ts";
import { notify } from "../notifications/notify.ts";
import { startTask, readTask } from "../../base/queue/tasks.ts";
import { assertMay } from "../../tree/rights/roles.ts";
import { assertUnchanged, type IfMatch } from "../sharing/assert-unchanged.ts";
import { findActor } from "../sharing/mounts.ts";
import { giveUp, withdrawn } from "./run-transfer.ts";
import {
  deleteEnded,
  deleteWaiting,
  insertArrival,
  insertTransfer,
  listTransferRows,
  readArrival,
  readTransfer,
} from "./transfer-rows.ts";
import type { TransferWorld } from "./transfer-world.ts";

export interface OfferWorld extends TransferWorld, Pick<AccountWorld, "throttle"> {
  readonly notifySecurity?: AccountWorld["notifySecurity"];
}

interface Offer {
  readonly email: string;
  readonly once?: Repeatable;
  readonly ifMatch?: IfMatch;
  readonly sessionId?: SessionId | undefined;
}

interface Offered {
  readonly transfer: TransferJson;
  readonly created: boolean;
}

/**
 * Offers one's own file or folder to another account, which must accept.
 * @throws HoldfastError forbidden, invalid_field, conflict if offered to another account, rate_limited after too many
 * unknown addresses, unauthenticated if the session just ended
 */
export async function offerTransfer(
  world: OfferWorld,
  caller: Actor,
  node: PlacedNode,
  { email, once, ifMatch, sessionId }: Offer,
): Promise<Offered> {
  const { clock, random, shards } = world;
  const { row } = node;
  assertMay(node, "own");
  assertTransferable(node);
  assertAddress(email);
  const user = await findNewOwner(world, caller, email);
  if (user?.id === caller.userId) throw refuse("email", "This is your own account. Choose another one.");
  if (user === undefined) {
    throw refuse("email", "No account has confirmed this address. Only an account can own files.");
  }
  const { db } = shards.ofId(row.space_id);
  const made: TransferRow = {
    space_id: row.space_id,
    id: makeId<TransferId>(bucketOf(row.space_id), clock.nowMs(), random(8)),
    node_id: row.id,
    from_id: caller.userId,
    to_id: user.id,
    created_at: clock.nowMicros(),
    accepted_at: null,
  };
  const [from, to] = [await personOf(shards, caller.userId), await personOf(shards, user.id)];
  if (from === undefined || to === undefined) throw withdrawn();
  const offer = async (transaction: ShardQueries): Promise<Offered> => {
    await assertStillSignedIn(transaction, caller, sessionId);
    await assertUnchanged({ transaction }, node, ifMatch);
    await deleteEnded(transaction, made, endedBefore(world));
    const standing = await insertTransfer(transaction, made);
    const created = standing.id === made.id;
    // A repeated offer counts as the first.
    if (created) await notifyOffer(transaction, made, row);
    // An offer outlives the session, so a notice warns the owner in case a stranger made it.
    if (created) await world.notifySecurity?.(transaction, caller.userId, "transfer");
    if (standing.to_id === user.id) return { transfer: transferJson(standing, { node: row, from, to }), created };
    throw new HoldfastError("conflict", "This is already offered to someone else. Withdraw that offer first.", {
      field: "id",
    });
  };
  const offered = await inTransaction(db, (transaction) =>
    once === undefined ? offer(transaction) : doOnce(transaction, once, () => offer(transaction)),
  );
  world.queue.kick(shards.ofId(row.space_id));
  return offered;
}

/**
 * A new password withdraws offers under the same lock, so no offer of an ended session remains. The owner's account is
 * on the space's shard.
 */
async function assertStillSignedIn(transaction: ShardQueries, { userId }: Actor, session: SessionId | undefined) {
  await sql`select from shard.users where id = ${userId} for share`.execute(transaction);
  if (session !== undefined) await assertLive(transaction, session);
}

/** Waiting offers made before this time have ended. */
function endedBefore({ clock }: Pick<TransferWorld, "clock">): number {
  return clock.nowMicros() - limits.transferOfferMs * 1000;
}

/** Unknown addresses count together with those of the people search, so that neither reveals more. */
function findNewOwner(
  { shards, throttle }: OfferWorld,
  { userId }: Actor,
  email: string,
): Promise<UserRow | undefined> {
  return guardAttempt(throttle, throttleKey("people", userId), async () => {
    const user = await findUserByEmail(shards, email);
    return user?.disabled_at === null && user.email_confirmed_at !== null ? user : undefined;
  });
}

/** The detail has the name, because the receiver cannot see the node yet. */
function notifyOffer(transaction: ShardQueries, transfer: TransferRow, { name, kind }: NodeRow): Promise<void> {
  const { id, node_id: nodeId, from_id: actor, to_id: userId, created_at: atMicros } = transfer;
  const detail = { role: "owner", transfer: { id, name, kind } };
  return notify(transaction, { userId, kind: "share", actor, nodeId, atMicros, detail });
}

function assertTransferable({ row }: PlacedNode): void {
  if (row.parent_id === null) throw refuse("id", "The root folder cannot be transferred. Transfer the items in it.");
  if (row.trashed_at !== null) throw refuse("id", "Items in the trash cannot be transferred. Restore the item first.");
  if (row.kind === "mount") throw refuse("id", "This folder was shared with you: only its owner can transfer it.");
  if (row.kind === "symlink")
    throw refuse("id", "A symbolic link cannot be transferred. Transfer the folder that it is in.");
}

const transferCursor = z.tuple([z.string().refine((text): text is TransferId => isId(text))]);

/** Offers by and to the caller, oldest first. */
export async function listTransfers(
  world: TransferWorld,
  caller: Actor,
  {
    limit = limits.listItemsDefault,
    cursor,
  }: { readonly limit?: number | undefined; readonly cursor?: string | undefined },
): Promise<{ items: TransferJson[]; next_cursor: string | null }> {
  const after = cursor === undefined ? null : decodeCursor(transferCursor, cursor)[0];
  const from = { after, limit: limit + 1, endedBeforeMicros: endedBefore(world) };
  const rows = await listTransferRows(world.shards, caller, from);
  const page = rows.slice(0, limit);
  const last = page.at(-1);
  const isMore = rows.length > limit && last !== undefined;
  return { items: await transfersJson(world, page), next_cursor: isMore ? encodeCursor([last.id]) : null };
}

/**
 * Starts the job that hands over the node. A second call returns the same job, unless it gave up.
 * @throws HoldfastError not_found, conflict, quota
 */
export async function acceptTransfer(
  world: TransferWorld,
  caller: Actor,
  id: string,
  once?: Repeatable,
): Promise<TaskId> {
  const offered = await findTransfer(world, id);
  if (offered?.to_id !== caller.userId) throw withdrawn();
  const transfer = await giveUpDead(world, offered);
  const { db } = world.shards.of(caller.bucket);
  const known = await readArrival(db, { spaceId: caller.spaceId, id: transfer.id });
  if (known !== undefined) return known.job;
  await assertReady(world, transfer);
  await assertRoom(world, transfer, caller.spaceId);
  const accept = async (transaction: ShardQueries): Promise<TaskId> => {
    const payload = { space_id: caller.spaceId, transfer_id: transfer.id };
    const task = await startTask(transaction, { userId: caller.userId, kind: "transfer", payload });
    const isFirst = await insertArrival(transaction, {
      space_id: caller.spaceId,
      id: transfer.id,
      job: task,
      user_id: caller.userId,
      from_id: transfer.from_id,
      from_space: transfer.space_id,
      from_node: transfer.node_id,
      top_id: null,
      result: null,
      created_at: world.clock.nowMicros(),
    });
    if (!isFirst) throw new HoldfastError("unavailable", "The same transfer is already being accepted. Try again.");
    return task;
  };
  const job = await inTransaction(db, (transaction) =>
    once === undefined ? accept(transaction) : doOnce(transaction, once, () => accept(transaction)),
  );
  world.queue.kick(world.shards.of(caller.bucket));
  return job;
}

/** Serves both sides of the offer. @throws HoldfastError not_found, conflict once accepted */
export async function cancelTransfer(
  world: TransferWorld,
  caller: Actor,
  id: string,
  once?: Repeatable,
): Promise<void> {
  const transfer = await findTransfer(world, id);
  if (transfer?.to_id !== caller.userId && transfer?.from_id !== caller.userId) throw withdrawn();
  await giveUpDead(world, transfer);
  const { db } = world.shards.ofId(transfer.id);
  const cancel = async (transaction: ShardQueries): Promise<void> => {
    if (await deleteWaiting(transaction, transfer.id)) return;
    throw new HoldfastError("conflict", "It was already accepted and is being transferred.", { field: "id" });
  };
  if (once === undefined) return cancel(db);
  await inTransaction(db, (transaction) => doOnce(transaction, once, () => cancel(transaction)));
}

/** If a job failed for a day, the next request restores the node. @returns the current offer */
async function giveUpDead(world: TransferWorld, transfer: TransferRow): Promise<TransferRow> {
  const dead = await findDead(world, transfer);
  if (dead === undefined) return transfer;
  await giveUp(world, dead, new HoldfastError("failed", "The transfer failed."));
  return { ...transfer, accepted_at: null };
}

async function findDead(
  { shards }: Pick<TransferWorld, "shards">,
  { id, to_id: userId }: TransferRow,
): Promise<ArrivalRow | undefined> {
  const { db } = shards.ofId(userId);
  const user = await findUser(shards, userId);
  const arrival = user === undefined ? undefined : await readArrival(db, { spaceId: user.space_id, id });
  if (arrival === undefined || arrival.top_id !== null) return undefined;
  const { state = "failed" } = (await readTask(db, userId, arrival.job)) ?? {};
  return state === "queued" || state === "running" ? undefined : arrival;
}

async function findTransfer({ shards }: TransferWorld, id: string): Promise<TransferRow | undefined> {
  return isId(id) ? readTransfer(shards.ofId(id as TransferId).db, id as TransferId) : undefined;
}

/** The owner may have changed the node. @throws HoldfastError not_found, conflict */
async function assertReady(world: TransferWorld, transfer: TransferRow): Promise<void> {
  const { shards } = world;
  const { node_id: nodeId, from_id: fromId } = transfer;
  const owner = await findUser(shards, fromId);
  const actor = await findActor(shards, fromId);
  if (owner === undefined || owner.disabled_at !== null || actor === undefined) throw withdrawn();
  if (transfer.accepted_at === null && transfer.created_at < endedBefore(world)) throw ended();
  const node = (await findNodes(shards, actor, [nodeId])).get(nodeId);
  if (node === undefined) throw withdrawn();
  if (node.row.trashed_at === null) return;
  throw new HoldfastError("conflict", "Its owner has moved it to the trash.", { field: "id" });
}

function ended(): HoldfastError {
  const days = limits.transferOfferMs / 86_400_000;
  const message = `This offer has expired, because it was not accepted within ${days} days. Ask the owner to offer it again.`;
  return new HoldfastError("conflict", message, { field: "id" });
}

/** The job checks what is unknown before the blocks are held. @throws HoldfastError quota */
async function assertRoom(
  { shards }: TransferWorld,
  { space_id: from, node_id: topId }: TransferRow,
  to: SpaceId,
): Promise<void> {
  const { bytes, weight } = await weighTree(shards.ofId(from).db, from, topId);
  const { rows } = await sql<{ used_bytes: number; metadata_bytes: number; quota_bytes: number | null }>`
    select used_bytes, metadata_bytes, quota_bytes from shard.spaces where id = ${to}`.execute(shards.ofId(to).db);
  const [space] = rows;
  if (space === undefined) throw withdrawn();
  const { used_bytes: used, quota_bytes: quota } = space;
  assertWeightRoom(space, weight);
  assertFree(quota === null ? Infinity : quota - used, bytes);
}

/**
 * Omits offers without a node. After a job gave up, the offer waits again, and the next acceptance starts a new job.
 */
async function transfersJson(world: TransferWorld, rows: readonly TransferRow[]): Promise<TransferJson[]> {
  const { shards } = world;
  const items: TransferJson[] = [];
  for (const row of rows) {
    const { rows: nodes } = await sql<{ name: string; kind: "file" | "folder" }>`
      select name, kind from shard.nodes
      where space_id = ${row.space_id} and id = ${row.node_id} and purged_at is null`.execute(
      shards.ofId(row.space_id).db,
    );
    const [node] = nodes;
    const [from, to] = [await personOf(shards, row.from_id), await personOf(shards, row.to_id)];
    if (node === undefined || from === undefined || to === undefined) continue;
    const isDead = row.accepted_at !== null && (await findDead(world, row)) !== undefined;
    items.push(transferJson(isDead ? { ...row, accepted_at: null } : row, { node, from, to }));
  }
  return items;
}

function transferJson(
  { id, node_id, accepted_at, created_at }: TransferRow,
  { node, from, to }: { readonly node: Pick<NodeRow, "name" | "kind">; readonly from: Person; readonly to: Person },
): TransferJson {
  const kind = node.kind === "folder" ? "folder" : "file";
  const state = accepted_at === null ? "waiting" : "accepted";
  return { id, node: { id: node_id, name: node.name, kind }, from, to, state, created_at: formatTime(created_at) };
}

type Person = TransferJson["from"];

async function personOf(shards: TransferWorld["shards"], userId: UserId): Promise<Person | undefined> {
  const user = await findUser(shards, userId);
  return user === undefined ? undefined : { id: user.id, name: user.name, email: user.email };
}

function refuse(field: string, message: string): HoldfastError {
  return new HoldfastError("invalid_field", message, { field });
}
