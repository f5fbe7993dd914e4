import type { NodeId, VersionId } from "@holdfast/core/ids";

export interface NodeState {
  readonly parentId: NodeId;
  readonly name: string;
  /** Neither the node nor an ancestor is in the trash. */
  readonly live: boolean;
  readonly version: VersionId | null;
  readonly modifiedAt: number;
  readonly executable: boolean;
  /** Missing in an older server's step: stays unchanged. */
  readonly private?: boolean;
}

export interface RewindStep {
  readonly nodeId: NodeId;
  readonly folder: boolean;
  readonly before: NodeState;
  readonly after: NodeState;
  readonly revision: string;
  /** Readable path: place at planning and new place. */
  readonly path: string;
  /** Missing in an older server's step, or if no content returns. */
  readonly bytes?: ReturningBytes;
  /** Temporary step that only frees a name. */
  readonly aside?: true;
}

/** Content bytes that return with a step and its undo. */
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

export const versionLost = "its version from that time is no longer stored";
