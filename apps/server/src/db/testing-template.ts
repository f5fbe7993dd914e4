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
  // What makes it takes longer to load than the copy takes, and only the first file of a run needs it.
  const template = await madeOnce("database-template", async (made) => {
    const { makeTemplate } = await import("./testing-migrated.ts");
    await makeTemplate(made);
  });
  // Of the log of the database most is empty, which GNU's cp leaves out.
  const options = process.platform === "linux" ? ["-a", "--sparse=always"] : ["-a"];
  execFileSync("cp", [...options, join(template, "database-password"), clusterFolderOf(template), folder]);
}
