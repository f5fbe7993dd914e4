import type { NodeId, SpaceId } from "@holdfast/core/ids";
import { sql } from "kysely";
import { enqueue } from "../../base/queue/enqueue.ts";
import type { NodeRow, ShardQueries } from "../../base/db/shard-tables.ts";
import { uuidArray } from "../../base/db/array-parameters.ts";
import { readLineages } from "../read/lineages.ts";
import type { JournalEntry } from "./work.ts";

/** Sorts before every id; makes the query use the primary key. */
const firstId = "00000000-0000-0000-0000-000000000000";

const idsPerMessage = 500;

/** Maximum number of grantees in a message. Beyond this, the message concerns all grantees. */
const aboveMax = 500;

interface Changed {
  readonly before: NodeRow;
  readonly after: NodeRow;
}

/**
 * Enqueues reviews of grants after moves and deletions, which can hide shared nodes from people or show them again. The
 * affected people are found later. Does nothing in a space without shares. Index: the primary key.
 * @param nodes before and after. A new name in the same folder changes no rights, so it causes no review.
 * @returns true if a message was enqueued
 */
export async function reviewGrants(
  transaction: ShardQueries,
  spaceId: SpaceId,
  journal: readonly JournalEntry[],
  nodes: readonly Changed[],
): Promise<boolean> {
  const placed = nodes.filter(({ before, after }) => before.parent_id === after.parent_id);
  const inPlace = new Set(placed.map(({ after }) => after.id));
  const isRenamed = ({ kind, node_id: id }: JournalEntry) => kind === "changed" && inPlace.has(id);
  const reviewed = journal.filter((entry) => entry.from_parent !== null && !isRenamed(entry));
  if (reviewed.length === 0) return false;
  const { rows } = await sql`
    select id from shard.grants where space_id = ${spaceId} and id > ${firstId}::uuid order by id limit 1`.execute(
    transaction,
  );
  if (rows.length === 0) return false;
  const all = new Set(reviewed.map((entry) => entry.node_id));
  const moved = liveMoves(nodes, reviewed);
  const above = moved.size === 0 ? undefined : await findAbove(transaction, spaceId, nodes, moved);
  if (above === undefined) return enqueueReview(transaction, { spaceId, nodeIds: [...all] });
  const isLeft = await enqueueReview(transaction, { spaceId, nodeIds: [...all.difference(moved)] });
  // Nobody has a grant above, before or after, so nobody's role changed.
  if (above.length === 0) return isLeft;
  return (await enqueueReview(transaction, { spaceId, nodeIds: [...moved], above })) || isLeft;
}

interface Review {
  readonly spaceId: SpaceId;
  readonly nodeIds: readonly NodeId[];
  /** Accounts and groups whose rights the move may have changed; undefined: all grantees. */
  readonly above?: readonly string[];
}

async function enqueueReview(transaction: ShardQueries, { nodeIds, ...review }: Review): Promise<boolean> {
  for (let start = 0; start < nodeIds.length; start += idsPerMessage) {
    const payload = { ...review, nodeIds: nodeIds.slice(start, start + idsPerMessage) };
    await enqueue(transaction, { kind: "grants_moved", payload });
  }
  return nodeIds.length > 0;
}

/** Returns nodes that only changed their folder, and were not in the trash before or after. */
function liveMoves(nodes: readonly Changed[], reviewed: readonly JournalEntry[]): ReadonlySet<NodeId> {
  const isLive = ({ trashed_at, purged_at }: NodeRow) => trashed_at === null && purged_at === null;
  const live = nodes.filter(({ before, after }) => isLive(before) && isLive(after));
  const moved = new Set(live.map(({ after }) => after.id));
  for (const { kind, node_id: id } of reviewed) if (kind !== "changed") moved.delete(id);
  return moved.intersection(new Set(reviewed.map((entry) => entry.node_id)));
}

/**
 * Returns the accounts and groups with grants at a folder above these nodes, in the old or new place. Indexes: the
 * primary key and grants_grantee_once.
 * @returns undefined if a folder above is gone, or there are too many grantees
 */
async function findAbove(
  transaction: ShardQueries,
  spaceId: SpaceId,
  nodes: readonly Changed[],
  moved: ReadonlySet<NodeId>,
): Promise<readonly string[] | undefined> {
  const ids = nodes.flatMap(({ before, after }) => [before.parent_id, after.parent_id]).filter((id) => id !== null);
  type Row = Pick<NodeRow, "id" | "parent_id">;
  const rows = await readLineages<Row>({ db: transaction }, spaceId, [...new Set(ids)], sql`id, parent_id`);
  const now = new Map(rows.map((row) => [row.id, row.parent_id]));
  const then = new Map([...now, ...nodes.map(({ before }) => [before.id, before.parent_id] as const)]);
  const folders = new Set<NodeId>();
  for (const parents of [now, then]) {
    const seen = new Set<NodeId>();
    for (const { before, after } of nodes) {
      if (!moved.has(after.id)) continue;
      const start = parents === now ? after : before;
      for (let at = start.parent_id; at !== null && !seen.has(at); at = parents.get(at) ?? null) {
        if (!now.has(at)) return undefined;
        seen.add(at);
      }
    }
    for (const id of seen) folders.add(id);
  }
  const { rows: granted } = await sql<{ grantee_id: string }>`
    select distinct grantee_id from shard.grants
    where space_id = ${spaceId} and node_id = any(${uuidArray([...folders])}) and kind in ('user', 'group')
    limit ${aboveMax + 1}`.execute(transaction);
  return granted.length > aboveMax ? undefined : granted.map(({ grantee_id: id }) => id);
}
