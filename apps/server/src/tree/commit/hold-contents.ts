import { HoldfastError } from "@holdfast/core/errors";
import type { HashHex, SpaceId, UserId } from "@holdfast/core/ids";
import { decodeSegment } from "@holdfast/core/manifest";
import type { ShardQueries, VersionRow } from "../../base/db/shard-tables.ts";
import type { Shard } from "../../base/db/shards.ts";
import { contentOf, distinctBlocks, type VersionContent } from "../content/content.ts";
import { readSegments } from "../content/manifests.ts";
import { type HeldBlocks, lockBlocks, lockSegments } from "./load.ts";
import type { TransactionPlace } from "./transaction-place.ts";
import { stageSegments } from "./stage-segments.ts";

export interface AlsoHeld {
  readonly from: SpaceId;
  readonly uploader: UserId;
  /**
   * The uploader owns the space. For others nothing, including the response time, may reveal how many blocks the space
   * held before.
   */
  readonly owns: boolean;
  readonly blocks: ReadonlyMap<HashHex, number>;
}

/** Method of a block service that lets a space hold blocks of another space. */
export interface HoldsAlso {
  holdAlso(spaceId: SpaceId, also: AlsoHeld): Promise<void>;
}

/** Contents of one space that another will hold too. No bytes are transferred. */
export interface Holding {
  readonly source: { readonly shard: Shard; readonly spaceId: SpaceId };
  readonly place: TransactionPlace;
  readonly blocks: HoldsAlso;
  readonly uploader: { readonly userId: UserId; readonly owns: boolean };
  readonly signal?: AbortSignal;
}

const segmentsAtOnce = 8;

/**
 * Stages the block lists of long files, each once, and holds their blocks.
 * @param staged segments that exist; new segments are added
 */
export async function holdSegments(
  holding: Holding,
  versions: readonly VersionRow[],
  staged: Set<HashHex>,
): Promise<void> {
  const { source, place, signal } = holding;
  const wanted = new Set(versions.flatMap((version) => contentOf(version).segmentHashes)).difference(staged);
  const hashes = [...wanted];
  for (let at = 0; at < hashes.length; at += segmentsAtOnce) {
    signal?.throwIfAborted();
    const some = hashes.slice(at, at + segmentsAtOnce);
    const buffers = some.map((hash) => Buffer.from(hash, "hex"));
    const pieces = await readSegments(source.shard, source.spaceId, buffers);
    const segments = some.map((hash, index) => ({ hash, entries: decodeSegment(pieces[index] ?? Buffer.alloc(0)) }));
    await holdBlocks(holding, distinctBlocks(segments.flatMap(({ entries }) => entries)));
    await stageSegments({ ...place, nowMicros: place.clock.nowMicros() }, segments);
    for (const hash of some) staged.add(hash);
  }
}

const blocksAtOnce = 1000;

export async function holdBlocks(holding: Holding, blocks: ReadonlyMap<HashHex, number>): Promise<void> {
  const { source, place, uploader } = holding;
  const all = [...blocks];
  for (let at = 0; at < all.length; at += blocksAtOnce) {
    const part = new Map(all.slice(at, at + blocksAtOnce));
    const also = { from: source.spaceId, uploader: uploader.userId, owns: uploader.owns, blocks: part };
    await holding.blocks.holdAlso(place.spaceId, also);
  }
}

/** Nothing may refer to removable content. @throws HoldfastError unavailable if a block or segment is missing */
export async function lockContents(
  transaction: ShardQueries,
  spaceId: SpaceId,
  contents: readonly VersionContent[],
): Promise<HeldBlocks> {
  const blocks = [...new Set(contents.flatMap((content) => [...content.blocks.keys()]))];
  const segments = [...new Set(contents.flatMap(({ segmentHashes }) => segmentHashes))];
  const held = await lockBlocks(transaction, spaceId, blocks);
  const lists = await lockSegments(transaction, spaceId, segments);
  if (held.sizes.size === blocks.length && lists.size === segments.length) return held;
  throw new HoldfastError("unavailable", "The copy took too long and was canceled. Try again.");
}
