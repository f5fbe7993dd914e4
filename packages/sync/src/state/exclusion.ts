import { HoldfastError } from "@holdfast/core/errors";
import type { SyncState } from "./sync-state.ts";

export function excludedPaths(state: Pick<SyncState, "setting">): readonly string[] {
  return JSON.parse(state.setting("excluded") ?? "[]") as string[];
}

/** @throws HoldfastError invalid_field for the root itself */
function plainPath(path: string): string {
  const plain = path
    .split("/")
    .filter((name) => name !== "" && name !== ".")
    .join("/");
  if (plain === "" || plain.split("/").includes("..")) {
    throw new HoldfastError("invalid_field", `"${path}" is not a path in the synced folder.`, { field: "exclude" });
  }
  return plain;
}

/** Applies from the next cycle, with everything below. @throws HoldfastError invalid_field */
export function excludePaths(state: SyncState, paths: readonly string[], freesSpace: boolean): void {
  const plain = paths.map(plainPath);
  const all = [...new Set([...excludedPaths(state), ...plain])].toSorted();
  const free = [...new Set([...pathsToFree(state), ...plain])];
  const toFree = freesSpace ? ([["to free", JSON.stringify(free)]] as const) : [];
  state.commit({ settings: [["excluded", JSON.stringify(all)], ...toFree] });
}

/** Mount points stay excluded after an unmount: the missing content was not deleted. */
export function excludeBoundaries(state: SyncState, paths: Iterable<string>): void {
  excludeAs("boundaries", state, paths);
}

/** Another client's folders stay excluded after that client has ended: its deletions belong elsewhere. */
export function excludeOtherRoots(state: SyncState, paths: Iterable<string>): void {
  excludeAs("other roots", state, paths);
}

/** Omits those that somebody included since. */
export function boundaryPaths(state: Pick<SyncState, "setting">): readonly string[] {
  return pathsOf("boundaries", state);
}

/** Omits those that somebody included since. */
export function otherRootPaths(state: Pick<SyncState, "setting">): readonly string[] {
  return pathsOf("other roots", state);
}

type Found = "boundaries" | "other roots";

function excludeAs(found: Found, state: SyncState, paths: Iterable<string>): void {
  const all = [...new Set([...pathsOf(found, state), ...paths])].toSorted();
  excludePaths(state, all, false);
  state.commit({ settings: [[found, JSON.stringify(all)]] });
}

function pathsOf(found: Found, state: Pick<SyncState, "setting">): readonly string[] {
  const excluded = new Set(excludedPaths(state));
  return (JSON.parse(state.setting(found) ?? "[]") as string[]).filter((path) => excluded.has(path));
}

/** @throws HoldfastError invalid_field */
export function includePaths(state: SyncState, paths: readonly string[]): void {
  const plain = new Set(paths.map(plainPath));
  const rest = (all: readonly string[]): string => JSON.stringify(all.filter((path) => !plain.has(path)));
  state.commit({
    settings: [
      ["excluded", rest(excludedPaths(state))],
      ["to free", rest(pathsToFree(state))],
    ],
  });
}

/** Paths whose local copies are not removed yet. */
export function pathsToFree(state: Pick<SyncState, "setting">): readonly string[] {
  return JSON.parse(state.setting("to free") ?? "[]") as string[];
}
