import { existsSync, readdirSync } from "node:fs";
import { resolve } from "node:path";
import { HoldfastError } from "@holdfast/core/errors";
import { type Config, isAlone } from "../base/config/read-config.ts";
import { hasCluster } from "../base/db/embedded/swap-clusters.ts";

export interface FoundFolder {
  /**
   * True if this start makes the embedded database. The state of an external database is unknown before it is opened.
   */
  readonly isFirstStart: boolean;
  /** State before this start. An empty folder may be the mount point of a disk that is mounted late. */
  readonly state: "absent" | "empty" | "used";
}

/**
 * Inspects the data folder before any change.
 * @throws HoldfastError failed if data is expected but no database exists. Not `usage`: systemd then restarts the
 * server, and the disk may be mounted by then.
 */
export function findDataFolder(
  config: Pick<Config, "dataFolder" | "databaseUrl" | "topology" | "expectData">,
): FoundFolder {
  const folder = resolve(config.dataFolder);
  const isEmbedded = isAlone(config);
  const isFirstStart = isEmbedded && !hasCluster(folder);
  if (isFirstStart && config.expectData) throw absentData(`There is no database in the data folder ${folder}`);
  return { isFirstStart, state: stateOf(folder) };
}

function stateOf(folder: string): FoundFolder["state"] {
  if (!existsSync(folder)) return "absent";
  try {
    // A new ext4 filesystem has this folder.
    return readdirSync(folder).every((name) => name === "lost+found") ? "empty" : "used";
  } catch {
    // The error is reported when the folder is opened.
    return "used";
  }
}

/** @param what a clause that names the place */
export function absentData(what: string): HoldfastError {
  return new HoldfastError(
    "failed",
    `${what}, and this server expects data (--expect-data). Is its disk mounted? Nothing was changed. ` +
      "To create a new, empty server, omit --expect-data.",
  );
}

export const newServerInEmptyFolder =
  "creating a new server in this empty folder. If your files should already be here, stop this server, mount their disk and start " +
  "again; --expect-data refuses such a start";

export const newServerInUsedFolder =
  "the data folder has files and no database: creating a new, empty server in it. If its disk is not mounted yet, stop this server, " +
  "mount the disk and start again; --expect-data refuses such a start";
