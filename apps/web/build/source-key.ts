import { createHash } from "node:crypto";
import { readdirSync, readFileSync, realpathSync } from "node:fs";
import { join } from "node:path";

/**
 * Key of a build, from the content of everything that goes into it. A checkout, a restored backup or a changed clock
 * makes file times unreliable. Reads hundreds of files synchronously, which takes a third of the time: each start does this.
 * @param root folder apps/web
 */
export function sourceKey(root: string): string {
  const files = [join(root, "../../package-lock.json"), ...partsOf(root).flatMap(sourcesOf)];
  const hash = createHash("sha256");
  for (const file of files.toSorted()) {
    const content = readFileSync(file);
    hash.update(`${file.slice(root.length)}\0${content.length}\0`).update(content);
  }
  return hash.digest("hex").slice(0, 20);
}

/** The app and, transitively, the Holdfast packages that it imports. */
function partsOf(root: string): string[] {
  const parts = [root];
  const modules = join(root, "../../node_modules");
  const known = new Set<string>();
  for (const part of parts) {
    const { dependencies = {} } = JSON.parse(readFileSync(join(part, "package.json"), "utf8")) as {
      dependencies?: Record<string, string>;
    };
    for (const name of Object.keys(dependencies)) {
      if (!name.startsWith("@holdfast/") || known.has(name)) continue;
      known.add(name);
      parts.push(realpathSync(join(modules, name)));
    }
  }
  return parts;
}

function sourcesOf(part: string): string[] {
  const entries = readdirSync(part, { withFileTypes: true });
  const folders = entries.filter((entry) => entry.isDirectory() && sourceFolders.has(entry.name));
  const below = folders.flatMap((folder) =>
    readdirSync(join(part, folder.name), { recursive: true, withFileTypes: true }),
  );
  return [...entries, ...below]
    .filter((entry) => entry.isFile() && !/\.test\.tsx?$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name));
}

const sourceFolders = new Set(["src", "build"]);
