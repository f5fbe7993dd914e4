import type { BackupsJson, CollectionJson, CopiesJson, StorageJson } from "@holdfast/protocol/admin-routes";
import type { StartedJobJson } from "@holdfast/protocol/job-routes";
import type { RebuildReportJson, ScrubReportJson } from "@holdfast/protocol/scrub-routes";
import type { MoveCare } from "../../care/bucket-moves/move-care.ts";
import type { JobOptions } from "../../packs/facts/stored-jobs.ts";
import type { Handlers } from "../exchange/handler.ts";

export interface StorageCare extends MoveCare {
  /** Starts a scrub unless one is running. */
  startScrub(): Promise<ScrubReportJson>;
  readScrub(): Promise<ScrubReportJson>;
  /** Starts a rebuild unless one is running. */
  rebuildIndex(): Promise<StartedJobJson<RebuildReportJson>>;
  readRebuild(): Promise<StartedJobJson<RebuildReportJson>>;
  readCopies(): Promise<CopiesJson>;
  /** Starts a verification unless one is running. */
  verifyCopies(): Promise<CopiesJson>;
  readFigures(): Promise<StorageJson>;
  readBackups(): Promise<BackupsJson>;
  countCollectable(options: JobOptions): Promise<CollectionJson>;
  /** Starts a collection unless one is running. */
  collect(options: JobOptions): Promise<StartedJobJson<CollectionJson>>;
  readCollection(): Promise<StartedJobJson<CollectionJson>>;
}

export function storageHandlers(care: StorageCare) {
  return {
    adminStartScrub: async () => ({ status: 202, json: await care.startScrub() }),
    adminGetScrub: async () => ({ status: 200, json: await care.readScrub() }),
    adminGetStorage: async () => ({ status: 200, json: await care.readFigures() }),
    adminListShards: async () => ({ status: 200, json: await care.readShards() }),
    adminAddShard: async ({ body: { name } }) => ({ status: 200, json: await care.addShard(name) }),
    adminRenewEpochs: async ({ body: { names, dry_run: isDry = false } }) => ({
      status: 200,
      json: await care.renewEpochs(names, isDry),
    }),
    adminMoveBuckets: async ({ body: { buckets, to, dry_run: isDry = false } }) => {
      const wanted = { buckets: [buckets.first, buckets.last], to } as const;
      return isDry
        ? { status: 200, json: await care.planMove(wanted) }
        : { status: 202, json: await care.startMove(wanted) };
    },
    adminCancelMove: async () => ({ status: 202, json: await care.cancelMove() }),
    adminGetBackups: async () => ({ status: 200, json: await care.readBackups() }),
    adminCollect: async ({ body: { dry_run: isDry = false, unfinished = false } }) =>
      isDry
        ? { status: 200, json: await care.countCollectable({ unfinished }) }
        : { status: 202, json: await care.collect({ unfinished }) },
    adminGetCollection: async () => ({ status: 200, json: await care.readCollection() }),
    adminGetCopies: async () => ({ status: 200, json: await care.readCopies() }),
    adminVerifyCopies: async () => ({ status: 202, json: await care.verifyCopies() }),
    adminRebuildIndex: async () => ({ status: 202, json: await care.rebuildIndex() }),
    adminGetRebuild: async () => ({ status: 200, json: await care.readRebuild() }),
  } satisfies Handlers;
}
