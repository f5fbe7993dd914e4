import { registerHooks } from "node:module";

type Resolve = NonNullable<Parameters<typeof registerHooks>[0]["resolve"]>;

/**
 * Resolves imports with less work than Node, which looks up files, links and packages again for each import of the
 * same module. This took more than a quarter of the time to load the server. Affects this thread only.
 */
export function resolveFaster(): void {
  registerHooks({ resolve: fasterResolve() });
}

/**
 * Asks Node once for each module, and never for a source with a relative path. Of the files of packages, it asks for one
 * per folder: the package.json that decides their format is the same.
 */
export function fasterResolve(): Resolve {
  const known = new Map<string, ReturnType<Resolve>>();
  const moduleFolders = new Set<string>();
  return (specifier, context, next) => {
    const { parentURL: parent, conditions } = context;
    if (parent === undefined || !conditions.includes("import")) return next(specifier, context);
    const key = keyOf(specifier, parent);
    if (isRelative(specifier) && key.endsWith(".ts"))
      return { url: key, format: "module-typescript", shortCircuit: true };
    if (isRelative(specifier) && key.endsWith(".js") && moduleFolders.has(folderOf(key)))
      return { url: key, format: "module", shortCircuit: true };
    const resolved = known.get(key) ?? { ...next(specifier, context), shortCircuit: true };
    known.set(key, resolved);
    if (resolved.format === "module" && resolved.url.endsWith(".js")) moduleFolders.add(folderOf(resolved.url));
    return resolved;
  };
}

function keyOf(specifier: string, parent: string): string {
  if (isRelative(specifier)) return new URL(specifier, parent).href;
  // A folder can have its own packages, but every workspace is linked once, at the root.
  if (/^(node:|@holdfast\/)/.test(specifier)) return specifier;
  return `${folderOf(parent)} ${specifier}`;
}

function folderOf(url: string): string {
  return url.slice(0, url.lastIndexOf("/"));
}

function isRelative(specifier: string): boolean {
  return specifier.startsWith("./") || specifier.startsWith("../");
}
