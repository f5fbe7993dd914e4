import type { HashHex, SpaceId, UserId } from "@holdfast/core/ids";
import type { ManifestEntry } from "@holdfast/core/manifest";
import type { AlsoHeld } from "../../tree/commit/hold-contents.ts";
import type { BlockRoom } from "../write/block-room.ts";
import type { Discarded } from "../index/discard-blocks.ts";
import type { DamagedBlock } from "../index/list-damaged.ts";
import type { Reading } from "../read/reading-room.ts";
import type { IncomingBlock } from "../format/incoming-block.ts";
import type { StoredBlock } from "../read/stored-block.ts";
import type { LeaveOut } from "../write/parcel.ts";
import type { SealedTail, TailPlace } from "../write/tails.ts";

/** Callers check rights on nodes first. */
export interface BlockService {
  /** Returns memory for the payloads of a request. `expectedBytes` is undefined if the size is unknown. */
  room(expectedBytes: number | undefined): BlockRoom;
  /**
   * Rejects an upload that does not fit on the disks before it is sent. `store` checks again.
   * @param sizeBytes minimum size; 0 if unknown
   * @throws HoldfastError store_full
   */
  assertRoom(spaceId: SpaceId, sizeBytes: number): Promise<void>;
  /**
   * Verifies all blocks, and writes those that the space does not hold into packs shared with concurrent calls. Returns
   * when pack, cell rows and `space_blocks` are durable. Renews `since` of blocks that the space holds. A wrong block
   * is reported to `leaveOut`; without it, the call fails with 422 and stores nothing. Throws `quota` beyond four times
   * the quota, and `store_full` below the disks' reserve.
   */
  store(spaceId: SpaceId, uploader: UserId, blocks: readonly IncomingBlock[], leaveOut?: LeaveOut): Promise<void>;
  /** Returns hashes in `space_blocks` with a live block in the cell, and renews their `since`. */
  held(spaceId: SpaceId, hashes: readonly HashHex[]): Promise<Set<HashHex>>;
  discard(spaceId: SpaceId, uploader: UserId, hashes: readonly HashHex[]): Promise<Discarded>;
  /** Returns false if no block of the space's cell is damaged, so that `lost` finds nothing. */
  anyDamaged(spaceId: SpaceId): Promise<boolean>;
  /** Returns hashes without a whole copy, which must be sent again. */
  lost(spaceId: SpaceId, hashes: readonly HashHex[]): Promise<ReadonlySet<HashHex>>;
  /**
   * Lets the space hold blocks that another space holds. Within a cell this adds only rows; between cells bytes are
   * copied. Throws `quota` beyond four times the quota.
   */
  holdAlso(spaceId: SpaceId, also: AlsoHeld): Promise<void>;
  /** Sorted by hash, without a whole copy. */
  damaged(
    spaceId: SpaceId,
    page: { readonly after: HashHex | undefined; readonly limit: number },
  ): Promise<readonly DamagedBlock[]>;
  /**
   * Yields the blocks in the given order (a hash may repeat); undefined for a block that the space does not hold.
   * Neighbors in a pack are read with one ranged read, up to a limit of bytes ahead. A copy that fails its check twice
   * is marked damaged and logged with the affected files, and the next copy is tried. If none is left, throws
   * `damaged`.
   */
  read(spaceId: SpaceId, hashes: readonly HashHex[], options?: ReadingOptions): AsyncGenerator<StoredBlock | undefined>;
  /** Yields [start, end) in pieces of up to one block. */
  readRange(
    spaceId: SpaceId,
    entries: readonly ManifestEntry[],
    startByte: number,
    endByte: number,
    options?: ReadingOptions,
  ): AsyncGenerator<Uint8Array>;
  /** Seals the unfinished tail of an upload with its own salt. Additional data binds it to its place. */
  sealTail(place: TailPlace, plain: Uint8Array): Promise<SealedTail>;
  openTail(place: TailPlace, tail: SealedTail): Promise<Uint8Array>;
}

export interface ReadingOptions {
  readonly signal?: AbortSignal;
  /**
   * Promises that the caller no longer uses bytes, and has written them to their connection, when it requests the next
   * ones. Their memory is then reused. Callers that collect or buffer bytes must omit this.
   */
  readonly passing?: boolean;
  /** Memory for bytes that were read but not consumed; see `ReadingRoom`. */
  readonly reading?: Reading;
  /** Only the owner may learn which files a damaged block affects. */
  readonly asOwner?: boolean;
  /** For `read`: yields undefined for a damaged block instead of throwing. */
  readonly passesOver?: "damaged";
}
