import { existsSync } from "node:fs";
import { join } from "node:path";
import type { EngineOptions } from "@holdfast/sync/loop/engine/engine-options";
import { readKnownSyncs } from "./known-syncs.ts";
import { readMarker } from "./sync-root.ts";

/**
 * Recognizes a copy of a synced folder, as by `cp -r`: the marker's own folder is in its place or not visible. The copy
 * is synced like any other folder.
 */
export function isCopiedMarker(root: string, configFolder: string): NonNullable<EngineOptions["isCopied"]> {
  return async (folder, marker) => {
    const syncs = await readKnownSyncs(configFolder);
    const original = syncs.find(({ record }) => record.marker === marker && record.root !== join(root, folder));
    if (original === undefined) return false;
    return !existsSync(original.record.root) || (await readMarker(original.record.root)) === marker;
  };
}
