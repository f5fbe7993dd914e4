import { HoldfastError } from "@holdfast/core/errors";
import type { SpaceId, VersionId } from "@holdfast/core/ids";
import type { BlockService, ReadingOptions } from "../blocks/block-service.ts";
import type { Shards } from "../db/shards.ts";
import { entriesOf, readLists, type SizedList } from "../metadata/content/manifests.ts";

export interface ContentParts {
  readonly shards: Shards;
  readonly blocks: Pick<BlockService, "readRange">;
}

/** Larger files are read alone: beside their bytes a look-up of their own takes no time. */
const smallBytesMax = 64 * 1024;
/** Of small files: what is in memory at once. */
const groupBytesMax = 1024 * 1024;
const groupEntriesMax = 200;

/** Something that is to be sent. */
export interface ListedContent {
  /** Only of a file. */
  readonly versionId?: VersionId | undefined;
  readonly sizeBytes: number;
}

/** Neighbours, so many that the content of the small files among them fits in memory. */
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
 * The content of a group's small files by two statements and one reading of the store: a look-up for each of a hundred
 * thousand small files takes longer than their bytes.
 * @returns nothing of a file that has to be looked at alone: one that is large, gone, or beside a damaged one
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
    // Which of them it is turns out file by file.
    if (isLost(thrown)) return new Map();
    throw thrown;
  }
  let start = 0;
  return new Map(files.map(({ entry }) => [entry, bytes.subarray(start, (start += entry.sizeBytes))]));
}

/** What has no whole copy is left out of an archive, in which all else is. */
export function isLost(thrown: unknown): thrown is HoldfastError {
  return thrown instanceof HoldfastError && ["damaged", "not_found"].includes(thrown.code);
}

function isSmall({ versionId, sizeBytes }: ListedContent): boolean {
  return versionId !== undefined && sizeBytes <= smallBytesMax;
}
