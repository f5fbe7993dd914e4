import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { madeOnce } from "@holdfast/tools/test-folder";
import { clusterFolderOf } from "./embedded/cluster.ts";

export const hasTemplate = process.platform !== "win32";

/**
 * A copy of a fresh cluster is made several times faster than a fresh cluster, so each run makes one. Its own database is migrated, as
 * that of a server whose first start was cut off before it made its key.
 * @param folder a data folder without a database
 */
export async function copyTemplate(folder: string): Promise<void> {
  if (!hasTemplate) return;
  // Loading the code that makes the template takes longer than the copy, and only the first file of a run needs it.
  const template = await madeOnce("database-template", async (made) => {
    const { makeTemplate } = await import("./testing-migrated.ts");
    await makeTemplate(made);
  });
  // Most of the database's log is empty, and GNU cp skips the empty parts.
  const options = process.platform === "linux" ? ["-a", "--sparse=always"] : ["-a"];
  execFileSync("cp", [...options, join(template, "database-password"), clusterFolderOf(template), folder]);
}
