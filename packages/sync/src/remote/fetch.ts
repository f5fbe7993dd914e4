import { HoldfastError } from "@holdfast/core/errors";
import type { NodeId } from "@holdfast/core/ids";
import type { ChangeJson } from "@holdfast/protocol/node-routes";
import type { Faults } from "../faults.ts";
import type { Server } from "../ports.ts";
import type { SyncState } from "../state/sync-state.ts";
import type { RemoteRow } from "../trees.ts";
import { resetToEpoch, resetToSnapshot, takeSnapshot } from "./reset.ts";
import { remoteRowOf } from "./remote-row.ts";

export interface Ears {
  readonly server: Server;
  readonly state: SyncState;
  readonly makeNodeId: () => NodeId;
  readonly faults: Faults;
}

/** Brings the remote tree to the journal's head. Each page's rows and its cursor are one transaction. */
export async function fetchRemote(ears: Ears): Promise<void> {
  const { state } = ears;
  if (state.cursor === undefined) {
    const { rows, cursor } = await takeSnapshot(ears.server);
    state.commit({ remote: rows, cursor });
  }
  const isLate = ears.faults.has("the cursor is committed before the rows");
  const late = isLate ? new Map<NodeId, RemoteRow>() : undefined;
  for (let hasMore = true; hasMore;) {
    try {
      hasMore = await fetchPage(ears, late);
    } catch (error) {
      const reason = error instanceof HoldfastError && error.code === "reset" ? error.body["reason"] : undefined;
      if (reason === undefined) throw error;
      const isRestored = reason === "epoch" && !ears.faults.has("a restored server is taken for an old cursor");
      await (isRestored ? resetToEpoch(ears) : resetToSnapshot(ears));
    }
  }
}

async function fetchPage({ server, state }: Ears, late?: Map<NodeId, RemoteRow>): Promise<boolean> {
  const { cursor } = state;
  if (cursor === undefined) throw new HoldfastError("internal", "There is no cursor to go on from.");
  const page = await server.listChanges(cursor.token);
  if (page.epoch !== cursor.epoch) {
    throw new HoldfastError("reset", "The server was restored.", { body: { reason: "epoch" } });
  }
  const rows = late ?? new Map<NodeId, RemoteRow>();
  const learn = (id: NodeId, row: RemoteRow): void => {
    const known = rows.get(id) ?? state.remote.get(id);
    // Equal numbers too: what comes back with its folder is as it was, but no longer in the trash.
    if (known === undefined || row.seq >= known.seq) rows.set(id, row);
  };
  const seq = Math.max(cursor.seq, ...page.changes.map((change) => change.seq));
  const next = { token: page.next_token, epoch: page.epoch, seq };
  for (const change of page.changes) await applyChange({ server, state }, change, learn);
  state.commit(late !== undefined && page.has_more ? { cursor: next } : { remote: rows, cursor: next });
  return page.has_more;
}

async function applyChange(
  { server, state }: Pick<Ears, "server" | "state">,
  { kind, id: text, seq, node }: ChangeJson,
  learn: (id: NodeId, row: RemoteRow) => void,
): Promise<void> {
  const id = text as NodeId;
  if (node === undefined) {
    const known = state.remote.get(id) ?? neverSeen(state, id);
    if (known !== undefined) learn(id, { ...known, trashed: true, seq });
    return;
  }
  learn(id, remoteRowOf(node));
  if (kind !== "appeared" || node.kind !== "folder") return;
  for (const below of await listBelow(server, id)) learn(below.id as NodeId, remoteRowOf(below));
}

/** Made by an operation of mine whose answer was lost, and deleted by another before I saw it: as I offered it. */
function neverSeen(state: SyncState, id: NodeId): RemoteRow | undefined {
  const offer = state.offers.find(({ nodeId, baseRevision }) => nodeId === id && baseRevision === undefined);
  const local = state.local.get(id);
  if (offer?.place === undefined || local === undefined) return undefined;
  return {
    ...offer.place,
    kind: local.kind,
    content: offer.content ?? local.content,
    executable: local.executable,
    trashed: true,
    versionId: null,
    revision: "",
    seq: 0,
    sizeBytes: 0,
    modifiedAt: "",
    operationId: offer.operationId,
  };
}

/** A folder that is gone again by now has its own entry further on. */
async function listBelow(server: Server, id: NodeId): ReturnType<Server["listBelow"]> {
  try {
    return await server.listBelow(id);
  } catch (error) {
    const isGone = error instanceof HoldfastError && (error.code === "not_found" || error.code === "trashed");
    if (!isGone) throw error;
    return [];
  }
}
