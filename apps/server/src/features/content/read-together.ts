import { HoldfastError } from "@holdfast/core/errors";
import type { SpaceId, VersionId } from "@holdfast/core/ids";
import type { BlockService, ReadingOptions } from "../../packs/service/block-service.ts";
import type { Shards } from "../../base/db/shards.ts";
import { entriesOf, readLists, type SizedList } from "../../tree/content/manifests.ts";

export interface ContentParts {
  readonly shards: Shards;
  readonly blocks: Pick<BlockService, "readRange">;
}

/** Larger files are read separately: their query takes little time compared with their bytes. */
const smallBytesMax = 64 * 1024;
/** Maximum size of small files in memory. */
const groupBytesMax = 1024 * 1024;
const groupEntriesMax = 200;

export interface ListedContent {
  /** Only for files. */
  readonly versionId?: VersionId | undefined;
  readonly sizeBytes: number;
}

/** Groups adjacent entries, so that their small files fit in memory. */
export function* inGroups<Entry extends ListedContent>(
  entries: Iterable<Entry>,
): Generator<readonly Entry[], void, undefined> {
  let group: Entry[] = [];
  let bytes = 0;
  for (const entry of entries) {
    const smallBytes = isSmall(entry) ? entry.sizeBytes : 0;
    if (group.length === groupEntriesMax || bytes + smallBytes > groupBytesMax) {
      yield group;
      group = [];
      bytes = 0;
    }
    group.push(entry);
    bytes += smallBytes;
  }
  if (group.length > 0) yield group;
}

/**
 * Reads the group's small files with two queries and one read of the store, because a query for each of a hundred
 * thousand small files takes longer than their bytes.
 * @returns no entry for files to read separately: large or missing ones, or all if one is damaged
 */
export async function readTogether<Entry extends ListedContent>(
  { shards, blocks }: ContentParts,
  spaceId: SpaceId,
  group: readonly Entry[],
  options: ReadingOptions,
): Promise<ReadonlyMap<Entry, Uint8Array>> {
  const small = group.filter(isSmall);
  const ids = small.flatMap(({ versionId }) => (versionId === undefined ? [] : [versionId]));
  const lists =
    ids.length === 0 ? new Map<VersionId, SizedList>() : await readLists(shards.ofId(spaceId), spaceId, ids);
  const files = small.flatMap((entry) => {
    const list = entry.versionId === undefined ? undefined : lists.get(entry.versionId);
    return list?.size === entry.sizeBytes && list.manifest !== null
      ? [{ entry, blocks: list.manifest.length === 0 ? [] : entriesOf({ pieces: [list.manifest] }) }]
      : [];
  });
  const sizeBytes = files.reduce((sum, { entry }) => sum + entry.sizeBytes, 0);
  const wanted = files.flatMap((file) => file.blocks);
  if (wanted.reduce((sum, { size }) => sum + size, 0) !== sizeBytes)
    throw new HoldfastError("internal", "The length of a version does not match its row.");
  const bytes = new Uint8Array(sizeBytes);
  try {
    let filled = 0;
    for await (const piece of blocks.readRange(spaceId, wanted, 0, sizeBytes, options)) {
      bytes.set(piece, filled);
      filled += piece.length;
    }
    if (filled !== sizeBytes) throw new HoldfastError("internal", "The content is shorter than its block list.");
  } catch (thrown) {
    // Reading one by one finds the damaged file.
    if (isLost(thrown)) return new Map();
    throw thrown;
  }
  let start = 0;
  return new Map(files.map(({ entry }) => [entry, bytes.subarray(start, (start += entry.sizeBytes))]));
}

/** An archive omits content without an intact copy. */
export function isLost(thrown: unknown): thrown is HoldfastError {
  return thrown instanceof HoldfastError && ["damaged", "not_found"].includes(thrown.code);
}

function isSmall({ versionId, sizeBytes }: ListedContent): boolean {
  return versionId !== undefined && sizeBytes <= smallBytesMax;
}
