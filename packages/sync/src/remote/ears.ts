import type { NodeId } from "@holdfast/core/ids";
import type { Server } from "@holdfast/sync-ports/ports";
import type { SyncState } from "../state/sync-state.ts";

export interface Ears {
  readonly server: Server;
  readonly state: SyncState;
  readonly makeNodeId: () => NodeId;
}
