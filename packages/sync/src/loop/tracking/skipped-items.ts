import type { MissingFeatures } from "../../model/missing-features.ts";
import { pathOfNode } from "../../model/tree-paths.ts";
import { folderOf } from "@holdfast/sync-ports/paths";
import { unfitNodes } from "../../rules/unfit.ts";
import type { ScanResult } from "../../scan/scan-types.ts";
import type { Skip } from "../../scan/walk.ts";
import type { SyncState } from "../../state/sync-state.ts";
import { type Problem, problemOf } from "../reports/problems.ts";

/** Items of all scans; each scan updates its listed folders. */
export class SkippedItems {
  readonly #skips = new Map<string, Skip>();
  readonly #keepers = new Set<string>();

  /** @param isKnown false for a removed folder, which no scan reports */
  note(
    { listed, skipped, keepers }: Pick<ScanResult, "listed" | "skipped" | "keepers">,
    isKnown: (path: string) => boolean,
  ): void {
    for (const path of listed) this.#keepers.delete(path);
    for (const path of keepers) this.#keepers.add(path);
    for (const path of this.#skips.keys()) {
      const folder = folderOf(path);
      if (listed.has(folder) || (folder !== "" && !isKnown(folder))) this.#skips.delete(path);
    }
    for (const [path, skip] of skipped) this.#skips.set(path, skip);
  }

  /** True for a folder with hidden or skipped items, which no tree contains. */
  isKeeper(path: string): boolean {
    return this.#keepers.has(path);
  }

  isAnyAt(path: string): boolean {
    const isThere = (each: string): boolean => each === path || each.startsWith(`${path}/`);
    return this.#keepers.values().some(isThere) || this.#skips.keys().some(isThere);
  }

  problems(): Problem[] {
    return [...this.#skips].map(([path, { code, reason }]) => problemOf(path, code, `Not synced: ${reason}.`));
  }
}

/** Server items that no disk can store. */
export function problemsOfUnfit(state: SyncState, missingFeatures: MissingFeatures): Problem[] {
  const { unsynced } = state;
  const ids = [unsynced, unsynced.fresh.after("")].values().flatMap((each) => each[Symbol.iterator]());
  return [...unfitNodes(state, ids, missingFeatures)].map(([id, reason]) =>
    problemOf(readable(pathOfNode(state, id) ?? id), "skipped", `Kept on the server and not synced: ${reason}.`),
  );
}

/** Replaces control characters for terminals. */
function readable(path: string): string {
  return path.replaceAll(/\p{Cc}/gu, "\uFFFD");
}
