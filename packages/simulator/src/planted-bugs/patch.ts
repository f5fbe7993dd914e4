import { readFileSync } from "node:fs";
import { HoldfastError } from "@holdfast/core/errors";

export interface Patch {
  readonly file: string;
  readonly find: string;
  readonly put: string;
}

export type Bugs = Readonly<Record<string, readonly Patch[]>>;

export const engineFolder = new URL("../../../sync/src/", import.meta.url).href;

/**
 * @param file below packages/sync/src
 * @returns its source with the bug; undefined: the bug does not change it
 * @throws as `applyPatch`
 */
export function plantedSource(file: string, patches: readonly Patch[]): string | undefined {
  const own = patches.filter((patch) => patch.file === file);
  if (own.length === 0) return undefined;
  return own.reduce(applyPatch, readFileSync(new URL(file, engineFolder), "utf8"));
}

/** @throws HoldfastError failed if the replaced text does not occur exactly once because the source has changed */
export function applyPatch(source: string, { file, find, put }: Patch): string {
  const [before = "", after, ...more] = source.split(find);
  if (after === undefined || more.length > 0) {
    const count = after === undefined ? "nowhere" : `${more.length + 1} times`;
    throw new HoldfastError("failed", `This stands ${count} in packages/sync/src/${file}, not once: ${find}`);
  }
  return before + put + after;
}
