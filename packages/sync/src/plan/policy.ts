import type { NodeId } from "@holdfast/core/ids";
import type { Braked } from "../model/brake-record.ts";
import type { ContentKey, Refusal } from "../model/trees.ts";

/** Conflicted copy of a file in the same folder. */
export interface CopyMade {
  /** The copy has one of these. */
  readonly names: readonly string[];
  readonly content: ContentKey;
}

/** Inputs of the planner besides the trees. */
export interface Policy {
  /** Device name used in conflicted copies. */
  readonly device: string;
  readonly nowMs: number;
  /** Names of one folder with the same key are equal on this disk, because it folds case or Unicode forms. */
  readonly slotKey: (name: string) => string;
  /**
   * Returns the journal position applied for a space, which states what a folder's deletion has seen. The space is that
   * of a mount; undefined: the account's own.
   */
  readonly seenSeqIn: (share: NodeId | undefined) => number;
  readonly refusals: readonly Refusal[];
  /** Returns the planned deletions, descendants included, that must wait. */
  readonly holdDeletions: (planned: readonly Braked[]) => ReadonlySet<NodeId>;
  /** Returns this device's last copy of a node. undefined: none known. */
  readonly copyMadeOf?: ((id: NodeId) => CopyMade | undefined) | undefined;
  /** @param beside folder in the space of the new node; undefined: the root's space */
  readonly makeNodeId: (beside?: NodeId) => NodeId;
  /**
   * Returns true if the id may belong to a new node of a space, because ids contain the shard. undefined: any id may.
   */
  readonly isIdFor?: ((id: NodeId, beside: NodeId | undefined) => boolean) | undefined;
}
