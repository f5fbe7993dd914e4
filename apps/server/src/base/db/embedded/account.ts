import { type Stats, statSync } from "node:fs";
import { dirname } from "node:path";
import { HoldfastError } from "@holdfast/core/errors";
import { ownAccount } from "./own-account.ts";

/** User that runs PostgreSQL; undefined: the server's own. */
export type Account = { readonly uid: number; readonly gid: number } | undefined;

const nobodyUid = 65_534;

/**
 * PostgreSQL refuses to run as root: root uses the cluster's owner, or a dedicated user for a new cluster or one of
 * root or `nobody`.
 * @param clusterFolder may not exist yet
 */
export function accountFor(clusterFolder: string): Account {
  const ownUid = process.geteuid?.();
  if (ownUid === undefined) return undefined;
  const owner = statSync(clusterFolder, { throwIfNoEntry: false });
  if (ownUid === 0) {
    const isNoUsers = owner === undefined || owner.uid === 0 || owner.uid === nobodyUid;
    return isNoUsers ? ownAccount(clusterFolder) : { uid: owner.uid, gid: owner.gid };
  }
  if (owner !== undefined && owner.uid !== ownUid) {
    throw new HoldfastError(
      "failed",
      `The database in ${clusterFolder} belongs to user ${owner.uid}, and this server runs as user ${ownUid}. ` +
        "Start it as that user or as root, or choose another folder with --data DIR.",
    );
  }
  return undefined;
}

/** initdb requires a user with a name; `nobody` has one everywhere. Only the account's group gets access. */
export function makerFor(account: Account): Account {
  return account === undefined ? undefined : { uid: nobodyUid, gid: account.gid };
}

/** @throws HoldfastError `failed` with the first folder that the account cannot enter */
export function refuseBlockedPath(path: string, account: Account): void {
  const folder = blockingFolder(path, account);
  if (folder === undefined || account === undefined) return;
  throw new HoldfastError(
    "failed",
    `The database cannot run in ${path}: as root, the server runs it as user ${account.uid}, who cannot access ${folder}. ` +
      `Choose another folder with --data DIR (the default is /var/lib/holdfast), or allow access: chmod o+x ${folder}`,
  );
}

/** Topmost folder that the account cannot enter. @param path absolute */
export function blockingFolder(path: string, account: Account): string | undefined {
  if (account === undefined) return undefined;
  const above = path === dirname(path) ? undefined : blockingFolder(dirname(path), account);
  if (above !== undefined) return above;
  const stats = statSync(path, { throwIfNoEntry: false });
  return stats === undefined || mayEnter(stats, account) ? undefined : path;
}

export function mayEnter(stats: Stats, account: { uid: number; gid: number }): boolean {
  if (stats.uid === account.uid) return (stats.mode & 0o100) !== 0;
  if (stats.gid === account.gid) return (stats.mode & 0o010) !== 0;
  return (stats.mode & 0o001) !== 0;
}
