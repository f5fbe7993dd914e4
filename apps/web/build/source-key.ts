import { createHash } from "node:crypto";
import { readdir, readFile, realpath } from "node:fs/promises";
import { join } from "node:path";

/**
 * Key of a build, from the content of everything that goes into it. A checkout, a restored backup or a changed clock
 * makes file times unreliable.
 * @param root folder apps/web
 */
export async function sourceKey(root: string): Promise<string> {
  const folders = await partsOf(root);
  const files = [join(root, "../../package-lock.json"), ...(await Promise.all(folders.map(sourcesOf))).flat()];
  const hash = createHash("sha256");
  for (const file of files.toSorted()) {
    const content = await readFile(file);
    hash.update(`${file.slice(root.length)}\0${content.length}\0`).update(content);
  }
  return hash.digest("hex").slice(0, 20);
}

/** The app and, transitively, the Holdfast packages that it imports. */
async function partsOf(root: string): Promise<string[]> {
  const parts = [root];
  const modules = join(root, "../../node_modules");
  const known = new Set<string>();
  for (const part of parts) {
    const { dependencies = {} } = JSON.parse(await readFile(join(part, "package.json"), "utf8")) as {
      dependencies?: Record<string, string>;
    };
    for (const name of Object.keys(dependencies)) {
      if (!name.startsWith("@holdfast/") || known.has(name)) continue;
      known.add(name);
      parts.push(await realpath(join(modules, name)));
    }
  }
  return parts;
}

async function sourcesOf(part: string): Promise<string[]> {
  const entries = await readdir(part, { withFileTypes: true });
  const folders = entries.filter((entry) => entry.isDirectory() && sourceFolders.has(entry.name));
  const below = await Promise.all(
    folders.map((folder) => readdir(join(part, folder.name), { recursive: true, withFileTypes: true })),
  );
  return [...entries, ...below.flat()]
    .filter((entry) => entry.isFile() && !/\.test\.tsx?$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name));
}

const sourceFolders = new Set(["src", "build"]);
