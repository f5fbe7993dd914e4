import type { NodeId, SpaceId } from "@holdfast/core/ids";
import type { ChangeJson } from "@holdfast/protocol/node-routes";
import { sql } from "kysely";
import { keyed } from "../db/database.ts";
import type { JournalRow } from "../db/shard-tables.ts";
import type { Shards } from "../db/shards.ts";
import type { Actor } from "../metadata/actor.ts";
import { addBlocks } from "../metadata/content/inline-blocks.ts";
import { findGrantedNodes } from "../metadata/read/granted-nodes.ts";
import { loadMounts } from "../metadata/read/mounts.ts";
import { nodeJson } from "../metadata/read/node-json.ts";
import { fittingPage } from "../metadata/read/page-bytes.ts";
import type { PlacedNode } from "../metadata/read/placed-node.ts";
import type { JournalPosition } from "./change-token.ts";
import { foreignOf, reachedBy, readFrom } from "./journal-position.ts";

/** A folder of somebody else's that is in view, with all below it. */
export interface Share {
  /** Undefined for a link, whose whole view it is. */
  readonly mountId: NodeId | undefined;
  readonly spaceId: SpaceId;
  readonly targetId: NodeId;
}

/** What the caller's mounts show at this moment. */
export async function findShares(shards: Shards, caller: Actor): Promise<Share[]> {
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
  /** All of one space. */
  readonly shares: readonly Share[];
  readonly limit: number;
  readonly blocks: "blocks" | undefined;
}

/** What happened in the shared folders of one space, as far as the caller may see it. @throws HoldfastError reset */
export async function listShare(shards: Shards, caller: Actor, { position, shares, limit, blocks }: ShareRequest) {
  const shard = shards.ofId(position.spaceId);
  const [space, read] = await readFrom(shard, position, limit);
  const sight = await lookAt(shards, caller, { entries: read, shares });
  const rows = fittingPage(read, ({ node_id }) => sight.seen.get(node_id));
  const changes = rows.flatMap((row) => changeIn(caller, row, sight));
  if (blocks !== undefined) await addBlocks(shard, position.spaceId, foreignOf(caller, changes));
  const reached = reachedBy(position, rows);
  return { changes, reached, hasMore: reached.seq < space.seq };
}

/** What the caller sees now of what entries name. */
export interface Sight {
  readonly seen: ReadonlyMap<NodeId, PlacedNode>;
  readonly targets: ReadonlySet<NodeId>;
  /** Whose rights are told to the caller: its own and those of its groups. */
  readonly grantees: ReadonlySet<string>;
  /** Of these as far as they were changed while it was in them. */
  readonly left: GroupsLeft;
}

export async function lookAt(
  shards: Shards,
  caller: Actor,
  { entries, shares }: { readonly entries: readonly JournalRow[]; readonly shares: readonly Share[] },
): Promise<Sight> {
  const found = await findGrantedNodes(shards, caller, namedBy(entries));
  const isOfOthers = ({ grantee_id: grantee }: JournalRow) => grantee !== null && !caller.grantees.includes(grantee);
  const left = caller.owns && entries.some(isOfOthers) ? await groupsLeft(shards, caller) : new Map<string, number>();
  return sightOf({ ...caller, left }, found, shares);
}

/** Groups in which the account was as long ago as journals tell of, and until when. By the primary key. */
async function groupsLeft(shards: Shards, { bucket, userId }: Actor): Promise<GroupsLeft> {
  const { rows } = await sql<{ group_id: string; changed_at: number }>`
    select group_id, changed_at from shard.memberships where user_id = ${userId} and role is null ${keyed}`.execute(
    shards.of(bucket).db,
  );
  return new Map(rows.map((row) => [row.group_id, row.changed_at]));
}

/** By id, in microseconds since 1970. */
export type GroupsLeft = ReadonlyMap<string, number>;

export function namedBy(entries: readonly JournalRow[]): NodeId[] {
  const ids = entries.flatMap(({ node_id: id, from_parent: from }) => (from === null ? [id] : [id, from]));
  return [...new Set(ids)];
}

interface Grantee extends Pick<Actor, "owns" | "grantees"> {
  readonly left: GroupsLeft;
}

/** @param found by grants, wherever it lies */
export function sightOf(caller: Grantee, found: ReadonlyMap<NodeId, PlacedNode>, shares: readonly Share[]): Sight {
  const targets = new Set(shares.map(({ targetId }) => targetId));
  const spaceIds = new Set(shares.map(({ spaceId }) => spaceId));
  const isShown = ({ row, shownBy }: PlacedNode) =>
    spaceIds.has(row.space_id) && row.trashed_at === null && (!caller.owns || shownBy !== undefined);
  const seen = new Map([...found].filter(([, node]) => isShown(node)));
  return { seen, targets, grantees: new Set(caller.grantees), left: caller.left };
}

/** Nothing where the caller may know nothing of the node, before or after. */
export function changeIn(caller: Pick<Actor, "userId">, row: JournalRow, sight: Sight): ChangeJson[] {
  const { seen, targets } = sight;
  const { seq, node_id: id, from_parent: from, grantee_id: grantee } = row;
  // What is said of the folder itself stands in the caller's own space, with its mount; what its owner mounts in it nobody else hears of.
  if (targets.has(id) || row.of_mount) return [];
  const node = seen.get(id);
  // What lay in the trash was in no view: it may have gone there before anything was shared.
  const leftView = from !== null && seen.has(from) && row.from_trashed_at === null;
  if (node === undefined) {
    const isEnded = grantee !== null && isTold(row, grantee, sight);
    if (leftView && row.kind === "gone") return [goneJson(row, caller)];
    return leftView || isEnded ? [{ seq, kind: "gone", id }] : [];
  }
  if (row.kind === "gone") return leftView ? [goneJson(row, caller)] : [];
  const isNew = row.kind === "appeared" || (from !== null && !wasShownWith(node, seen.get(from), seq));
  // What was hidden from a group shows for the first time to whoever is in it no more, too.
  if (grantee !== null && row.kind !== "appeared" && !isTold(row, grantee, sight)) return [];
  return [liveChange(row, isNew ? "appeared" : "changed", node)];
}

/**
 * The entry that made a folder may be told as `gone`, or stand before the token: with a folder that appeared and is in the trash by now,
 * and out of which this one was moved. Then no entry tells of what is in it.
 */
export function liveChange(row: JournalRow, kind: "changed" | "appeared", node: PlacedNode): ChangeJson {
  const isMaking = row.from_name === "";
  const hasMore = node.row.kind === "folder" || node.row.kind === "mount";
  const existed = kind === "changed" && hasMore && !isMaking ? { existed: true as const } : {};
  return { seq: row.seq, kind, id: row.node_id, ...existed, node: nodeJson(node) };
}

/** Whether a right is told to the caller: what a group was given after one left it is nobody's business there. */
function isTold({ at }: JournalRow, grantee: string, { grantees, left }: Sight): boolean {
  return grantees.has(grantee) || at <= (left.get(grantee) ?? -Infinity);
}

/**
 * Whether the folder in which a node was before was in view then, as far as can be told: it may have come into view since, as may another mount that
 * shows it now. Whoever had not seen the node has to list what is in it.
 */
function wasShownWith(node: PlacedNode, before: PlacedNode | undefined, seq: number): boolean {
  return before !== undefined && before.shownBy === node.shownBy && (before.placedSeq ?? 0) < seq;
}

/** Of what went to the trash, or out of view, by an entry that says so. What somebody approves counts on the devices of their own account. */
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

/** Only a removal for good has the name of the node; `from_trashed_at` is when the node had gone to the trash. */
function wasInTrash({ from_name: name, from_trashed_at: trashedAt }: JournalRow): boolean {
  return name !== null && trashedAt !== null;
}

/** Up to which number each journal in view was told. */
export function seqsOf(caller: Actor, shares: readonly Share[], reached: readonly JournalPosition[]) {
  const seqs = new Map(reached.map(({ spaceId, seq }) => [spaceId, seq]));
  const own = caller.owns ? seqs.get(caller.spaceId) : undefined;
  const entries = shares.flatMap(({ mountId, spaceId }) => {
    const seq = seqs.get(spaceId);
    return mountId === undefined || seq === undefined ? [] : [[mountId, seq] as const];
  });
  return { ...(own === undefined ? {} : { seq: own }), share_seqs: Object.fromEntries(entries) };
}
