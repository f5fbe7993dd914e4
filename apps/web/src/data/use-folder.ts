import { useEffect, useMemo, useSyncExternalStore } from "react";
import type { FolderSnapshot } from "./folder-index.ts";
import type { Folders, OpenFolder } from "./folders.ts";
import type { SortOrder } from "./row-order.ts";

export interface ShownFolder extends FolderSnapshot {
  readonly folder: OpenFolder;
  readonly failure: OpenFolder["failure"];
}

/** Keeps the folder open while the component is mounted. */
export function useFolder(folders: Folders, id: string, order: SortOrder): ShownFolder {
  const folder = useMemo(() => folders.get(id, order), [folders, id, order]);
  useEffect(() => folder.keep(), [folder]);
  const snapshot = useSyncExternalStore(folder.index.subscribe, folder.index.getSnapshot);
  const failure = useSyncExternalStore(folder.subscribe, () => folder.failure);
  return { ...snapshot, folder, failure };
}
