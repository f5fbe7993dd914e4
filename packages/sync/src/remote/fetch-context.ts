import type { NodeId } from "@holdfast/core/ids";
import type { Identity, Server } from "@holdfast/sync-ports/ports";
import type { SyncState } from "../state/sync-state.ts";

export interface FetchContext {
  readonly server: Server;
  readonly state: SyncState;
  readonly identity: Identity;
  readonly makeNodeId: () => NodeId;
  readonly nowMs: () => number;
}
