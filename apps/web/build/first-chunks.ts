import { join } from "node:path";

/** Modules that are loaded together before the first list. */
interface Stage {
  /** Name of the chunk. */
  readonly name: string;
  readonly starts: readonly string[];
}

interface ModuleFacts {
  readonly importedIds: readonly string[];
}

/**
 * Groups the modules that are loaded before the first list into a few chunks. By default the build makes a chunk of
 * each module that two places share. That makes dozens of chunks, and a browser that allows six parallel requests loads
 * them in rounds of six.
 * @returns function that names a module's group of chunks; null leaves the module to the default
 */
export function firstChunks(root: string, stages: readonly Stage[]) {
  let reached: readonly { readonly name: string; readonly ids: ReadonlySet<string> }[] | undefined;
  return (id: string, modules: { getModuleInfo(id: string): ModuleFacts | null }): string | null => {
    reached ??= stages.map(({ name, starts }) => ({
      name,
      ids: reachedFrom(
        starts.map((path) => join(root, path)),
        (each) => modules.getModuleInfo(each)?.importedIds ?? [],
      ),
    }));
    // The build's own helper modules are shared by all pages. If they were in a chunk of the app, the preview frame
    // would load the app.
    return id.startsWith("\0") || usedLater.test(id) ? null : (reached.find(({ ids }) => ids.has(id))?.name ?? null);
  };
}

/**
 * Parts of libraries that only later places use. The library's index imports them, so they look reachable from the
 * first list.
 */
const usedLater =
  /\/(?:react-query|query-core|react-router)\/.*\/(?:useBlocker|useMutation|useInfiniteQuery|mutationObserver|infiniteQueryObserver)\.js$/;

function reachedFrom(starts: readonly string[], importsOf: (id: string) => readonly string[]): ReadonlySet<string> {
  const reached = new Set(starts);
  for (const id of reached) for (const imported of importsOf(id)) reached.add(imported);
  return reached;
}
