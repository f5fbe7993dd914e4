import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { HoldfastError } from "@holdfast/core/errors";
import { nodeDisk } from "@holdfast/disk/node-disk";
import { closeToOthers } from "../../data-folder/close-to-others.ts";
import type { DatabaseLog } from "../database-log.ts";
import { type Account, makerFor, mayEnter } from "./account.ts";
import type { Binaries } from "./binaries.ts";
import { stopProcessesIn } from "./leftover.ts";
import { makePassword, passwordPath, readPassword } from "./password.ts";
import { runProgram } from "./program.ts";
import { takeOver } from "./take-over.ts";

export interface Cluster {
  readonly folder: string;
  readonly password: string;
}

export const superuser = "holdfast";

export function clusterFolderOf(dataFolder: string): string {
  return join(dataFolder, "postgres");
}

/**
 * A new cluster is renamed when complete, so that an interruption leaves nothing that looks like a database. The
 * password is durable before the cluster.
 */
export async function prepareCluster(
  dataFolder: string,
  binaries: Binaries,
  account: Account,
  random: (bytes: number) => Uint8Array,
  log: DatabaseLog,
): Promise<Cluster> {
  const folder = clusterFolderOf(dataFolder);
  await removeUnfinished(dataFolder);
  const made = existsSync(folder);
  closeToOthers(passwordPath(dataFolder), log);
  if (made && readPassword(dataFolder) === undefined) refuseLostPassword(dataFolder);
  const password = await makePassword(nodeDisk, dataFolder, random);
  if (!made) {
    log.info({ folder }, "creating the database");
    await makeCluster(dataFolder, binaries, account, password, log);
  }
  // Its creator may have been killed before its name was durable.
  await nodeDisk.syncFolder(dataFolder);
  return { folder, password };
}

const unfinishedPrefix = "postgres-new-";

async function removeUnfinished(dataFolder: string): Promise<void> {
  for (const name of readdirSync(dataFolder)) {
    if (!name.startsWith(unfinishedPrefix)) continue;
    const folder = join(dataFolder, name);
    await stopProcessesIn(folder);
    rmSync(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 });
  }
}

async function makeCluster(
  dataFolder: string,
  binaries: Binaries,
  account: Account,
  password: string,
  log: DatabaseLog,
): Promise<void> {
  const maker = makerFor(account);
  const unfinished = mkdtempSync(join(dataFolder, unfinishedPrefix));
  // Other processes may run as the same user (`nobody`). Only the process in the account's group gets access.
  if (account !== undefined) letPass(unfinished, account);
  const passwordFile = join(unfinished, "password");
  writeFileSync(passwordFile, `${password}\n`, { mode: 0o600 });
  own(passwordFile, maker);
  const cluster = join(unfinished, "cluster");
  mkdirSync(cluster, { mode: 0o700 });
  own(cluster, maker);
  // Updates of system libraries cannot corrupt an index, because the builtin locale sorts by code point.
  const options = {
    pgdata: cluster,
    username: superuser,
    pwfile: passwordFile,
    auth: "scram-sha-256",
    encoding: "UTF8",
    "locale-provider": "builtin",
    locale: "C.UTF-8",
  };
  const args = Object.entries(options).map(([name, value]) => `--${name}=${value}`);
  args.push("--data-checksums", "--no-instructions");
  await runProgram(binaries.initdb, args, maker, unfinished).catch((error: unknown) => {
    throw explain(error, maker);
  });
  takeOver(cluster, account, log);
  renameSync(cluster, clusterFolderOf(dataFolder));
  rmSync(unfinished, { recursive: true, force: true });
}

function explain(error: unknown, account: Account): unknown {
  if (!(error instanceof HoldfastError) || !error.message.includes("could not look up effective user ID")) return error;
  const uid = account?.uid ?? process.geteuid?.();
  return new HoldfastError(
    "failed",
    `The user ${uid} has no name on this system, and PostgreSQL cannot create a database for such a user. Add a line for it to ` +
      "/etc/passwd (in a container: run as a user of the image), or use an external PostgreSQL with --database-url.",
    { cause: error },
  );
}

export function own(path: string, account: Account): void {
  if (account !== undefined) chownSync(path, account.uid, account.gid);
}

/**
 * The account may pass through the data folder. Other users only get access if the folder was already open to others.
 */
export function makePassable(dataFolder: string, account: Account): void {
  if (account === undefined) return;
  const stats = statSync(dataFolder);
  if (stats.uid === account.uid) return;
  if ((stats.mode & 0o066) === 0) letPass(dataFolder, account);
  else if (!mayEnter(stats, account)) chmodSync(dataFolder, (stats.mode & 0o7777) | 0o011);
}

function letPass(folder: string, { gid }: NonNullable<Account>): void {
  chownSync(folder, statSync(folder).uid, gid);
  chmodSync(folder, 0o710);
}

/** undefined if it is not a cluster */
export function versionOf(clusterFolder: string): string | undefined {
  const file = join(clusterFolder, "PG_VERSION");
  return existsSync(file) ? readFileSync(file, "utf8").trim() : undefined;
}

/**
 * Runs before anything in the data folder is changed.
 * @throws HoldfastError failed, with advice
 */
export function refuseOtherVersion(dataFolder: string, major: string): void {
  const folder = clusterFolderOf(dataFolder);
  const version = versionOf(folder);
  if (version === major || !existsSync(folder)) return;
  throw new HoldfastError(
    "failed",
    version === undefined
      ? `${folder} is not a database (it has no PG_VERSION). Move it away, or choose another folder with --data DIR.`
      : `The database in ${folder} was created by PostgreSQL ${version}, but this Holdfast includes PostgreSQL ${major}. Nothing was changed. ` +
          (Number(version) < Number(major)
            ? `Run: holdfast admin upgrade-database --data ${dataFolder}`
            : "Start the Holdfast version that created it."),
  );
}

function refuseLostPassword(dataFolder: string): never {
  throw new HoldfastError(
    "failed",
    `${passwordPath(dataFolder)} is missing, and the database cannot be opened without it. Restore the file from a backup.`,
  );
}
