import type { ManifestEntry } from "@holdfast/core/manifest";

export interface SharedBlocks {
  readonly from: number;
  readonly to: number;
  /** Blocks of the later version that the earlier one has too. */
  readonly shared: number;
  readonly shared_bytes: number;
}

export function sharedBlocks(from: readonly ManifestEntry[], to: readonly ManifestEntry[]): SharedBlocks {
  const known = new Set(from.map(({ hash }) => hash));
  const shared = to.filter(({ hash }) => known.has(hash));
  return {
    from: from.length,
    to: to.length,
    shared: shared.length,
    shared_bytes: shared.reduce((sum, { size }) => sum + size, 0),
  };
}

/** Number of common entries at the start and at the end. No entry is counted twice. */
export function commonEnds(
  from: readonly ManifestEntry[],
  to: readonly ManifestEntry[],
): { readonly start: number; readonly end: number } {
  const length = Math.min(from.length, to.length);
  let start = 0;
  while (start < length && from[start]?.hash === to[start]?.hash) start += 1;
  let end = 0;
  while (end < length - start && from.at(-1 - end)?.hash === to.at(-1 - end)?.hash) end += 1;
  return { start, end };
}
