import type { NodeId } from "@holdfast/core/ids";
import type { NodeJson } from "@holdfast/protocol/values";
import type { Server } from "../ports.ts";
import { Mounts } from "../shares/mounts.ts";
import type { Cursor } from "../state/sync-state.ts";
import { type LocalRow, placeOf, type RemoteRow, type Share, type SyncedRow } from "../trees.ts";
import type { Ears } from "./fetch.ts";
import { neverSeen } from "./never-seen.ts";

interface Snapshot {
  readonly rows: Map<NodeId, RemoteRow>;
  readonly shares: Map<NodeId, Share>;
  readonly cursor: Cursor;
}

async function takeSnapshot(server: Server): Promise<Snapshot> {
  const first = await server.snapshot(undefined);
  const nodes: NodeJson[] = [];
  for (let page = first; ; page = await server.snapshot(page.next_cursor ?? undefined)) {
    for (const node of page.items) if (node.parent_id !== null) nodes.push(node);
    if (page.next_cursor === null) break;
  }
  const mounts = new Mounts(new Map(), () => false);
  const rows = new Map(mounts.rowsOf(nodes));
  let seq = first.seq ?? 0;
  if (first.seq === undefined) for (const row of rows.values()) seq = Math.max(seq, row.seq);
  const cursor = { token: first.token, epoch: first.epoch, seq, shareSeqs: first.share_seqs };
  return { rows, shares: new Map(mounts.learnt), cursor };
}

const idsAtOnce = 1000;

/** The cursor was too old: what the snapshot lacks is gone only if the server says so of it. */
export async function resetToSnapshot({ server, state }: Ears): Promise<void> {
  const { rows, shares, cursor } = await takeSnapshot(server);
  const changes = new Map<NodeId, RemoteRow | undefined>(rows);
  const absent: NodeId[] = [];
  for (const [id, row] of state.remote) if (!rows.has(id) && !row.trashed) absent.push(id);
  for (const { nodeId } of state.offers) {
    if (!rows.has(nodeId) && state.remote.get(nodeId) === undefined) absent.push(nodeId);
  }
  for (const [id, standing] of await queryAll(server, absent)) {
    // An offer that never arrived is gone too: it is sent again.
    const row = state.remote.get(id) ?? (standing === "trashed" ? neverSeen(state, id) : undefined);
    if (row !== undefined && standing !== "live") changes.set(id, { ...row, trashed: true });
  }
  state.commit({ remote: changes, shares, cursor });
}

export async function queryAll(
  server: Server,
  ids: readonly NodeId[],
): Promise<ReadonlyMap<NodeId, "live" | "trashed" | "gone">> {
  const answers = new Map<NodeId, "live" | "trashed" | "gone">();
  for (let start = 0; start < ids.length; start += idsAtOnce) {
    const some = await server.queryNodes(ids.slice(start, start + idsAtOnce));
    for (const { id, state } of some) answers.set(id as NodeId, state);
  }
  return answers;
}

/**
 * The server was restored: it may have forgotten what this disk has. Nothing of this disk is deleted for that; what the
 * server lacks goes up as new, and where it has an earlier version of mine mine is its successor.
 */
export async function resetToEpoch({ server, state, makeNodeId }: Ears): Promise<void> {
  const { rows, shares, cursor } = await takeSnapshot(server);
  const remote = new Map<NodeId, RemoteRow | undefined>([...state.remote.keys()].map((id) => [id, undefined]));
  for (const [id, row] of rows) remote.set(id, row);
  const synced = new Map<NodeId, SyncedRow | undefined>();
  for (const [id, row] of state.synced) synced.set(id, rebase(row, rows.get(id)));
  const newIds = new Map<NodeId, NodeId>();
  for (const [id, row] of synced) {
    if (row === undefined && state.local.has(id)) newIds.set(id, makeNodeId());
  }
  const over = [...state.shares.keys()].map((id) => [id, undefined] as const);
  const departures = [...state.departures].map(([id, to]) => [id, newIds.get(to) ?? to] as const);
  const local = underNewIds(state.local, newIds);
  state.commit({ remote, synced, local, shares: [...over, ...shares], departures, cursor });
}

/** In the trees of the restored server nothing stands under the old ids, so that only the disk's has to change. */
function underNewIds(
  local: ReadonlyMap<NodeId, LocalRow>,
  newIds: ReadonlyMap<NodeId, NodeId>,
): Map<NodeId, LocalRow | undefined> {
  const changes = new Map<NodeId, LocalRow | undefined>();
  for (const [id, row] of local) {
    const to = newIds.get(id);
    const parent = newIds.get(row.parent) ?? row.parent;
    if (to !== undefined) changes.set(id, undefined);
    if (to !== undefined || parent !== row.parent) changes.set(to ?? id, { ...row, parent });
  }
  return changes;
}

function rebase(row: SyncedRow, remote: RemoteRow | undefined): SyncedRow | undefined {
  if (remote === undefined) return undefined;
  const isMine =
    remote.content === row.content || (remote.versionId !== null && row.versionIds.includes(remote.versionId));
  return {
    ...row,
    place: placeOf(remote),
    content: isMine ? remote.content : undefined,
    executable: remote.executable,
  };
}
