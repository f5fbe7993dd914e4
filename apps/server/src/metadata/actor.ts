import type { Givers } from "../rights/given-on.ts";
import type { Bucket, DeviceId, NodeId, SpaceId, UserId } from "@holdfast/core/ids";

/** Caller that reads or changes a space, as the tree sees it. */
export interface Actor {
  /** The account, or the link. */
  readonly userId: UserId;
  readonly deviceId: DeviceId | null;
  /** Its own space, or somebody else's in which grants give it rights. */
  readonly bucket: Bucket;
  readonly spaceId: SpaceId;
  /** The node that `root` names, at which paths begin. */
  readonly rootId: NodeId;
  readonly owns: boolean;
  /** Grantees of the grants that apply to this actor: the account and its groups, or the link. */
  readonly grantees: readonly string[];
  /** false: nothing was ever shared with the account, so received grants need not be read. */
  readonly receives: boolean;
  /**
   * In somebody else's space: its folders that are mounted in the actor's own space, which determine how paths begin.
   */
  readonly mounts?: Mounts;
  /**
   * In somebody else's space: accounts on whose rights the actor's grants depend, with these rights before the
   * transaction.
   */
  readonly givers?: Givers;
  /**
   * The credential may change files but not read them, so it must not move or copy anything to where others can read
   * it.
   */
  readonly writesOnly?: boolean;
  /** A link, which anybody may have, cannot write rules for other people's devices. */
  readonly isAnonymous?: boolean;
  /** The session belongs to a device that is not a browser, so its rewrites and deletions are counted. */
  readonly braked?: boolean;
  /** Time from which the device cannot change anything, in microseconds since 1970. */
  readonly suspendedAtMicros?: number;
  /** Reads the state as if no account were suspended. */
  readonly despiteSuspension?: boolean;
}

/** Node that shows a folder of another space in one's own space. */
export interface Mount {
  readonly id: NodeId;
  readonly spaceId: SpaceId;
  readonly targetId: NodeId;
  /** Path in the account's own space. */
  readonly path: string;
}

/** Keyed by `SPACE FOLDER` of the folder that is shown. */
export type Mounts = ReadonlyMap<string, Mount>;
