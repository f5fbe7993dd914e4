import type { ScrubReportJson } from "@holdfast/protocol/scrub-routes";
import type { BackupsJson, CollectionJson, CopiesJson, ShardsJson, StorageJson } from "@holdfast/protocol/admin-routes";
import type { RebuildReport } from "../../packs/repair/rebuild-index.ts";
import type { Handlers } from "../exchange/handler.ts";

export interface StorageCare {
  /** Starts a scrub unless one is running. */
  startScrub(): Promise<ScrubReportJson>;
  readScrub(): Promise<ScrubReportJson>;
  rebuildIndex(): Promise<RebuildReport>;
  readCopies(): Promise<CopiesJson>;
  /** Starts a verification unless one is running. */
  verifyCopies(): Promise<CopiesJson>;
  readFigures(): Promise<StorageJson>;
  readShards(): Promise<ShardsJson>;
  readBackups(): Promise<BackupsJson>;
  collect(options: { readonly dryRun: boolean; readonly unfinished: boolean }): Promise<CollectionJson>;
}

export function storageHandlers(care: StorageCare) {
  return {
    adminStartScrub: async () => ({ status: 202, json: await care.startScrub() }),
    adminGetScrub: async () => ({ status: 200, json: await care.readScrub() }),
    adminGetStorage: async () => ({ status: 200, json: await care.readFigures() }),
    adminListShards: async () => ({ status: 200, json: await care.readShards() }),
    adminGetBackups: async () => ({ status: 200, json: await care.readBackups() }),
    adminCollect: async ({ body }) => ({
      status: 200,
      json: await care.collect({ dryRun: body.dry_run ?? false, unfinished: body.unfinished ?? false }),
    }),
    adminGetCopies: async () => ({ status: 200, json: await care.readCopies() }),
    adminVerifyCopies: async () => ({ status: 202, json: await care.verifyCopies() }),
    adminRebuildIndex: async () => ({ status: 200, json: await care.rebuildIndex() }),
  } satisfies Handlers;
}
