import type { Givers } from "../rights/given-on.ts";
import type { Bucket, DeviceId, NodeId, SpaceId, UserId } from "@holdfast/core/ids";

/** Who reads or changes a space: what the tree needs to know of a caller. */
export interface Actor {
  /** The account, or the link. */
  readonly userId: UserId;
  readonly deviceId: DeviceId | null;
  /** The space in which it acts: its own, or somebody else's with the rights that grants give. */
  readonly bucket: Bucket;
  readonly spaceId: SpaceId;
  /** What `root` stands for, and where paths begin. */
  readonly rootId: NodeId;
  /** Whether the space is its own. */
  readonly owns: boolean;
  /** Whom a grant names to mean this actor: the account and its groups, or the link. */
  readonly grantees: readonly string[];
  /** False: nothing was ever shared with it, so that nobody needs to look. */
  readonly receives: boolean;
  /** In somebody else's space: the folders of it that stand in its own, which say how paths begin. */
  readonly mounts?: Mounts;
  /** In somebody else's space: those on whose rights it depends what was given on to the actor, as they were before a transaction. */
  readonly givers?: Givers;
  /** Its credential changes files and reads none: it brings nothing to where others read what it may not. */
  readonly writesOnly?: boolean;
  /** A link, which anybody may have: it writes no rules for the devices of others. */
  readonly isAnonymous?: boolean;
  /** Its session is of a device that is no browser: how much it rewrites and deletes is counted. */
  readonly braked?: boolean;
  /** Since when its device may change nothing, in microseconds since 1970. */
  readonly suspendedAtMicros?: number;
  /** Looks at what would be there if nobody was suspended. */
  readonly despiteSuspension?: boolean;
}

/** What shows a folder of another space in one's own. */
export interface Mount {
  readonly id: NodeId;
  readonly spaceId: SpaceId;
  readonly targetId: NodeId;
  /** In the account's own space. */
  readonly path: string;
}

/** By `SPACE FOLDER` of what they show. */
export type Mounts = ReadonlyMap<string, Mount>;
