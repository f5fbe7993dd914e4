import type { Clock, Random } from "@holdfast/core/clock";
import { HoldfastError } from "@holdfast/core/errors";
import { bucketOf, type CommentId, isId, makeId, type NodeId, type SpaceId } from "@holdfast/core/ids";
import { limits } from "@holdfast/core/limits";
import { sql } from "kysely";
import { checkLines } from "../accounts/context/plain-text.ts";
import { recordEvent } from "../activity/record-event.ts";
import { uuidArray } from "../../base/db/array-parameters.ts";
import { inTransaction } from "../../base/db/database.ts";
import type { CommentRow, ShardQueries } from "../../base/db/shard-tables.ts";
import type { Shards } from "../../base/db/shards.ts";
import type { Actor } from "../../tree/actor.ts";
import { doOnce, type Repeatable } from "../../tree/commit/do-once.ts";
import { lockSpace } from "../../tree/commit/load.ts";
import { findLockedNode } from "../../tree/read/locked-node.ts";
import { findNode, noSuchNode } from "../../tree/read/look-up.ts";
import type { PlacedNode } from "../../tree/read/placed-node.ts";
import { changeMetadataBytes, commentWeight } from "../../tree/weight/metadata-bytes.ts";
import { loadGivers } from "../../tree/rights/load-rights.ts";
import { type Act, assertMay, roleMay } from "../../tree/rights/roles.ts";
import { assertMatches, type IfMatch } from "../sharing/assert-unchanged.ts";
import { checkMentions } from "./mentions.ts";
import { notifyOfComment } from "./notify-of-comment.ts";

export interface CommentWorld {
  readonly shards: Shards;
  readonly clock: Clock;
  readonly random: Random;
  /** Called when the queue of the space's shard has a message. */
  readonly queued: (spaceId: SpaceId) => void;
}

export interface CommentConditions {
  readonly once?: Repeatable;
  /** Revisions of the file or folder. */
  readonly ifMatch?: IfMatch;
}

export interface WrittenComment {
  readonly text: string;
  readonly mentions?: readonly string[] | undefined;
}

/**
 * @throws HoldfastError not_found, forbidden, trashed, invalid_field, quota, conflict if the node has too many comments
 */
export async function createComment(
  { shards, clock, random, queued }: CommentWorld,
  caller: Actor,
  nodeId: string,
  written: WrittenComment,
  { once, ifMatch }: CommentConditions = {},
): Promise<CommentRow> {
  const found = await findNode(shards, caller, nodeId);
  assertMayComment(found);
  const { row: node } = found;
  const text = checkLines(written.text, "text", limits.commentBytesMax);
  const mentions = await checkMentions(shards, node.id, written.mentions ?? []);
  const comment = await lockedIn(shards, caller, { spaceId: node.space_id, once }, async (transaction, actor) => {
    const locked = await findLockedNode(transaction, node.space_id, actor, node.id);
    assertMayComment(locked);
    assertMatches(locked, ifMatch);
    await assertRoom(transaction, node.space_id, node.id);
    const at = clock.nowMicros();
    const row: CommentRow = {
      space_id: node.space_id,
      node_id: node.id,
      id: makeId<CommentId>(bucketOf(node.space_id), Math.floor(at / 1000), random(8)),
      text,
      mentions,
      author: caller.userId,
      at,
      edited_at: null,
      resolved_at: null,
    };
    await sql`
      insert into shard.comments (space_id, node_id, id, text, mentions, author, at)
      values (${row.space_id}, ${row.node_id}, ${row.id}, ${text}, ${uuidArray(mentions)}, ${row.author}, ${at})
    `.execute(transaction);
    await changeMetadataBytes(transaction, row.space_id, commentWeight(row));
    const event = { spaceId: row.space_id, nodeId: row.node_id, verb: "commented", actor: caller.userId } as const;
    const detail = { comment_id: row.id };
    await recordEvent(transaction, { clock, random }, { ...event, deviceId: caller.deviceId, detail, atMicros: at });
    await notifyOfComment(transaction, row, { mentioned: mentions, isNew: true });
    return row;
  });
  queued(comment.space_id);
  return comment;
}

export async function updateComment(
  { shards, clock, queued }: CommentWorld,
  caller: Actor,
  id: string,
  written: WrittenComment,
  { once, ifMatch }: CommentConditions = {},
): Promise<CommentRow> {
  const { comment, node } = await findComment(shards, caller, id);
  assertMay(node, "comment");
  if (comment.author !== caller.userId) {
    throw new HoldfastError("forbidden", "Only the author of a comment can change it.");
  }
  const text = checkLines(written.text, "text", limits.commentBytesMax);
  const mentions =
    written.mentions === undefined ? comment.mentions : await checkMentions(shards, node.row.id, written.mentions);
  const changed = await lockedIn(shards, caller, { spaceId: comment.space_id, once }, async (transaction, actor) => {
    const { before, node: locked } = await readLocked(transaction, actor, comment, "comment");
    assertMatches(locked, ifMatch);
    const after = { ...before, text, mentions, edited_at: clock.nowMicros() };
    await sql`
      update shard.comments set text = ${text}, mentions = ${uuidArray(mentions)}, edited_at = ${after.edited_at}
      where id = ${after.id}`.execute(transaction);
    await changeMetadataBytes(transaction, after.space_id, commentWeight(after) - commentWeight(before));
    const mentioned = mentions.filter((userId) => !before.mentions.includes(userId));
    await notifyOfComment(transaction, after, { mentioned, isNew: false });
    return after;
  });
  queued(changed.space_id);
  return changed;
}

/** Also removes the comment's activity. @throws HoldfastError not_found, forbidden */
export async function deleteComment(
  { shards }: CommentWorld,
  caller: Actor,
  id: string,
  { once, ifMatch }: CommentConditions = {},
): Promise<void> {
  const { comment } = await findComment(shards, caller, id);
  await lockedIn(shards, caller, { spaceId: comment.space_id, once }, async (transaction, actor) => {
    const locked = await readLocked(transaction, actor, comment, "read");
    assertMatches(locked.node, ifMatch);
    const { space_id, at, ...before } = locked.before;
    if (before.author !== caller.userId && !roleMay(locked.node.role, "own")) {
      throw new HoldfastError("forbidden", "Only the author of a comment and the owner of the file can delete it.");
    }
    await sql`delete from shard.comments where id = ${before.id}`.execute(transaction);
    await sql`
      delete from shard.events where space_id = ${space_id} and at = ${at} and verb = 'commented'
        and detail ->> 'comment_id' = ${before.id}::text`.execute(transaction);
    await changeMetadataBytes(transaction, space_id, -commentWeight(before));
  });
}

/** Does nothing if the state is unchanged. @throws HoldfastError not_found, forbidden */
export async function resolveComment(
  { shards, clock }: CommentWorld,
  caller: Actor,
  id: string,
  resolved: boolean,
  { once, ifMatch }: CommentConditions = {},
): Promise<CommentRow> {
  const { comment, node } = await findComment(shards, caller, id);
  assertMay(node, "comment");
  return lockedIn(shards, caller, { spaceId: comment.space_id, once }, async (transaction, actor) => {
    const { before, node: locked } = await readLocked(transaction, actor, comment, "comment");
    assertMatches(locked, ifMatch);
    const resolvedAt = resolved ? (before.resolved_at ?? clock.nowMicros()) : null;
    await sql`update shard.comments set resolved_at = ${resolvedAt}::int8 where id = ${before.id}`.execute(transaction);
    return { ...before, resolved_at: resolvedAt };
  });
}

/**
 * Runs a transaction with the space's lock and the caller's current rights. Stores the result for a repeated request.
 */
async function lockedIn<Result>(
  shards: Shards,
  caller: Actor,
  { spaceId, once }: { readonly spaceId: SpaceId; readonly once: Repeatable | undefined },
  act: (transaction: ShardQueries, actor: Actor) => Promise<Result>,
): Promise<Result> {
  const isOwn = caller.owns && caller.spaceId === spaceId;
  const actor = isOwn ? caller : { ...caller, givers: await loadGivers(shards, spaceId, caller.grantees) };
  return inTransaction(shards.ofId(spaceId).db, async (transaction) => {
    await lockSpace(transaction, spaceId);
    return once === undefined ? act(transaction, actor) : doOnce(transaction, once, () => act(transaction, actor));
  });
}

function assertMayComment(node: PlacedNode): void {
  assertMay(node, "comment");
  if (node.row.trashed_at === null) return;
  const message = `${JSON.stringify(node.row.name)} is in the trash. Restore it before you comment on it.`;
  throw new HoldfastError("trashed", message);
}

/** @throws HoldfastError not_found, also for a node that is not readable */
async function findComment(
  shards: Shards,
  caller: Actor,
  id: string,
): Promise<{ readonly comment: CommentRow; readonly node: PlacedNode }> {
  if (!isId(id)) throw noSuchComment();
  // Index: comments_id.
  const { rows } = await sql<CommentRow>`
    select * from shard.comments where id = ${id}`.execute(shards.ofId(id as CommentId).db);
  const comment = rows[0];
  if (comment === undefined) throw noSuchComment();
  const node = await findNode(shards, caller, comment.node_id).catch(asNoSuchComment);
  // Clients choose node ids, so two spaces may contain the same id.
  if (node.row.space_id !== comment.space_id) throw noSuchComment();
  return { comment, node };
}

/** Reads the comment and its node under the lock. @throws HoldfastError not_found, forbidden */
async function readLocked(
  transaction: ShardQueries,
  actor: Actor,
  { id, space_id, node_id }: CommentRow,
  act: Act,
): Promise<{ readonly before: CommentRow; readonly node: PlacedNode }> {
  const { rows } = await sql<CommentRow>`select * from shard.comments where id = ${id}`.execute(transaction);
  if (rows[0] === undefined) throw noSuchComment();
  const node = await findLockedNode(transaction, space_id, actor, node_id).catch(asNoSuchComment);
  assertMay(node, act);
  return { before: rows[0], node };
}

/** Comments of invisible nodes count as missing. */
function asNoSuchComment(error: unknown): never {
  throw error instanceof HoldfastError && error.code === "not_found" ? noSuchComment() : error;
}

/** Runs under the lock, because the node may have been purged. Indexes: primary keys. */
async function assertRoom(transaction: ShardQueries, spaceId: SpaceId, nodeId: NodeId): Promise<void> {
  const { rows } = await sql<{ count: number }>`
    select (select count(*)::int from shard.comments c where c.space_id = n.space_id and c.node_id = n.id) as count
    from shard.nodes n where n.space_id = ${spaceId} and n.id = ${nodeId} and n.purged_at is null`.execute(transaction);
  if (rows[0] === undefined) throw noSuchNode();
  if (rows[0].count < limits.commentsMax) return;
  const message = `A file or folder has at most ${limits.commentsMax} comments. Delete some first.`;
  throw new HoldfastError("conflict", message, { field: "text" });
}

function noSuchComment(): HoldfastError {
  return new HoldfastError("not_found", "There is no such comment, or you may not see it.");
}
