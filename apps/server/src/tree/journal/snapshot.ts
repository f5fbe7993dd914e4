import { isId, type NodeId } from "@holdfast/core/ids";
import { limits } from "@holdfast/core/limits";
import type { NodeJson } from "@holdfast/protocol/values";
import { sql } from "kysely";
import { z } from "zod";
import type { ReadShards } from "../../base/db/shards.ts";
import type { Actor } from "../actor.ts";
import { decodeCursor, encodeCursor } from "../read/cursor.ts";
import { findNodes, showMounts } from "../read/look-up.ts";
import { findOwnNodes } from "../read/own-nodes.ts";
import { nodeJson } from "../read/node-json.ts";
import { fittingPage } from "../read/page-bytes.ts";
import { isReadable } from "../read/placed-node.ts";
import { walkFolder } from "../read/walk-folder.ts";
import { decodeToken } from "./change-token.ts";
import { checkPosition, positionIn } from "./journal-position.ts";
import { findShares, seqsOf, type Share } from "./share-changes.ts";
import { startToken } from "./start-token.ts";

export interface SnapshotRequest {
  readonly cursor?: string | undefined;
  /** Number of rows to read for one page. */
  readonly limit?: number | undefined;
}

export interface SnapshotPage {
  readonly items: NodeJson[];
  readonly next_cursor: string | null;
  readonly token: string;
  readonly epoch: string;
  readonly seq?: number;
  readonly share_seqs: Readonly<Record<string, number>>;
}

const snapshotCursor = z.tuple([
  z.string().max(limits.tokenBytesMax),
  z.string().refine(isId).nullable().describe("the last of the caller's own nodes; null after all were sent"),
  z.string().refine(isId).nullable().describe("the shared folder that is being listed"),
  z.string().max(2048).nullable().describe("where in it"),
]);
type Place = z.output<typeof snapshotCursor>;

/**
 * Every visible live node, page by page. The caller's own nodes come in id order, then the content of each mount,
 * parents first. The token is taken before the first page. Changes since that token fix all that a page shows too old
 * or misses. A page may have fewer than `limit` nodes, or none, because it skips the trash. Only `next_cursor` marks
 * the end.
 * @throws HoldfastError bad_request for a cursor of another list
 * @throws HoldfastError reset if the journal was replaced, because one snapshot must not mix two histories
 */
export async function readSnapshot(
  shards: ReadShards,
  caller: Actor,
  { cursor, limit = limits.listItemsMax }: SnapshotRequest,
): Promise<SnapshotPage> {
  const place: Place =
    cursor === undefined
      ? [await startToken(shards, caller), caller.owns ? zeroId : null, null, null]
      : decodeCursor(snapshotCursor, cursor);
  const [token, afterId] = place;
  if (cursor !== undefined && caller.owns) {
    await checkPosition(shards.of(caller.bucket), positionIn(caller, token, "cursor"));
  }
  const positions = decodeToken(token, "cursor");
  const inToken = new Set(positions.map(({ spaceId }) => spaceId));
  // The changes report folders mounted since the first page.
  const shares = (await findShares(shards, caller)).filter(({ spaceId }) => inToken.has(spaceId));
  const page =
    afterId === null
      ? await readShare(shards, caller, { place, shares, limit })
      : await readOwn(shards, caller, { place, afterId, limit, shares });
  const epoch = positions.find(({ spaceId }) => spaceId === caller.spaceId)?.epoch ?? "";
  return { ...page, token, epoch, ...seqsOf(caller, shares, positions) };
}

interface Page {
  readonly items: NodeJson[];
  readonly next_cursor: string | null;
}

async function readOwn(
  shards: ReadShards,
  caller: Actor,
  { place, afterId, limit, shares }: { place: Place; afterId: string; limit: number; shares: readonly Share[] },
): Promise<Page> {
  const shard = shards.of(caller.bucket);
  // Uses the primary key only.
  const { rows } = await sql<{ id: NodeId }>`
    select id from shard.nodes where space_id = ${caller.spaceId} and id > ${afterId}::uuid
    order by id limit ${limit + 1}`.execute(shard.db);
  const asked = rows.slice(0, limit).map((row) => row.id);
  const nodes = await findOwnNodes(shard, caller, asked);
  const ids = fittingPage(asked, (id) => nodes.get(id));
  const live = ids
    .map((id) => nodes.get(id))
    .filter((node) => node !== undefined)
    .filter(({ row }) => row.trashed_at === null && row.purged_at === null);
  const last = ids.at(-1);
  const [token] = place;
  const isMore = rows.length > ids.length && last !== undefined;
  const then = shares.length === 0 ? null : encodeCursor([token, null, null, null] satisfies Place);
  return {
    items: (await showMounts(shards, caller, live)).map((node) => nodeJson(node)),
    next_cursor: isMore ? encodeCursor([token, last, null, null] satisfies Place) : then,
  };
}

/** Folders come in id order, so that a new or missing one does not shift the others. */
async function readShare(
  shards: ReadShards,
  caller: Actor,
  { place: [token, , folderId, within], shares, limit }: { place: Place; shares: readonly Share[]; limit: number },
): Promise<Page> {
  const inOrder = shares.toSorted((left, right) => (left.targetId < right.targetId ? -1 : 1));
  const share = inOrder.find(({ targetId }) => folderId === null || targetId >= folderId);
  if (share === undefined) return { items: [], next_cursor: null };
  const top = (await findNodes(shards, caller, [share.targetId])).get(share.targetId);
  const isSame = share.targetId === folderId;
  const { nodes, nextCursor } =
    top === undefined
      ? { nodes: [], nextCursor: null }
      : await walkFolder(shards.ofId(share.spaceId), top, limit, isSame ? (within ?? undefined) : undefined);
  // A link's view begins with its folder.
  const first = !caller.owns && !isSame && top !== undefined ? [top] : [];
  const next = inOrder.find(({ targetId }) => targetId > share.targetId);
  const goOn = encodeCursor([token, null, share.targetId, nextCursor] satisfies Place);
  const goTo = next === undefined ? null : encodeCursor([token, null, next.targetId, null] satisfies Place);
  return {
    items: [...first, ...nodes].filter(isReadable).map((node) => nodeJson(node)),
    next_cursor: nextCursor === null ? goTo : goOn,
  };
}

/** Sorts before every id. */
const zeroId = "00000000-0000-0000-0000-000000000000";
