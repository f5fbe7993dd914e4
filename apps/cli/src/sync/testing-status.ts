import type { EngineStatus } from "@holdfast/sync/loop/engine/status";

export const restingStatus: EngineStatus = {
  phase: "waiting",
  activity: "idle",
  pendingFiles: 0,
  progress: {
    filesUp: 0,
    filesDown: 0,
    bytesUp: 0,
    bytesAccepted: 0,
    bytesDown: 0,
    deletedHere: { files: 0, folders: 0 },
    deletedOnServer: { files: 0, folders: 0 },
  },
  now: { names: [], changes: 0, bytes: 0, bytesDone: 0, stretch: 0, isAll: true, stage: "plan" },
  look: { listed: 0, seen: 0, read: 0 },
  lastSyncAtMs: 0,
  problems: [],
  conflicts: [],
  deletionsWaiting: 0,
  recent: [],
  refusal: undefined,
  failure: undefined,
  freed: undefined,
};
