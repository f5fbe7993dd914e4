import {
  acyclicFolders,
  layers,
  lazyDoors,
  mayImport,
  starts,
  syncFolders,
  testDoors,
  testsMayImport,
} from "./arrows.ts";
import { findNodeInBrowser } from "./browser-code.ts";
import { readSourceTree, type Import, type Source } from "./source-tree.ts";

/** Checks every import under `root` against arrows.ts. @returns one line per violation */
export function findViolations(root: string): string[] {
  const sources = readSourceTree(root);
  const shipped = sources.filter((source) => !source.isTest);
  return [
    ...sources.flatMap((source) => source.imports.flatMap((each) => judgeArrow(source, each, sources))),
    ...sources.flatMap(judgeSyncFolder),
    ...findCycles("parts", shipped, (source) => source.part),
    ...shipped.flatMap(judgeLayers),
    ...acyclicFolders.flatMap((folder) =>
      findCycles(`folders of ${folder}`, shipped, (source) => folderIn(folder, source.path)),
    ),
    ...findCycles("files", sources.map(withoutLater), (source) => source.path),
    ...findDeadFiles(sources),
    ...findNodeInBrowser(root, sources),
  ];
}

function judgeArrow(source: Source, each: Import, sources: readonly Source[]): string[] {
  const at = `${source.path}:${each.line}`;
  if (each.specifier === undefined) {
    return source.isTest ? [] : [`${at} computes what it imports: name it, so that it can be checked`];
  }
  const target = sources.find((other) => other.path === each.target);
  if (target === undefined) {
    // A worker's URL is found by its form only and may be in a comment. The compiler detects all others.
    return each.target === undefined || each.kind === "url" || each.specifier.endsWith(".css")
      ? []
      : [`${at} imports ${each.specifier}, which does not exist`];
  }
  if (target.isTest && !source.isTest && source.part !== "bench") return [`${at} imports the test code ${target.path}`];
  if (target.part === source.part) return [];
  if (each.specifier.startsWith(".")) {
    return [`${at} reaches into ${target.part} by a path: import it by the package's name`];
  }
  if (isAllowed(source, each, target)) return [];
  const doors = lazyDoors[source.part] ?? [];
  const hint = target.part === "apps/server" && doors.length > 0 ? ` (only by import() of ${doors.join(", ")})` : "";
  return [`${at} imports ${each.specifier}: ${source.part} may not import ${target.part}${hint}`];
}

function isAllowed(source: Source, each: Import, target: Source): boolean {
  const allowed = mayImport[source.part] ?? [];
  if (allowed.includes("*") || allowed.includes(target.part)) return true;
  if (source.isTest && testsMayImport.includes(target.part)) return true;
  if (source.isTest && (testDoors[source.part] ?? []).includes(each.specifier ?? "")) return true;
  const isDoor = (lazyDoors[source.part] ?? []).includes(each.specifier ?? "");
  return isDoor && (source.isTest || each.kind === "dynamic");
}

function judgeLayers(source: Source): string[] {
  return Object.entries(layers).flatMap(([folder, order]) => {
    const from = folderIn(folder, source.path);
    if (from === undefined || isBeside(folder, source.path, order)) return [];
    if (!order.includes(from)) return [`${source.path}: the layers of ${folder} have no folder ${from}/`];
    return source.imports.flatMap(({ target, line }) => {
      const to = target === undefined ? undefined : folderIn(folder, target);
      if (to === undefined || to === from || order.slice(0, order.indexOf(from)).includes(to)) return [];
      return [
        `${source.path}:${line}: ${from}/ may not import ${to}${isBeside(folder, target ?? "", order) ? "" : "/"}`,
      ];
    });
  });
}

/** Returns whether a source is a file beside the layers and not itself one of them. */
function isBeside(folder: string, path: string, order: readonly string[]): boolean {
  return !path.slice(folder.length + 1).includes("/") && !order.includes(folderIn(folder, path) ?? "");
}

function judgeSyncFolder(source: Source): string[] {
  const from = folderIn(syncFolders.path, source.path);
  if (from === undefined) return [];
  const allowed = syncFolders.mayImport[from];
  if (allowed === undefined) return [`${source.path}: the layers of ${syncFolders.path} have no folder ${from}/`];
  return source.imports.flatMap(({ target, specifier, line }) => {
    const at = `${source.path}:${line}`;
    const isNode = specifier?.startsWith("node:") === true && !source.isTest;
    if (isNode && !syncFolders.mayImportNode.includes(from)) return [`${at}: ${from}/ may not import ${specifier}`];
    const to = target === undefined ? undefined : folderIn(syncFolders.path, target);
    return to === undefined || to === from || allowed.includes(to) ? [] : [`${at}: ${from}/ may not import ${to}/`];
  });
}

/** Returns "edge" for apps/server/src/edge/web/x.ts, "main" for apps/server/src/main.ts; undefined: elsewhere. */
function folderIn(folder: string, path: string): string | undefined {
  const prefix = `${folder}/`;
  if (!path.startsWith(prefix)) return undefined;
  const [first = ""] = path.slice(prefix.length).split("/");
  return first.replace(/\.tsx?$/, "");
}

/** Finds groups with cyclic imports. Each cycle is reported once with its imports. */
function findCycles(
  what: string,
  sources: readonly Source[],
  groupOf: (source: Source) => string | undefined,
): string[] {
  const groupOfPath = new Map(sources.map((source) => [source.path, groupOf(source)]));
  const edges = new Map<string, Map<string, string>>();
  for (const source of sources) {
    const from = groupOf(source);
    for (const each of source.imports) {
      const to = each.target === undefined ? undefined : groupOfPath.get(each.target);
      if (from === undefined || to === undefined || from === to) continue;
      const targets = edges.get(from) ?? new Map<string, string>();
      if (!targets.has(to)) targets.set(to, `${source.path}:${each.line}`);
      edges.set(from, targets);
    }
  }
  const cycles = [...edges.keys()].flatMap((start) => shortestCycle(start, edges) ?? []);
  return [...new Set(cycles)].map((cycle) => `import cycle between ${what}: ${cycle}`);
}

/** Removes lazy imports, which close no cycle, because both files are loaded completely by then. */
function withoutLater(source: Source): Source {
  return { ...source, imports: source.imports.filter(({ kind }) => kind === "static") };
}

type Edges = ReadonlyMap<string, ReadonlyMap<string, string>>;

/**
 * Searches breadth-first from `start` back to it. Returns undefined unless `start` is the first by name, so that each
 * cycle is reported once.
 */
function shortestCycle(start: string, edges: Edges): string | undefined {
  const queue: string[][] = [[start]];
  const seen = new Set<string>();
  for (const way of queue) {
    const last = way.at(-1) ?? start;
    for (const next of edges.get(last)?.keys() ?? []) {
      if (next === start) return way.every((group) => group >= start) ? describeWay([...way, start], edges) : undefined;
      if (seen.has(next)) continue;
      seen.add(next);
      queue.push([...way, next]);
    }
  }
  return undefined;
}

function describeWay(way: readonly string[], edges: Edges): string {
  const steps = way.slice(1).map((group, index) => `${group} (${edges.get(way[index] ?? "")?.get(group) ?? "?"})`);
  return [way[0], ...steps].join(" -> ");
}

/** Finds sources that no start reaches and only their own tests import. The dead-code tool considers all their exports used. */
function findDeadFiles(sources: readonly Source[]): string[] {
  const sourceAt = new Map(sources.map((source) => [source.path, source]));
  const reached = new Set<string>();
  const queue = [...starts];
  for (const source of sources.filter((each) => each.isTest)) {
    const own = source.path.replace(/(\.[a-z0-9]+)?\.test\.ts/, ".ts");
    queue.push(...source.imports.flatMap(({ target }) => (target === undefined || target === own ? [] : target)));
  }
  for (const path of queue) {
    if (reached.has(path)) continue;
    reached.add(path);
    queue.push(...(sourceAt.get(path)?.imports ?? []).flatMap(({ target }) => target ?? []));
  }
  return sources
    .filter((source) => !source.isTest && !reached.has(source.path))
    .map((source) => `${source.path} is dead: no start reaches it, and no test but its own`);
}

if (import.meta.main) {
  const violations = findViolations(".");
  for (const violation of violations) console.log(violation);
  if (violations.length > 0) process.exitCode = 1;
}
