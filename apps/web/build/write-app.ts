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
 * Builds the current sources. All files are written to a temporary folder that is then renamed. Thus a killed process
 * leaves nothing that looks like a build, and two concurrent builds both succeed.
 * @param root folder apps/web
 * @returns folder of the build
 */
export async function writeApp(root: string): Promise<string> {
  const dist = distOf(root);
  await mkdir(dist, { recursive: true });
  for (let round = 0; round < roundsMax; round += 1) {
    const key = await sourceKey(root);
    const unfinished = await makeUnfinished(root);
    try {
      await build(viteConfig(root, unfinished));
      await build(await serviceWorkerConfig(root, unfinished));
      // These come last: the service worker caches neither the link page nor the API documentation.
      await build(linkPageConfig(root, unfinished));
      await build(apiDocsConfig(root, unfinished));
      // Sources changed during the build, so the build may contain a mixture. Build again.
      if ((await sourceKey(root)) !== key) continue;
      await writeAppIndex(unfinished);
      // `mkdtemp` grants access to the creator only, and the server may run as another user.
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

/** Renames the folder. If a concurrent build was first, it has the same content, so its folder is kept. */
async function moveTo(place: string, unfinished: string): Promise<void> {
  try {
    await rename(unfinished, place);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== "ENOTEMPTY" && code !== "EEXIST") throw error;
  }
}

/** Open tabs of an earlier build still load its remaining chunks. */
const keptBuilds = 3;

async function sweep(root: string): Promise<void> {
  const outdated = (await builtFolders(root)).slice(keptBuilds);
  for (const folder of outdated) await rm(folder, { recursive: true, force: true });
}
