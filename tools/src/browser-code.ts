import { readFileSync } from "node:fs";
import { join } from "node:path";
import { browserPackages, browserPart } from "./arrows.ts";
import { findGlobals } from "./find-globals.ts";
import type { Source } from "./source-tree.ts";

/** Missing in browsers. */
const nodeGlobals: ReadonlySet<string> = new Set([
  "Buffer",
  "process",
  "global",
  "require",
  "setImmediate",
  "clearImmediate",
  "__dirname",
  "__filename",
]);

/**
 * Follows the imports of all browser sources and finds Node modules, Node globals and packages of other parts.
 * @returns one line each with the chain of imports
 */
export function findNodeInBrowser(root: string, sources: readonly Source[]): string[] {
  const sourceAt = new Map(sources.map((source) => [source.path, source]));
  const starts = sources.filter(({ path, isTest }) => path.startsWith(`${browserPart}/src/`) && !isTest);
  if (starts.length === 0) return [];
  const packages = packagesOf(root);
  const wayTo = new Map(starts.map(({ path }) => [path, path]));
  const violations: string[] = [];
  for (const [path, way] of wayTo) {
    const source = sourceAt.get(path);
    if (source === undefined) continue;
    for (const name of findGlobals(path, readFileSync(join(root, path), "utf8"), nodeGlobals)) {
      violations.push(`${path} uses ${name}, which no browser has: ${way}`);
    }
    for (const { specifier, target, isType, platform, line } of source.imports) {
      if (isType || platform === "node" || specifier === undefined) continue;
      if (target !== undefined) {
        if (!wayTo.has(target)) wayTo.set(target, `${way} -> ${target}`);
      } else if (specifier.startsWith("node:") || !packages.has(packageOf(specifier))) {
        const why = specifier.startsWith("node:") ? "no browser has" : `is no dependency of ${browserPart}`;
        violations.push(`${path}:${line} imports ${specifier}, which ${why}: ${way} -> ${specifier}`);
      }
    }
  }
  return violations;
}

function packagesOf(root: string): Set<string> {
  const { dependencies = {} } = JSON.parse(readFileSync(join(root, browserPart, "package.json"), "utf8")) as {
    readonly dependencies?: Readonly<Record<string, string>>;
  };
  return new Set([...browserPackages, ...Object.keys(dependencies)]);
}

function packageOf(specifier: string): string {
  return specifier.split("/", specifier.startsWith("@") ? 2 : 1).join("/");
}
