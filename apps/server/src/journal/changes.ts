import { HoldfastError } from "@holdfast/core/errors";
import { limits } from "@holdfast/core/limits";
import type { ChangeJson } from "@holdfast/protocol/node-routes";
import { sql } from "kysely";
import type { Actor } from "../metadata/actor.ts";
import type { JournalRow, SpaceRow } from "../db/shard-tables.ts";
import type { Shard, Shards } from "../db/shards.ts";
import { addBlocks } from "../metadata/content/inline-blocks.ts";
import { findOwnNodes, findRevisions } from "../metadata/read/own-nodes.ts";
import type { PlacedNode } from "../metadata/read/placed-node.ts";
import { nodeJson } from "../metadata/read/node-json.ts";
import { fittingPage } from "../metadata/read/page-bytes.ts";
import { decodeToken, encodeToken, type JournalPosition } from "./change-token.ts";

/** A token that stands at the head of every journal in the caller's view. */
export async function startToken(shards: Shards, caller: Actor): Promise<string> {
  const shard = shards.of(caller.bucket);
  const { rows } = await sql<{ epoch: string; seq: number; tag: Buffer | null }>`
    select s.epoch, s.seq, j.tag from shard.spaces s
    left join shard.journal j on j.space_id = s.id and j.seq = s.seq
    where s.id = ${caller.spaceId}`.execute(shard.db);
  const head = rows[0];
  if (head === undefined) throw new HoldfastError("internal", "The caller has no space.");
  const { epoch, seq, tag } = head;
  return encodeToken([{ spaceId: caller.spaceId, epoch, seq, tag: tag?.toString("hex") ?? "" }]);
}

export interface ChangesRequest {
  readonly since_token: string;
  readonly limit?: number | undefined;
  /** Lists of few blocks come along, except of versions that the calling device has sent itself. */
  readonly include?: "blocks" | undefined;
  /** What the calling device did itself comes without the node where it has heard of its state already. */
  readonly own?: "brief" | undefined;
}

/**
 * What happened since the token, oldest first. A node's state is that of now: it may be newer than the entry, and one
 * that has left the view since is `gone`.
 * @throws HoldfastError reset: the journal that the token knows is not this one (`epoch`), or is no longer kept (`expired`)
 */
export async function listChanges(shards: Shards, caller: Actor, request: ChangesRequest) {
  const limit = request.limit ?? limits.listItemsMax;
  const position = positionIn(caller, request.since_token);
  const shard = shards.of(caller.bucket);
  const space = await checkPosition(shard, position);
  // Served by the primary key.
  const { rows: read } = await sql<JournalRow>`
    select * from shard.journal where space_id = ${caller.spaceId} and seq > ${position.seq}
    order by seq limit ${limit}`.execute(shard.db);
  const brief = request.own === "brief" ? await briefChanges(shard, caller, read) : new Map<number, ChangeJson>();
  const told = read.filter(({ seq }) => !brief.has(seq));
  const nodes = await findOwnNodes(shard, caller, [...new Set(told.map((row) => row.node_id))]);
  const rows = fittingPage(read, ({ seq, node_id }) => (brief.has(seq) ? undefined : nodes.get(node_id)));
  const changes = rows.map((row) => brief.get(row.seq) ?? changeJson(row, nodes.get(row.node_id)));
  const foreign = changes.flatMap(({ node }) => (node === undefined || isOwn(caller, node) ? [] : [node]));
  if (request.include === "blocks") await addBlocks(shard, caller.spaceId, foreign);
  const last = rows.at(-1);
  const reached = last === undefined ? position : { ...position, seq: last.seq, tag: last.tag.toString("hex") };
  return {
    changes,
    next_token: encodeToken([reached]),
    has_more: reached.seq < space.seq,
    epoch: space.epoch,
  };
}

/**
 * Where a token stands in the journal that the caller sees.
 * @throws HoldfastError bad_request, and reset for the token of another view
 */
export function positionIn({ spaceId }: Pick<Actor, "spaceId">, token: string, field = "since_token"): JournalPosition {
  const position = decodeToken(token, field).find((each) => each.spaceId === spaceId);
  if (position === undefined) throw reset("epoch");
  return position;
}

/** @returns the head. @throws HoldfastError reset unless the position is one of this journal, and still kept */
export async function checkPosition(shard: Shard, position: JournalPosition): Promise<Pick<SpaceRow, "epoch" | "seq">> {
  const { rows } = await sql<{ epoch: string; seq: number; tag: Buffer | null }>`
    select s.epoch, s.seq, j.tag from shard.spaces s
    left join shard.journal j on j.space_id = s.id and j.seq = ${position.seq}
    where s.id = ${position.spaceId}`.execute(shard.db);
  const space = rows[0];
  if (space === undefined || space.epoch !== position.epoch || position.seq > space.seq) throw reset("epoch");
  if (position.seq === 0) {
    const { rows: first } = await sql<{ seq: number }>`
      select seq from shard.journal where space_id = ${position.spaceId} order by seq limit 1`.execute(shard.db);
    if (space.seq > 0 && first[0]?.seq !== 1) throw reset("expired");
    return space;
  }
  if (space.tag === null) throw reset("expired");
  if (space.tag.toString("hex") !== position.tag) throw reset("epoch");
  return space;
}

export function reset(reason: "epoch" | "expired"): HoldfastError {
  const why =
    reason === "epoch"
      ? "The server's history is not the one that this token comes from (it was restored, or the token is another server's)."
      : "The token is older than the history that the server keeps.";
  return new HoldfastError("reset", `${why} List everything again and begin with a new start token.`, {
    body: { reason },
  });
}

function changeJson(row: JournalRow, node: PlacedNode | undefined): ChangeJson {
  const { seq, kind, node_id: id } = row;
  if (kind === "gone" || node === undefined || node.row.trashed_at !== null) return { seq, kind: "gone", id };
  return { seq, kind, id, node: nodeJson(node) };
}

/** By number: the last change of a live node, made by the calling device, which has heard then what became of the node. */
async function briefChanges(
  shard: Shard,
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

function isOwn({ deviceId }: Actor, { device_id }: { readonly device_id?: string | null | undefined }): boolean {
  return deviceId !== null && device_id === deviceId;
}
