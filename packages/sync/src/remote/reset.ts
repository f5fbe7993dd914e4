import type { NodeId } from "@holdfast/core/ids";
import { ownFolders } from "@holdfast/sync-ports/paths";
import type { Server } from "@holdfast/sync-ports/ports";
import { parkedUnder, type SyncState } from "../state/sync-state.ts";
import { type LocalRow, placeOf, type RemoteRow, type SyncedRow } from "../model/trees.ts";
import type { FetchContext } from "./fetch-context.ts";
import { inMounts } from "./mounts.ts";
import { shareOf } from "../model/enclosing-share.ts";
import { isPrivacyUnreported, privacyListed } from "../state/unreported-data.ts";
import { storeListing, listAll, type ListingEnd } from "./listing.ts";
import { unseenCreation } from "./unseen-creation.ts";
import { withServerCheck } from "./same-server.ts";

const idsAtOnce = 1000;

/** For a cursor that is too old. A complete listing must follow before anything else is read. */
export function requestRelisting(state: SyncState): void {
  state.commit({ settings: [["listed anew", "begun"]] });
}

export function isRelisting(state: SyncState): boolean {
  return state.setting("listed anew") === "begun";
}

/**
 * Lists everything again. A missing node counts as gone only if the server says so. Only ids stay in memory. Nothing is
 * planned until the cursor arrives.
 * @throws HoldfastError reset if the server was restored since
 */
export async function relist({ server, state }: FetchContext): Promise<void> {
  const epoch = state.cursor?.epoch;
  const listed = new Set<NodeId>();
  const { remote, ...end } = await storeListing({ server, state }, { epoch, note: (id) => void listed.add(id) });
  // Stored before any request: an interrupted listing may have left outdated rows.
  state.commit({ remote });
  const absent: NodeId[] = [];
  for (const [id, row] of state.remote)
    if (!listed.has(id) && !row.trashed && !isInWaiting(state, end, id)) absent.push(id);
  for (const { nodeId } of state.offers) {
    if (!listed.has(nodeId) && state.remote.get(nodeId) === undefined) absent.push(nodeId);
  }
  for (let start = 0; start < absent.length; start += idsAtOnce) {
    const answers = await queryAll(server, absent.slice(start, start + idsAtOnce));
    state.commit({ remote: [...answers].flatMap(([id, status]) => goneRow(state, id, status)) });
  }
  state.commit({ ...end, settings: [...end.settings, ["listed anew", "ended"]] });
}

/** A waiting share is not listed, so the absence of its nodes means nothing. */
function isInWaiting(state: SyncState, { shares }: Pick<ListingEnd, "shares">, id: NodeId): boolean {
  const waiting = new Map(shares.filter(([, { waits }]) => waits === true));
  return waiting.size > 0 && shareOf({ rootId: state.rootId, shares: waiting }, state.remote, id) !== undefined;
}

function goneRow(state: SyncState, id: NodeId, status: NodeStatus): (readonly [NodeId, RemoteRow])[] {
  // An offer that never arrived is gone too and is sent again.
  const row = state.remote.get(id) ?? (status === "trashed" ? unseenCreation(state, id) : undefined);
  return row === undefined || status === "live" ? [] : [[id, { ...row, trashed: true }]];
}

type NodeStatus = "live" | "trashed" | "gone";

export async function queryAll(server: Server, ids: readonly NodeId[]): Promise<ReadonlyMap<NodeId, NodeStatus>> {
  const answers = new Map<NodeId, NodeStatus>();
  for (let start = 0; start < ids.length; start += idsAtOnce) {
    const some = await server.queryNodes(ids.slice(start, start + idsAtOnce));
    for (const { id, state } of some) answers.set(id as NodeId, state);
  }
  return answers;
}

/**
 * Adapts to a restored server. No file is deleted for that: missing items are uploaded as new, and local versions
 * follow older server versions.
 */
export async function resetToEpoch({ server, state, identity, makeNodeId }: FetchContext): Promise<void> {
  const rows = new Map<NodeId, RemoteRow>();
  const note = (page: Iterable<readonly [NodeId, RemoteRow]>): void => {
    for (const [id, row] of page) rows.set(id, row);
  };
  const { shares, rights, cursor } = await withServerCheck({ server, identity }, () => listAll(server, note));
  const mounts = new Map(shares.map(([mount, { target }]) => [target, mount]));
  for (const [id, row] of rows) rows.set(id, inMounts(row, id, mounts));
  // Unknown shares have ended, so that files of others are not uploaded into the folder around the mount.
  const ended = new Set([...state.shares.keys()].filter((id) => !rows.has(id)));
  const remote = new Map<NodeId, RemoteRow | undefined>();
  for (const [id, row] of state.remote) remote.set(id, ended.has(id) ? { ...row, trashed: true } : undefined);
  for (const [id, row] of rows) remote.set(id, row);
  const synced = new Map<NodeId, SyncedRow | undefined>();
  const newIds = new Map<NodeId, NodeId>();
  for (const [id, row] of state.synced) {
    if (ended.has(id)) continue;
    synced.set(id, rebase(row, rows.get(id)));
    if (!rows.has(id) && state.local.has(id)) newIds.set(id, makeNodeId());
  }
  const over = [...state.shares.keys()].filter((id) => !ended.has(id)).map((id) => [id, undefined] as const);
  const overRights = [...state.rights.keys()].map((id) => [id, undefined] as const);
  const departures = [...state.departures].map(([id, to]) => [id, newIds.get(to) ?? to] as const);
  const local = underNewIds(state.local, newIds);
  // Hidden items are reported as after a change of rules, because the bases changed.
  const settings = [
    ["listed anew", "ended"],
    ["rules", ""],
    ...privacyListed([...rows.values()].filter(isPrivacyUnreported).length <= shares.length),
  ] as const;
  const parked = parkedUnder(state, newIds);
  // The restored server may lack the bytes it had when they went to the local trash.
  const agreedTrash = state.agreedTrash.below(ownFolders.trash).map((path) => [path, undefined] as const);
  state.commit({
    remote,
    synced,
    local,
    parked,
    agreedTrash,
    shares: [...over, ...shares],
    rights: [...overRights, ...rights],
    departures,
    cursor,
    settings,
  });
}

/** The restored server's trees do not contain the old ids. */
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
  // The restored server may have forgotten the privacy.
  const { isPrivate: _forgotten, ...known } = row;
  return {
    ...known,
    place: placeOf(remote),
    content: isMine ? remote.content : undefined,
    executable: remote.executable,
  };
}
