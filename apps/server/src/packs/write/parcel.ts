import type { HoldfastError } from "@holdfast/core/errors";
import type { SpaceId, UserId } from "@holdfast/core/ids";
import type { Slab } from "../format/slab.ts";

/** Verified blocks of one call that the space does not hold. */
export interface Parcel {
  readonly spaceId: SpaceId;
  readonly uploader: UserId;
  readonly slab: Slab;
}

export interface Pending {
  readonly parcel: Parcel;
  readonly sizeBytes: number;
  readonly done: () => void;
  readonly fail: (error: HoldfastError) => void;
}
