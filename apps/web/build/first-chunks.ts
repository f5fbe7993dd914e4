import { join } from "node:path";

/** What is loaded together before the first list. */
interface Stage {
  /** Of its chunk. */
  readonly name: string;
  readonly starts: readonly string[];
}

interface ModuleFacts {
  readonly importedIds: readonly string[];
}

/**
 * Names the few chunks for all that is loaded before the first list. Left to itself the build makes a chunk of each module that two places
 * share, which are dozens, and a browser that may ask for six at a time waits for each six of them in turn.
 * @returns for the name of a group of chunks: undefined leaves a module where it is
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
    // Helpers of the build itself are everybody's: with them the frame of previews would load the app.
    return id.startsWith("\0") || usedLater.test(id) ? null : (reached.find(({ ids }) => ids.has(id))?.name ?? null);
  };
}

/**
 * Parts of libraries that only later places use. The index of a library imports them, so they seem to be reached from the first list.
 */
const usedLater =
  /\/(?:react-query|query-core|react-router)\/.*\/(?:useBlocker|useMutation|useInfiniteQuery|mutationObserver|infiniteQueryObserver)\.js$/;

function reachedFrom(starts: readonly string[], importsOf: (id: string) => readonly string[]): ReadonlySet<string> {
  const reached = new Set(starts);
  for (const id of reached) for (const imported of importsOf(id)) reached.add(imported);
  return reached;
}
