import type { NodeId, VersionId } from "@holdfast/core/ids";

/** State of a node that a rewind restores. */
export interface NodeState {
  readonly parentId: NodeId;
  readonly name: string;
  /** Neither the node nor a folder above it is in the trash. */
  readonly live: boolean;
  /** Head of a file. */
  readonly version: VersionId | null;
  readonly modifiedAt: number;
  readonly executable: boolean;
  /** Missing in a step planned by an older server: stays unchanged. */
  readonly private?: boolean;
}

/** Reversible change of one node. */
export interface RewindStep {
  readonly nodeId: NodeId;
  readonly folder: boolean;
  readonly before: NodeState;
  readonly after: NodeState;
  /** Revision of the node at planning. */
  readonly revision: string;
  /** Readable path: the place at planning and the new place. */
  readonly path: string;
  /** Missing in a step of an older server, or if no content returns. */
  readonly bytes?: ReturningBytes;
  /** Temporary step that only frees a name. */
  readonly aside?: true;
}

/** Content bytes that return with a step and with its undo. */
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
