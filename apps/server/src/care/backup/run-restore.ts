import { join, resolve } from "node:path";
import { openStoreAt } from "../admin-storage/open-admin-cells.ts";
import { portsFor } from "../admin-storage/open-admin-storage.ts";
import { startBlockPool } from "../../packs/format/block-tasks.ts";
import { readConfig } from "../../base/config/read-config.ts";
import { keyFileName, openPlaceByFoundKey } from "./find-key.ts";
import { refuseFilled, type RestoreReport, restoreBackup } from "./restore-backup.ts";
import type { StepProgress } from "./step-progress.ts";

export interface RestoreRequest {
  /** A folder or `s3://…`. */
  readonly place: string;
  readonly dataFolder: string;
  /** RFC 3339; undefined: the newest backup. */
  readonly at: string | undefined;
  /** Copy of the original server's key, if it is not found automatically. */
  readonly keyFile: string | undefined;
  readonly acceptsDamage: boolean;
  readonly progress?: StepProgress | undefined;
}

/** `holdfast admin restore-backup`. Uses the settings of the new server. */
export async function runRestoreBackup(
  request: RestoreRequest,
  environment: Readonly<Record<string, string | undefined>> = process.env,
): Promise<RestoreReport> {
  const config = readConfig({ flags: { data: request.dataFolder }, environment });
  const dataFolder = resolve(request.dataFolder);
  refuseFilled(dataFolder);
  const ports = portsFor(config.environment);
  const store = await openStoreAt(request.place, ports);
  const own = request.keyFile === undefined ? [] : [resolve(request.keyFile)];
  const place = await openPlaceByFoundKey({
    location: request.place,
    store,
    keyFiles: [...own, join(dataFolder, keyFileName)],
    ...ports,
  });
  const pool = startBlockPool();
  try {
    return await restoreBackup({
      place,
      dataFolder,
      openStoreIn: (folder) => openStoreAt(config.store ?? join(folder, "store"), ports),
      pool,
      random: ports.random,
      atMs: request.at === undefined ? undefined : Date.parse(request.at),
      acceptsDamage: request.acceptsDamage,
      progress: request.progress,
    });
  } finally {
    await pool.close();
  }
}
