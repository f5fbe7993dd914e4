import { limits } from "@holdfast/core/limits";
import type { ChangeJson } from "@holdfast/protocol/change-routes";
import type { Actor } from "../actor.ts";
import type { JournalRow } from "../../base/db/shard-tables.ts";
import type { ReadShard, ReadShards } from "../../base/db/shards.ts";
import { addBlocks } from "../content/inline-blocks.ts";
import { findOwnNodes, findRevisions } from "../read/own-nodes.ts";
import type { PlacedNode } from "../read/placed-node.ts";
import { showMounts } from "../read/look-up.ts";
import { fittingPage } from "../read/page-bytes.ts";
import { foreignOf, isOwn, positionIn, reachedBy, readFrom } from "./journal-position.ts";
import { findShares, goneJson, listShare, liveChange, seqsOf } from "./share-changes.ts";
import { beginShare, placesOutOfView } from "./begin-share.ts";
import { decodeToken, encodeToken, type JournalPosition } from "./change-token.ts";

export interface ChangesRequest {
  readonly since_token: string;
  readonly limit?: number | undefined;
  /** Adds short block lists, except for versions that the calling device sent. */
  readonly include?: "blocks" | undefined;
  /** Omits the node from the calling device's own changes if the device already knows its state. */
  readonly own?: "brief" | undefined;
}

/**
 * Changes since the token. The caller's own space comes first, oldest change first. The folders behind its mounts
 * follow after that. A node's state is the current one, so it may be newer than the entry. A node that has since left
 * the view is `gone`.
 * @throws HoldfastError reset: the journal is a different one (`epoch`) or was deleted (`expired`)
 */
export async function listChanges(shards: ReadShards, caller: Actor, request: ChangesRequest) {
  const limit = request.limit ?? limits.listItemsMax;
  const positions = decodeToken(request.since_token);
  const own = caller.owns ? await listOwn(shards, caller, { ...request, limit }) : undefined;
  const changes = own?.changes ?? [];
  const reached: JournalPosition[] = own === undefined ? [] : [own.reached];
  let hasMore = own?.hasMore ?? false;
  // Must follow the own journal: a mount that it names has to be in the token. Otherwise, changes in the mount until
  // the next call would be lost.
  const shares = await findShares(shards, caller);
  for (const [spaceId, ofSpace] of Map.groupBy(shares, (share) => share.spaceId)) {
    const position = positions.find((each) => each.spaceId === spaceId);
    const room = hasMore ? 0 : limit - changes.length;
    const asked = { shares: ofSpace, limit: room, blocks: request.include };
    const share =
      position === undefined
        ? await beginShare(shards, caller, { shares: ofSpace, before: changes, room, own: own?.reached })
        : await listShare(shards, caller, { position, ...asked });
    changes.push(...share.changes);
    if (share.reached !== undefined) reached.push(share.reached);
    hasMore ||= share.hasMore;
  }
  return {
    changes,
    next_token: encodeToken([...reached, ...(await placesOutOfView(shards, caller, { positions, reached }))]),
    has_more: hasMore,
    epoch: (own?.reached ?? reached[0])?.epoch ?? "",
    ...seqsOf(caller, shares, reached),
  };
}

async function listOwn(shards: ReadShards, caller: Actor, request: ChangesRequest & { readonly limit: number }) {
  const position = positionIn(caller, request.since_token);
  const shard = shards.of(caller.bucket);
  const [space, read] = await readFrom(shard, position, request.limit);
  const brief = request.own === "brief" ? await briefChanges(shard, caller, read) : new Map<number, ChangeJson>();
  const full = read.filter(({ seq }) => !brief.has(seq));
  const placed = await findOwnNodes(shard, caller, [...new Set(full.map((row) => row.node_id))]);
  const nodes = new Map((await showMounts(shards, caller, [...placed.values()])).map((node) => [node.row.id, node]));
  const rows = fittingPage(read, ({ seq, node_id }) => (brief.has(seq) ? undefined : nodes.get(node_id)));
  const changes = rows.map((row) => brief.get(row.seq) ?? changeJson(caller, row, nodes.get(row.node_id)));
  if (request.include === "blocks") await addBlocks(shard, caller.spaceId, foreignOf(caller, changes));
  const reached = { ...reachedBy(position, rows), notified: space.notified };
  return { changes, reached, hasMore: reached.seq < space.seq };
}

function changeJson(caller: Actor, row: JournalRow, node: PlacedNode | undefined): ChangeJson {
  const { seq, node_id: id } = row;
  // A node hides nothing from its owner: another user's right is a normal change.
  const kind = row.grantee_id === null ? row.kind : "changed";
  if (kind === "gone") return goneJson(row, caller);
  if (node === undefined || node.row.trashed_at !== null) return { seq, kind: "gone", id };
  return liveChange(row, kind, node);
}

/** Last changes of live nodes by the calling device, by number. The device already knows the result. */
async function briefChanges(
  shard: ReadShard,
  caller: Actor,
  rows: readonly JournalRow[],
): Promise<ReadonlyMap<number, ChangeJson>> {
  const own = rows.filter((row) => row.kind === "changed" && isOwn(caller, row));
  const now = await findRevisions(shard, caller, [...new Set(own.map((row) => row.node_id))]);
  const brief = new Map<number, ChangeJson>();
  for (const { seq, node_id: id } of own) {
    const state = now.get(id);
    if (state?.seq === seq) brief.set(seq, { seq, kind: "changed", id, revision: state.revision });
  }
  return brief;
}
