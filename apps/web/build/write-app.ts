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
 * Builds what the sources say now. All is written beside its place and moved there whole, so that whoever is killed here
 * leaves nothing that looks like a build, and of two that build at once both succeed.
 * @param root of apps/web
 * @returns the folder of the build
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
      // Last: the service worker keeps nothing of links, nor of the API's page.
      await build(linkPageConfig(root, unfinished));
      await build(apiDocsConfig(root, unfinished));
      // Sources that changed meanwhile are in it or are not: nobody knows what this is a build of.
      if ((await sourceKey(root)) !== key) continue;
      await writeAppIndex(unfinished);
      // A temporary folder is for its maker alone; the server may be another user.
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

/** Whoever came first has put the same there. */
async function moveTo(place: string, unfinished: string): Promise<void> {
  try {
    await rename(unfinished, place);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== "ENOTEMPTY" && code !== "EEXIST") throw error;
  }
}

/** Tabs that opened an earlier build load the rest of it when they need it. */
const keptBuilds = 3;

async function sweep(root: string): Promise<void> {
  const outdated = (await builtFolders(root)).slice(keptBuilds);
  for (const folder of outdated) await rm(folder, { recursive: true, force: true });
}
