import type { HashHex } from "@holdfast/core/ids";
import { limits } from "@holdfast/core/limits";
import { diffSplices, type ManifestEntry, type Splice } from "@holdfast/core/manifest";
import type { ReadShard } from "../../base/db/shards.ts";
import {
  entriesOf,
  entryCount,
  type ListSegment,
  readManifest,
  readSegments,
  segmentsOf,
  type VersionList,
} from "../content/manifests.ts";

/**
 * Returns splices that turn the list of `base` into that of `next`. Does not read common segments, so the cost for a
 * large file depends on its change.
 * @returns undefined if too many entries differ and `next` should be sent in full
 */
export async function listDifference(
  shard: ReadShard,
  base: VersionList,
  next: VersionList,
): Promise<readonly Splice[] | undefined> {
  if (base.segments === null || next.segments === null) {
    if (entryCount(base) + entryCount(next) > limits.differenceEntriesMax) return undefined;
    return diffSplices(await readManifest(shard, base), await readManifest(shard, next));
  }
  const segments = { base: segmentsOf(base.segments), next: segmentsOf(next.segments) };
  const places = diffSplices(segments.base.map(asEntry), segments.next.map(asEntry));
  const stretches = stretchesOf(segments.base, segments.next, places);
  const entries = stretches.reduce((sum, stretch) => sum + countOf(stretch.base) + countOf(stretch.next), 0);
  if (entries > limits.differenceEntriesMax) return undefined;
  const splices: Splice[] = [];
  for (const stretch of stretches) {
    const read = async (some: readonly ListSegment[]) =>
      entriesOf({
        pieces: await readSegments(
          shard,
          base.space_id,
          some.map(({ hash }) => hash),
        ),
      });
    const inside = diffSplices(await read(stretch.base), await read(stretch.next));
    for (const { at, remove, insert } of inside) splices.push({ at: stretch.at + at, remove, insert });
  }
  return splices;
}

interface Stretch {
  readonly at: number;
  readonly base: readonly ListSegment[];
  readonly next: readonly ListSegment[];
}

function stretchesOf(base: readonly ListSegment[], next: readonly ListSegment[], places: readonly Splice[]): Stretch[] {
  let passed = { base: 0, next: 0, entries: 0 };
  return places.map(({ at, remove, insert }) => {
    const nextAt = passed.next + at - passed.base;
    const entries = passed.entries + countOf(base.slice(passed.base, at));
    const stretch = {
      at: entries,
      base: base.slice(at, at + remove),
      next: next.slice(nextAt, nextAt + insert.length),
    };
    passed = { base: at + remove, next: nextAt + insert.length, entries: entries + countOf(stretch.base) };
    return stretch;
  });
}

/** Lists of segments are compared like lists of blocks. */
function asEntry({ hash, count }: ListSegment): ManifestEntry {
  return { hash: hash.toString("hex") as HashHex, size: count };
}

function countOf(segments: readonly ListSegment[]): number {
  return segments.reduce((sum, { count }) => sum + count, 0);
}
