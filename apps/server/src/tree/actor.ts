import type { Givers } from "./rights/given-on.ts";
import type { Bucket, DeviceId, NodeId, SpaceId, UserId } from "@holdfast/core/ids";

export interface Actor {
  readonly userId: UserId;
  readonly deviceId: DeviceId | null;
  /** Bucket of the actor's own space, or of another owner's space in which grants give it rights. */
  readonly bucket: Bucket;
  readonly spaceId: SpaceId;
  readonly rootId: NodeId;
  readonly owns: boolean;
  /** Grantees of the grants that apply to this actor: the account and its groups, or the link. */
  readonly grantees: readonly string[];
  /** false: nothing was ever shared with the account, so received grants need not be read. */
  readonly receives: boolean;
  /**
   * In another owner's space: its folders that are mounted in the actor's own space. They determine how paths begin.
   */
  readonly mounts?: Mounts;
  /**
   * In another owner's space: accounts on whose rights the actor's grants depend, with these rights before the
   * transaction.
   */
  readonly givers?: Givers;
  /**
   * The credential may change files but not read them, so it must not move or copy anything to where others can read
   * it.
   */
  readonly writesOnly?: boolean;
  /** A link can be used by anybody who has it, so it cannot write rules for other people's devices. */
  readonly isAnonymous?: boolean;
  /** The session belongs to a device that is not a browser, so its rewrites and deletions are counted. */
  readonly braked?: boolean;
  /** Time from which the device cannot change anything, in microseconds since 1970. */
  readonly suspendedAtMicros?: number;
  /** Reads the state as if no account were suspended. */
  readonly despiteSuspension?: boolean;
}

export interface Mount {
  readonly id: NodeId;
  readonly spaceId: SpaceId;
  readonly targetId: NodeId;
  readonly path: string;
}

/** Keyed by `SPACE FOLDER` of the shown folder. */
export type Mounts = ReadonlyMap<string, Mount>;
