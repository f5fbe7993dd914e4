import { readdirSync } from "node:fs";
import { join } from "node:path";

export interface ClusterFiles {
  /** A folder precedes its contents. */
  readonly folders: readonly string[];
  /** Without `global/pg_control`, which is copied last. */
  readonly files: readonly string[];
}

export const controlFile = "global/pg_control";
export const walFolder = "pg_wal";

/** PostgreSQL's manual, "Making a Base Backup Using the Low Level API". The write-ahead log is copied separately. */
export function listCluster(clusterFolder: string): ClusterFiles {
  const folders: string[] = [];
  const files: string[] = [];
  const look = (folder: string) => {
    for (const entry of readdirSync(join(clusterFolder, folder), { withFileTypes: true })) {
      const path = folder === "" ? entry.name : `${folder}/${entry.name}`;
      if (entry.isDirectory()) {
        if (temporary.test(entry.name)) continue;
        folders.push(path);
        if (!emptied.has(path)) look(path);
      } else if (entry.isFile() && path !== controlFile && !left.has(entry.name) && !temporary.test(entry.name)) {
        files.push(path);
      }
    }
  };
  look("");
  return { folders: [...folders, `${walFolder}/archive_status`, `${walFolder}/summaries`], files };
}

const emptied = new Set([
  walFolder,
  "pg_dynshmem",
  "pg_notify",
  "pg_replslot",
  "pg_serial",
  "pg_snapshots",
  "pg_stat_tmp",
  "pg_subtrans",
]);
const left = new Set([
  "backup_label",
  "backup_manifest",
  "current_logfiles.tmp",
  "pg_internal.init",
  "postgresql.auto.conf.tmp",
  "postmaster.opts",
  "postmaster.pid",
  "recovery.signal",
  "standby.signal",
  "tablespace_map",
]);
const temporary = /^pgsql_tmp/;
