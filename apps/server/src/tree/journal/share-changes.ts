import type { NodeId, SpaceId } from "@holdfast/core/ids";
import type { ChangeJson } from "@holdfast/protocol/change-routes";
import { sql } from "kysely";
import { keyed } from "../../base/db/database.ts";
import type { JournalRow } from "../../base/db/shard-tables.ts";
import type { ReadShards } from "../../base/db/shards.ts";
import type { Actor } from "../actor.ts";
import { addBlocks } from "../content/inline-blocks.ts";
import { findGrantedNodes } from "../read/granted-nodes.ts";
import { loadMounts } from "../read/mounts.ts";
import { nodeJson } from "../read/node-json.ts";
import { fittingPage } from "../read/page-bytes.ts";
import type { PlacedNode } from "../read/placed-node.ts";
import type { JournalPosition } from "./change-token.ts";
import { foreignOf, reachedBy, readFrom } from "./journal-position.ts";

/** Visible folder of another user, with its subtree. */
export interface Share {
  /** Undefined for a link, whose view is this folder. */
  readonly mountId: NodeId | undefined;
  readonly spaceId: SpaceId;
  readonly targetId: NodeId;
}

/** Folders behind the caller's visible mounts. */
export async function findShares(shards: ReadShards, caller: Actor): Promise<Share[]> {
  if (!caller.owns) return [{ mountId: undefined, spaceId: caller.spaceId, targetId: caller.rootId }];
  if (!caller.receives) return [];
  const mounts = [...(await loadMounts(shards, caller)).values()];
  if (mounts.length === 0) return [];
  const seen = await findGrantedNodes(
    shards,
    caller,
    mounts.map(({ targetId }) => targetId),
  );
  const live = mounts.filter(({ targetId, spaceId }) => {
    const row = seen.get(targetId)?.row;
    return row?.space_id === spaceId && row.trashed_at === null;
  });
  return live.map(({ id, spaceId, targetId }) => ({ mountId: id, spaceId, targetId }));
}

interface ShareRequest {
  readonly position: JournalPosition;
  readonly shares: readonly Share[];
  readonly limit: number;
  readonly blocks: "blocks" | undefined;
}

/** Changes in the shared folders of one space that the caller may see. @throws HoldfastError reset */
export async function listShare(shards: ReadShards, caller: Actor, { position, shares, limit, blocks }: ShareRequest) {
  const shard = shards.ofId(position.spaceId);
  const [space, read] = await readFrom(shard, position, limit);
  const sight = await lookAt(shards, caller, { entries: read, shares });
  const rows = fittingPage(read, ({ node_id }) => sight.seen.get(node_id));
  const changes = rows.flatMap((row) => changeIn(caller, row, sight));
  if (blocks !== undefined) await addBlocks(shard, position.spaceId, foreignOf(caller, changes));
  const reached = reachedBy(position, rows);
  return { changes, reached, hasMore: reached.seq < space.seq };
}

/** Current view of the nodes that entries name. */
export interface Sight {
  readonly seen: ReadonlyMap<NodeId, PlacedNode>;
  readonly targets: ReadonlySet<NodeId>;
  /** The caller and its groups. Their rights are visible to the caller. */
  readonly grantees: ReadonlySet<string>;
  /** Left groups. Their rights are visible up to the time of leaving. */
  readonly left: GroupsLeft;
}

export async function lookAt(
  shards: ReadShards,
  caller: Actor,
  { entries, shares }: { readonly entries: readonly JournalRow[]; readonly shares: readonly Share[] },
): Promise<Sight> {
  const found = await findGrantedNodes(shards, caller, namedBy(entries));
  const isOfOthers = ({ grantee_id: grantee }: JournalRow) => grantee !== null && !caller.grantees.includes(grantee);
  const left = caller.owns && entries.some(isOfOthers) ? await groupsLeft(shards, caller) : new Map<string, number>();
  return sightOf({ ...caller, left }, found, shares);
}

/** Groups that the account left, with the time of leaving. Reaches back as far as journals do. Index: primary key. */
async function groupsLeft(shards: ReadShards, { bucket, userId }: Actor): Promise<GroupsLeft> {
  const { rows } = await sql<{ group_id: string; changed_at: number }>`
    select group_id, changed_at from shard.memberships where user_id = ${userId} and role is null ${keyed}`.execute(
    shards.of(bucket).db,
  );
  return new Map(rows.map((row) => [row.group_id, row.changed_at]));
}

/** Time of leaving in microseconds since 1970, by group id. */
export type GroupsLeft = ReadonlyMap<string, number>;

export function namedBy(entries: readonly JournalRow[]): NodeId[] {
  const ids = entries.flatMap(({ node_id: id, from_parent: from }) => (from === null ? [id] : [id, from]));
  return [...new Set(ids)];
}

interface Grantee extends Pick<Actor, "owns" | "grantees"> {
  readonly left: GroupsLeft;
}

/** @param found nodes found by grants, at any place */
export function sightOf(caller: Grantee, found: ReadonlyMap<NodeId, PlacedNode>, shares: readonly Share[]): Sight {
  const targets = new Set(shares.map(({ targetId }) => targetId));
  const spaceIds = new Set(shares.map(({ spaceId }) => spaceId));
  const isShown = ({ row, shownBy }: PlacedNode) =>
    spaceIds.has(row.space_id) && row.trashed_at === null && (!caller.owns || shownBy !== undefined);
  const seen = new Map([...found].filter(([, node]) => isShown(node)));
  return { seen, targets, grantees: new Set(caller.grantees), left: caller.left };
}

/** Empty if the caller may know nothing about the node, before or after. */
export function changeIn(caller: Pick<Actor, "userId">, row: JournalRow, sight: Sight): ChangeJson[] {
  const { seen, targets } = sight;
  const { seq, node_id: id, from_parent: from, grantee_id: grantee } = row;
  // Changes of the folder itself are in the caller's own space, at its mount. Mounts that the owner makes in it stay
  // private.
  if (targets.has(id) || row.of_mount) return [];
  const node = seen.get(id);
  // Trash is outside every view: the node may have been deleted before the share began.
  const leftView = from !== null && seen.has(from) && row.from_trashed_at === null;
  if (node === undefined) {
    const isEnded = grantee !== null && maySeeRight(row, grantee, sight);
    if (leftView && row.kind === "gone") return [goneJson(row, caller)];
    return leftView || isEnded ? [{ seq, kind: "gone", id }] : [];
  }
  if (row.kind === "gone") return leftView ? [goneJson(row, caller)] : [];
  const isNew = row.kind === "appeared" || (from !== null && !wasShownWith(node, seen.get(from), seq));
  // A node hidden from a group also appears anew for its former members.
  if (grantee !== null && row.kind !== "appeared" && !maySeeRight(row, grantee, sight)) return [];
  return [liveChange(row, isNew ? "appeared" : "changed", node)];
}

/**
 * A folder's creation may be reported as `gone`, or precede the token. That happens if it was moved out of a new folder
 * that is now in the trash. No entry then lists its content, so `existed` is set.
 */
export function liveChange(row: JournalRow, kind: "changed" | "appeared", node: PlacedNode): ChangeJson {
  const isMaking = row.from_name === "";
  const hasMore = node.row.kind === "folder" || node.row.kind === "mount";
  const existed = kind === "changed" && hasMore && !isMaking ? { existed: true as const } : {};
  return { seq: row.seq, kind, id: row.node_id, ...existed, node: nodeJson(node) };
}

/** Rights that a group got after the caller left it stay hidden. @returns true if the caller may see the right */
function maySeeRight({ at }: JournalRow, grantee: string, { grantees, left }: Sight): boolean {
  return grantees.has(grantee) || at <= (left.get(grantee) ?? -Infinity);
}

/**
 * Best guess: the folder may have come into view since, or another mount may show it now. If false, the reader must
 * list the node's content.
 * @returns true if the node's former folder was in view then
 */
function wasShownWith(node: PlacedNode, before: PlacedNode | undefined, seq: number): boolean {
  return before !== undefined && before.shownBy === node.shownBy && (before.placedSeq ?? 0) < seq;
}

/**
 * Entry for a node that left the view or went to the trash. An approval counts on the devices of the approving account
 * only.
 */
export function goneJson(row: JournalRow, caller: Pick<Actor, "userId">): ChangeJson {
  const isApproved = row.approved && row.actor === caller.userId;
  return {
    seq: row.seq,
    kind: "gone",
    id: row.node_id,
    ...(row.rewind_id !== null && { rewound: true }),
    ...(isApproved && { approved: true }),
    ...(wasInTrash(row) && { from_trash: true }),
  };
}

/** Only a permanent removal stores the node's name. `from_trashed_at` is the time of the move to the trash. */
function wasInTrash({ from_name: name, from_trashed_at: trashedAt }: JournalRow): boolean {
  return name !== null && trashedAt !== null;
}

/** Last reported number of each visible journal. */
export function seqsOf(caller: Actor, shares: readonly Share[], reached: readonly JournalPosition[]) {
  const seqs = new Map(reached.map(({ spaceId, seq }) => [spaceId, seq]));
  const own = caller.owns ? seqs.get(caller.spaceId) : undefined;
  const entries = shares.flatMap(({ mountId, spaceId }) => {
    const seq = seqs.get(spaceId);
    return mountId === undefined || seq === undefined ? [] : [[mountId, seq] as const];
  });
  return { ...(own === undefined ? {} : { seq: own }), share_seqs: Object.fromEntries(entries) };
}
