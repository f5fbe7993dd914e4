import { join } from "node:path";

/** Modules that are loaded together before the first list. */
interface Stage {
  readonly name: string;
  readonly starts: readonly string[];
}

interface ModuleFacts {
  readonly importedIds: readonly string[];
}

/**
 * Groups the modules of the first list into a few chunks. The default is a chunk per shared module: dozens, of which
 * browsers load six at a time.
 * @returns function that names a module's group; null leaves the module to the default
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
    // Modules of the build itself are shared by all pages. In a chunk of the app, they would make the preview frame
    // load the app.
    return id.startsWith("\0") || usedLater.test(id) ? null : (reached.find(({ ids }) => ids.has(id))?.name ?? null);
  };
}

/** Parts of libraries that only later places use, but that the library's index imports. */
const usedLater =
  /\/(?:react-query|query-core|react-router)\/.*\/(?:useBlocker|useMutation|useInfiniteQuery|mutationObserver|infiniteQueryObserver)\.js$/;

function reachedFrom(starts: readonly string[], importsOf: (id: string) => readonly string[]): ReadonlySet<string> {
  const reached = new Set(starts);
  for (const id of reached) for (const imported of importsOf(id)) reached.add(imported);
  return reached;
}
