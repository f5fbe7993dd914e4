import { chmod, mkdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { HoldfastError } from "@holdfast/core/errors";
import { build } from "vite";
import { apiDocsConfig } from "./api-docs-config.ts";
import { writeAppIndex } from "./app-index.ts";
import { builtFolders, distOf, makeUnfinished } from "./built-folders.ts";
import { linkPageConfig } from "./link-page-config.ts";
import { serviceWorkerConfig } from "./service-worker.ts";
import { sourceKey } from "./source-key.ts";
import { viteConfig } from "./vite-config.ts";

/**
 * Builds into a temporary folder that is then renamed. A killed process leaves nothing that looks like a build, and two
 * concurrent builds both succeed.
 * @param root folder apps/web
 * @returns folder of the build
 */
export async function writeApp(root: string): Promise<string> {
  const dist = distOf(root);
  await mkdir(dist, { recursive: true });
  for (let round = 0; round < roundsMax; round += 1) {
    const key = sourceKey(root);
    const unfinished = await makeUnfinished(root);
    try {
      await build(viteConfig(root, unfinished));
      await build(await serviceWorkerConfig(root, unfinished));
      // These builds come last, because the service worker caches neither of them.
      await build(linkPageConfig(root, unfinished));
      await build(apiDocsConfig(root, unfinished));
      // The sources changed during the build, so the result may be a mixture.
      if (sourceKey(root) !== key) continue;
      await writeAppIndex(unfinished);
      // `mkdtemp` grants access only to its user, and the server may be another one.
      await chmod(unfinished, 0o755);
      await moveTo(join(dist, key), unfinished);
      await sweep(root);
      return join(dist, key);
    } finally {
      await rm(unfinished, { recursive: true, force: true });
    }
  }
  throw new HoldfastError("failed", "The sources of the web app change while it is built. Build it again.");
}

const roundsMax = 5;

/** A concurrent build may have been first. Its content is the same. */
async function moveTo(place: string, unfinished: string): Promise<void> {
  try {
    await rename(unfinished, place);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== "ENOTEMPTY" && code !== "EEXIST") throw error;
  }
}

/** Open tabs still load chunks of an earlier build. */
const keptBuilds = 3;

async function sweep(root: string): Promise<void> {
  const outdated = (await builtFolders(root)).slice(keptBuilds);
  for (const folder of outdated) await rm(folder, { recursive: true, force: true });
}
