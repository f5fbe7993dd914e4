import type { NodeId } from "@holdfast/core/ids";
import { rekey } from "../planner/rekey.ts";
import type { Server } from "../ports.ts";
import type { Cursor } from "../state/sync-state.ts";
import { placeOf, type RemoteRow, type SyncedRow } from "../trees.ts";
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
  const seq = Math.max(0, ...[...rows.values()].map((row) => row.seq));
  return { rows, cursor: { token: first.token, epoch: first.epoch, seq } };
}

const idsAtOnce = 1000;

/** The cursor was too old: what the snapshot lacks is gone only if the server says so of it. */
export async function resetToSnapshot({ server, state }: Ears): Promise<void> {
  const { rows, cursor } = await takeSnapshot(server);
  const changes = new Map<NodeId, RemoteRow | undefined>(rows);
  const absent = [...state.remote].filter(([id, row]) => !rows.has(id) && !row.trashed).map(([id]) => id);
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
  const synced = [...state.synced].map(([id, row]) => [id, rebase(row, rows.get(id))] as const);
  // The old cursor stands until all is done, so that a crash begins again.
  state.commit({ remote, synced });
  for (const id of state.local.keys()) {
    const wasKnown = synced.some(([other, row]) => other === id && row === undefined);
    if (wasKnown) state.commit(rekey(state, { from: id, to: makeNodeId() }));
  }
  state.commit({ cursor });
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
