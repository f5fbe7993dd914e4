import type { NodeId } from "@holdfast/core/ids";
import type { Server } from "../ports.ts";
import type { Cursor } from "../state/sync-state.ts";
import { type LocalRow, placeOf, type RemoteRow, type SyncedRow } from "../trees.ts";
import type { Ears } from "./fetch.ts";
import { remoteRowOf } from "./remote-row.ts";

export interface Snapshot {
  readonly rows: Map<NodeId, RemoteRow>;
  readonly cursor: Cursor;
}

export async function takeSnapshot(server: Server): Promise<Snapshot> {
  const first = await server.snapshot(undefined);
  const rows = new Map<NodeId, RemoteRow>();
  for (let page = first; ; page = await server.snapshot(page.next_cursor ?? undefined)) {
    for (const node of page.items) if (node.parent_id !== null) rows.set(node.id as NodeId, remoteRowOf(node));
    if (page.next_cursor === null) break;
  }
  let seq = 0;
  for (const row of rows.values()) seq = Math.max(seq, row.seq);
  return { rows, cursor: { token: first.token, epoch: first.epoch, seq } };
}

const idsAtOnce = 1000;

/** The cursor was too old: what the snapshot lacks is gone only if the server says so of it. */
export async function resetToSnapshot({ server, state }: Ears): Promise<void> {
  const { rows, cursor } = await takeSnapshot(server);
  const changes = new Map<NodeId, RemoteRow | undefined>(rows);
  const absent: NodeId[] = [];
  for (const [id, row] of state.remote) if (!rows.has(id) && !row.trashed) absent.push(id);
  for (let start = 0; start < absent.length; start += idsAtOnce) {
    for (const { id, state: standing } of await server.queryNodes(absent.slice(start, start + idsAtOnce))) {
      const known = state.remote.get(id as NodeId);
      if (known !== undefined && standing !== "live") changes.set(id as NodeId, { ...known, trashed: true });
    }
  }
  state.commit({ remote: changes, cursor });
}

/**
 * The server was restored: it may have forgotten what this disk has. Nothing of this disk is deleted for that; what the
 * server lacks goes up as new, and where it has an earlier version of mine mine is its successor.
 */
export async function resetToEpoch({ server, state, makeNodeId }: Ears): Promise<void> {
  const { rows, cursor } = await takeSnapshot(server);
  const remote = new Map<NodeId, RemoteRow | undefined>([...state.remote.keys()].map((id) => [id, undefined]));
  for (const [id, row] of rows) remote.set(id, row);
  const synced = new Map<NodeId, SyncedRow | undefined>();
  for (const [id, row] of state.synced) synced.set(id, rebase(row, rows.get(id)));
  const newIds = new Map<NodeId, NodeId>();
  for (const [id, row] of synced) {
    if (row === undefined && state.local.has(id)) newIds.set(id, makeNodeId());
  }
  state.commit({ remote, synced, local: underNewIds(state.local, newIds), cursor });
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
