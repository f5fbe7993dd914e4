import { globSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";

export const root = resolve(import.meta.dirname, "../../../../..");

export function read(path: string): string {
  return readFileSync(join(root, path), "utf8");
}

export function filesIn(pattern: string | readonly string[]): string[] {
  const found = globSync(pattern, { cwd: root, withFileTypes: true, exclude: ["**/node_modules"] });
  return found
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(root.length + 1))
    .toSorted();
}

/** Values of an instruction of the Dockerfile, with continued lines joined, of all stages or of the last one. */
export function instructions(name: string, stages: "all" | "last" = "all"): string[] {
  const all = read("Dockerfile")
    .replaceAll(/^\s*#.*\n/gm, "")
    .replaceAll(/\\\n\s*/g, "")
    .split("\n");
  const lines = stages === "all" ? all : all.slice(all.findLastIndex((line) => line.startsWith("FROM ")));
  return lines.filter((line) => line.startsWith(`${name} `)).map((line) => line.slice(name.length + 1));
}
