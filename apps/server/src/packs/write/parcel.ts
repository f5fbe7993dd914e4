import type { HoldfastError } from "@holdfast/core/errors";
import type { HashHex, SpaceId, UserId } from "@holdfast/core/ids";
import type { Slab } from "../format/slab.ts";

/** Called for each block that is not stored, with the reason. The others are stored. */
export type LeaveOut = (hash: HashHex, refusal: HoldfastError) => void;

/** Blocks of one call that the space does not hold. */
export interface Parcel {
  readonly spaceId: SpaceId;
  readonly uploader: UserId;
  readonly slab: Slab;
  /**
   * Set if the blocks are not verified yet: the check of the sealed pack verifies them. They must be uncompressed, so
   * that they cannot cost more than their length. An error that it throws fails the call, of which nothing is stored.
   * undefined: the blocks are verified, and a wrong one is a defect of this server.
   */
  readonly leaveOut?: LeaveOut;
}

export interface Pending {
  readonly parcel: Parcel;
  readonly sizeBytes: number;
  /** Parcels of the call if one of them is unverified: they get a pack of their own. */
  readonly bulk: readonly Parcel[] | undefined;
  readonly done: () => void;
  readonly fail: (error: HoldfastError) => void;
}
