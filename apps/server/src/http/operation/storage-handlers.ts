import type { ScrubReportJson } from "@holdfast/protocol/account-routes";
import type { RebuildReport } from "../../blocks/rebuild-index.ts";
import type { Handlers } from "../handler.ts";

/** The care for what is stored, by an administrator's word. */
export interface StorageCare {
  /** Begins a scrub unless one runs, and answers what is known of it. */
  startScrub(): Promise<ScrubReportJson>;
  readScrub(): Promise<ScrubReportJson>;
  rebuildIndex(): Promise<RebuildReport>;
}

export function storageHandlers(care: StorageCare) {
  return {
    adminStartScrub: async () => ({ status: 202, json: await care.startScrub() }),
    adminGetScrub: async () => ({ status: 200, json: await care.readScrub() }),
    adminRebuildIndex: async () => ({ status: 200, json: await care.rebuildIndex() }),
  } satisfies Handlers;
}
