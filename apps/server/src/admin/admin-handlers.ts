import { rebuildIndex } from "../blocks/rebuild-index.ts";
import { scrubCell } from "../blocks/scrub.ts";
import { readScrubReport } from "../blocks/scrub-report.ts";
import type { BlockCells } from "../blocks/block-cell.ts";
import { startBlockPool } from "../blocks/block-tasks.ts";
import type { BlockPool } from "../blocks/block-tasks.ts";
import { groupHandlers } from "../http/groups/group-handlers.ts";
import { userHandlers } from "../http/accounts/account-handlers.ts";
import { queueHandlers } from "../http/operation/job-handlers.ts";
import { type StorageCare, storageHandlers } from "../http/operation/storage-handlers.ts";
import { openAdminCells } from "./open-admin-cells.ts";
import { type AdminStorage, silent } from "./open-admin-storage.ts";

/** The routes that can be done without a server. The stores and their keys are opened by those alone that need them. */
export function adminHandlers(storage: AdminStorage) {
  return {
    ...userHandlers(storage),
    ...groupHandlers(storage),
    ...storageHandlers(careFor(storage)),
    // A server that runs finds it at its next look.
    ...queueHandlers({ ...storage, kick: () => {} }),
  };
}

function careFor(storage: AdminStorage): StorageCare {
  const { shards, clock, random } = storage;
  const withPool = async <Result>(work: (cells: BlockCells, pool: BlockPool) => Promise<Result>): Promise<Result> => {
    const cells = await openAdminCells(storage);
    const pool = startBlockPool();
    try {
      return await work(cells, pool);
    } finally {
      await pool.close();
    }
  };
  return {
    // Nobody stays behind to go on with it, so it is over when this returns.
    startScrub: () =>
      withPool(async (cells, pool) => {
        for (const cell of cells.all()) await scrubCell({ cell, shards, pool, clock, random, log: silent });
        return readScrubReport(cells);
      }),
    readScrub: async () => readScrubReport(await openAdminCells(storage)),
    rebuildIndex: () => withPool((cells, pool) => rebuildIndex({ cells, shards, pool, clock, log: silent })),
  };
}
