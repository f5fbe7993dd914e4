import type { Bucket, DeviceId, NodeId, SpaceId, UserId } from "@holdfast/core/ids";

/** Who reads or changes a space: what the tree needs to know of a caller. */
export interface Actor {
  readonly userId: UserId;
  readonly bucket: Bucket;
  /** The actor's own space and its root folder, which `root` stands for. */
  readonly spaceId: SpaceId;
  readonly rootId: NodeId;
  readonly deviceId: DeviceId | null;
}
