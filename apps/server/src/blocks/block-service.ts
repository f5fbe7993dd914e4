import type { HoldfastError } from "@holdfast/core/errors";
import type { HashHex, SpaceId, UserId } from "@holdfast/core/ids";
import type { ManifestEntry } from "@holdfast/core/manifest";
import type { AlsoHeld } from "../metadata/commit/hold-contents.ts";
import type { BlockRoom } from "./block-room.ts";
import type { Discarded } from "./discard-blocks.ts";
import type { DamagedBlock } from "./list-damaged.ts";
import type { Reading } from "./reading-room.ts";
import type { IncomingBlock } from "./incoming-block.ts";

/** Told of a block that is not stored, and why; the others are. */
export type LeaveOut = (hash: HashHex, refusal: HoldfastError) => void;

/** A block as it lies in its pack, opened: the payload may still be a zstd frame, and goes on the wire as it is. */
export interface StoredBlock {
  readonly hash: HashHex;
  readonly sizeBytes: number;
  readonly codec: "raw" | "zstd";
  readonly payload: Uint8Array;
}

/** Where content goes in and comes out. Everything is in the context of one space; rights on nodes are checked before. */
export interface BlockService {
  /** Memory for the payloads of a request of so many bytes; undefined where nobody has said how many will come. */
  room(expectedBytes: number | undefined): BlockRoom;
  /**
   * Refuses what has no room on the disks, before it is sent; `store` does so too, of what it has to write.
   * @param sizeBytes at least so many will come; 0 where nobody has said
   * @throws HoldfastError store_full
   */
  assertRoom(spaceId: SpaceId, sizeBytes: number): Promise<void>;
  /**
   * Verifies every block (one that is wrong is told to `leaveOut`; without that, 422 that names it and nothing stored), writes those that the space does not hold
   * into packs shared with concurrent calls, and returns once pack, cell rows and `space_blocks` are durable. Blocks that the
   * space holds already have their `since` renewed. Beyond four times the quota: `quota`; below the disks' reserve: `store_full`.
   */
  store(spaceId: SpaceId, uploader: UserId, blocks: readonly IncomingBlock[], leaveOut?: LeaveOut): Promise<void>;
  /** Of these hashes, those in the space's `space_blocks` whose block is live in the cell; their `since` is renewed. */
  held(spaceId: SpaceId, hashes: readonly HashHex[]): Promise<Set<HashHex>>;
  /** See `discardBlocks`. */
  discard(spaceId: SpaceId, uploader: UserId, hashes: readonly HashHex[]): Promise<Discarded>;
  /** Whether any block of the space's cell is known to be damaged: without one, `lost` finds nothing. */
  anyDamaged(spaceId: SpaceId): Promise<boolean>;
  /** Of these hashes, those that no copy is known to be whole of: whoever names one has to send it again. */
  lost(spaceId: SpaceId, hashes: readonly HashHex[]): Promise<ReadonlySet<HashHex>>;
  /**
   * The space holds from now on too what another one holds: in one cell a row for each block and no bytes, between cells the bytes are
   * copied. Beyond four times the quota: `quota`.
   */
  holdAlso(spaceId: SpaceId, also: AlsoHeld): Promise<void>;
  /** Of the space's blocks, in the order of their hashes, those that have no whole copy. */
  damaged(
    spaceId: SpaceId,
    page: { readonly after: HashHex | undefined; readonly limit: number },
  ): Promise<readonly DamagedBlock[]>;
  /**
   * The blocks in the order given (a hash may repeat), undefined for what the space does not hold. Neighbours in a pack are read with one ranged
   * read, a bounded number of bytes ahead. A block that fails its check is marked damaged, logged with the files it touches, and
   * throws `damaged`; another live row of the hash is tried first.
   */
  read(spaceId: SpaceId, hashes: readonly HashHex[], options?: ReadingOptions): AsyncGenerator<StoredBlock | undefined>;
  /** Plain bytes of the part [start, end) of a file with this manifest, in pieces of up to one block. */
  readRange(
    spaceId: SpaceId,
    entries: readonly ManifestEntry[],
    startByte: number,
    endByte: number,
    options?: ReadingOptions,
  ): AsyncGenerator<Uint8Array>;
  /** Seals the unfinished tail of an upload under a salt of its own; additional data binds it to its place. */
  sealTail(place: TailPlace, plain: Uint8Array): Promise<SealedTail>;
  openTail(place: TailPlace, tail: SealedTail): Promise<Uint8Array>;
}

export interface ReadingOptions {
  readonly signal?: AbortSignal;
  /**
   * Promises that bytes are done with, written to their connection included, once the next ones are asked for: their memory
   * is used again then. Whoever gathers them, or hands them to a stream that has a buffer, leaves it out.
   */
  readonly passing?: boolean;
  /** Room for what is read and not yet taken; see `ReadingRoom`. */
  readonly reading?: Reading;
  /** The owner of the space reads: who else does is not told which of its files a damaged block touches. */
  readonly asOwner?: boolean;
  /** Of `read`: a block that is damaged comes as undefined, like one that the space does not hold, and the others go on. */
  readonly passesOver?: "damaged";
}

export interface TailPlace {
  readonly sessionId: string;
  readonly generation: number;
  readonly offset: number;
  readonly sizeBytes: number;
}

export interface SealedTail {
  readonly epoch: number;
  /** 16 random bytes. */
  readonly salt: Buffer;
  readonly sealed: Buffer;
}
