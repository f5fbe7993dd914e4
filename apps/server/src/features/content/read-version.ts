import type { BlockService, ReadingOptions } from "../../packs/service/block-service.ts";
import type { Shards } from "../../base/db/shards.ts";
import { entriesOf, readList, type VersionList } from "../../tree/content/manifests.ts";

/** Yields the plain bytes [start, end) in pieces of up to one block. Reads only the affected part of the block list. */
export async function* readVersion(
  { shards, blocks }: { readonly shards: Shards; readonly blocks: Pick<BlockService, "readRange"> },
  version: VersionList,
  range: { readonly start: number; readonly end: number },
  options: ReadingOptions = {},
): AsyncGenerator<Uint8Array, void, undefined> {
  for await (const part of readList(shards.ofId(version.space_id), version, range)) {
    const start = Math.max(range.start - part.startByte, 0);
    const end = Math.min(range.end - part.startByte, part.sizeBytes);
    yield* blocks.readRange(version.space_id, entriesOf(part), start, end, options);
  }
}
