import { resolve } from "node:path";
import { nodeDisk } from "@holdfast/disk/node-disk";
import type { StartedJobJson } from "@holdfast/protocol/job-routes";
import { readHeads } from "../../care/audit/head-file.ts";
import { verifyAudit } from "../../care/audit/verify-audit.ts";
import { auditHandlers } from "../../edge/operation/audit-handlers.ts";
import { openAdminAuditKey } from "./record-beside.ts";
import { collectBeside } from "./collect-beside.ts";
import { rebuildIndex } from "../../packs/repair/rebuild-index.ts";
import { readScrubReport } from "../../packs/repair/scrub-report.ts";
import { startBlockPool } from "../../packs/format/block-tasks.ts";
import type { BlockPool } from "../../packs/format/block-tasks.ts";
import { readCopies } from "../../packs/copies/copies-report.ts";
import { openKeeper } from "../../packs/copies/keep-copies.ts";
import { noteVerificationBegun, verifyCopies } from "../../packs/copies/verify-copies.ts";
import { groupHandlers } from "../../edge/groups/group-handlers.ts";
import { oauthClientHandlers } from "../../edge/oauth/oauth-handlers.ts";
import { userHandlers } from "../../edge/accounts/account-handlers.ts";
import { queueHandlers } from "../../edge/operation/job-handlers.ts";
import { settingsInForce } from "../../base/config/settings-in-force.ts";
import { settingHandlers } from "../../edge/operation/setting-handlers.ts";
import { eachInTurn } from "../../care/jobs/each-in-turn.ts";
import type { CollectionOptions } from "../../care/jobs/collect-now.ts";
import { jobDone } from "../../care/jobs/requested-jobs.ts";
import { askForScrub, scrubCells } from "../../care/jobs/scrub-cells.ts";
import { systemTime } from "../../base/operation/system-time.ts";
import type { RightsWorld } from "../../features/sharing/change-rights.ts";
import { openMoveCare } from "../../care/bucket-moves/move-care.ts";
import { readBackups } from "../../packs/facts/backups.ts";
import { readJob } from "../../packs/facts/stored-jobs.ts";
import { openStorageFigures } from "../../base/operation/storage-figures.ts";
import { reportCareHandlers } from "../../edge/reports/report-handlers.ts";
import { type StorageCare, storageHandlers } from "../../edge/operation/storage-handlers.ts";
import { shredHandlers } from "../../edge/operation/shred-handlers.ts";
import { keyHandlers } from "../../edge/operation/key-handlers.ts";
import { doctorHandlers } from "../../edge/operation/doctor-handlers.ts";
import { openKeyCare } from "../../packs/cells/key-care.ts";
import { diagnoseStorage } from "./diagnose-storage.ts";
import { adminKeySource, openAdminCells, openPlacedCells } from "../../care/admin-storage/open-admin-cells.ts";
import { type AdminStorage, silent } from "../../care/admin-storage/open-admin-storage.ts";

/** These routes work without a server. Stores and keys are opened only when needed. */
export function adminHandlers(storage: AdminStorage) {
  return {
    ...userHandlers(storage),
    ...groupHandlers(storage),
    ...oauthClientHandlers(storage),
    ...storageHandlers(careFor(storage)),
    ...settingHandlers(settingsInForce(storage.config)),
    ...keyHandlers(
      openKeyCare({
        cells: () => openAdminCells(storage),
        source: adminKeySource(storage),
        random: storage.random,
        log: silent,
      }),
    ),
    ...auditHandlers({
      shards: storage.shards,
      verify: async (known) => {
        const { shards, clock, config } = storage;
        const witnesses = [...known, ...(await readHeads(nodeDisk, resolve(config.dataFolder)))];
        return verifyAudit({ shards, clock, key: await openAdminAuditKey(storage), witnesses });
      },
    }),
    ...doctorHandlers(() => diagnoseStorage(storage)),
    // A running server finds both at its next check, and another one when it starts.
    ...shredHandlers({ ...storage, cells: storage.databases.cells }),
    ...queueHandlers({ ...storage, kick: () => {} }),
    ...reportCareHandlers({
      accounts: storage,
      rights: rightsOf(storage),
    }),
  };
}

/** Messages wait for a server. */
function rightsOf({ shards, clock, random }: AdminStorage): RightsWorld {
  return { shards, clock, random, queue: { kick: () => {} }, onCommitted: () => {} };
}

type OpenedCells = Awaited<ReturnType<typeof openPlacedCells>>;

function careFor(storage: AdminStorage): StorageCare {
  const { shards, databases, clock, random } = storage;
  const withPool = async <Result>(work: (opened: OpenedCells, pool: BlockPool) => Promise<Result>): Promise<Result> => {
    const opened = await openPlacedCells(storage);
    const pool = startBlockPool();
    try {
      return await work(opened, pool);
    } finally {
      await pool.close();
    }
  };
  const asJob = async <Result>(work: () => Promise<Result>): Promise<StartedJobJson<Result>> => {
    const startedMs = clock.nowMs();
    return jobDone(await work(), startedMs, clock.nowMs());
  };
  const collect = (options: CollectionOptions) =>
    withPool(({ cells }, pool) => collectBeside(storage, { cells, pool }, options));
  return {
    // A worker finds the move within seconds.
    ...openMoveCare({ databases, log: silent, rights: rightsOf(storage) }, async () => {}),
    // No process continues it later, so it is done on return.
    startScrub: () =>
      withPool(async ({ cells }, pool) => {
        const keep = openKeeper({ pool, clock, ...systemTime, log: silent });
        await askForScrub({ cells, clock });
        const { monotonicMs } = systemTime;
        const periodMs = storage.config.scrubPeriodMs;
        await scrubCells({ cells, shards, pool, clock, random, log: silent, keep, monotonicMs, periodMs });
        return readScrubReport(cells);
      }),
    readBackups: () => readBackups(storage.databases.cells),
    readFigures: openStorageFigures(storage.databases, storage.config.dataFolder),
    readScrub: async () => readScrubReport(await openAdminCells(storage)),
    countCollectable: (options) => collect({ ...options, dryRun: true }),
    collect: (options) => asJob(() => collect({ ...options, dryRun: false })),
    readCollection: () => readJob({ cells: databases.cells, clock }, "gc"),
    readCopies: async () => readCopies((await openPlacedCells(storage)).placed),
    verifyCopies: () =>
      withPool(async ({ placed }, pool) => {
        await noteVerificationBegun(placed, clock);
        await eachInTurn(placed, (each) => verifyCopies({ pool, clock, ...systemTime, log: silent }, each));
        return readCopies(placed);
      }),
    rebuildIndex: () =>
      asJob(() => withPool(({ cells }, pool) => rebuildIndex({ cells, shards, pool, clock, log: silent }))),
    readRebuild: () => readJob({ cells: databases.cells, clock }, "rebuild-index"),
  };
}
