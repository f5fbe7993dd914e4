import type { NodeId, VersionId } from "@holdfast/core/ids";

/** What a rewind brings back of a node. */
export interface NodeState {
  readonly parentId: NodeId;
  readonly name: string;
  /** Not in the trash: neither it nor a folder above it. */
  readonly live: boolean;
  /** Of a file, its head. */
  readonly version: VersionId | null;
  readonly modifiedAt: number;
  readonly executable: boolean;
  /** Absent in a step that an older server planned: stays as it is. */
  readonly private?: boolean;
}

/** One change of one node, which can be taken back. */
export interface RewindStep {
  readonly nodeId: NodeId;
  readonly folder: boolean;
  readonly before: NodeState;
  readonly after: NodeState;
  /** The node's revision when it was planned. */
  readonly revision: string;
  /** For people: where it lay when it was planned, and where it comes to lie. */
  readonly path: string;
  /** Absent in a step that an older server planned, or by which no content comes back. */
  readonly bytes?: ReturningBytes;
  /** It only makes room for a while. */
  readonly aside?: true;
}

/** Bytes of content that come back by a step, and by taking it back. */
export interface ReturningBytes {
  readonly done: number;
  readonly undone: number;
}

export function samePlace(left: NodeState, right: NodeState): boolean {
  return left.parentId === right.parentId && left.name === right.name;
}

export function sameAttributes(left: NodeState, right: NodeState): boolean {
  const isSamePrivacy = left.private === undefined || right.private === undefined || left.private === right.private;
  return left.modifiedAt === right.modifiedAt && left.executable === right.executable && isSamePrivacy;
}

/** Reason for a file without its old content. */
export const versionLost = "its version from that time is no longer stored";
