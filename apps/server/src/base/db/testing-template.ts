import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { madeOnce } from "@holdfast/tools/test-folder";
import { clusterFolderOf } from "./embedded/cluster.ts";

export const hasTemplate = process.platform !== "win32";

/**
 * Copies a template cluster, which is several times faster than creating one. Each run makes one template. Its database
 * is migrated, like that of a server whose first start was interrupted before it created its key.
 * @param folder a data folder without a database
 */
export async function copyTemplate(folder: string): Promise<void> {
  if (!hasTemplate) return;
  // Imported on demand: loading this code takes longer than the copy, and only the first file of a run needs it.
  const template = await madeOnce("database-template", async (made) => {
    const { makeTemplate } = await import("./testing-migrated.ts");
    await makeTemplate(made);
  });
  execFileSync("cp", ["-a", join(template, "database-password"), clusterFolderOf(template), folder]);
}
