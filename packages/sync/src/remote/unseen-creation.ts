import type { NodeId } from "@holdfast/core/ids";
import type { SyncState } from "../state/sync-state.ts";
import type { RemoteRow } from "../model/trees.ts";

/**
 * Offered row of a node created by this device, whose response was lost and which another device deleted before it was
 * seen.
 */
export function unseenCreation(state: SyncState, id: NodeId): RemoteRow | undefined {
  const offer = state.offers.find(({ nodeId, baseRevision }) => nodeId === id && baseRevision === undefined);
  const local = state.local.get(id);
  if (offer?.place === undefined || local === undefined) return undefined;
  return {
    ...offer.place,
    kind: local.kind,
    content: offer.content ?? local.content,
    executable: local.executable,
    isPrivate: local.isPrivate,
    trashed: true,
    versionId: null,
    revision: "",
    seq: 0,
    sizeBytes: 0,
    modifiedAt: "",
    operationId: offer.operationId,
  };
}
