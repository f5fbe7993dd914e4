import type { NodeId } from "@holdfast/core/ids";
import type { Braked } from "../model/brake-record.ts";
import type { ContentKey, Refusal } from "../model/trees.ts";

/** Conflicted copy of a file, in the same folder. */
export interface CopyMade {
  /** The copy has one of these. */
  readonly names: readonly string[];
  readonly content: ContentKey;
  readonly executable: boolean;
}

export interface Policy {
  readonly device: string;
  readonly nowMs: number;
  /** Equal keys: names that are equal on this disk. */
  readonly slotKey: (name: string) => string;
  /**
   * Applied position in the journal of a mount's space, which states what a folder's deletion has seen. undefined: the
   * account's own space.
   */
  readonly seenSeqIn: (share: NodeId | undefined) => number;
  readonly refusals: readonly Refusal[];
  /** Returns deletions that must wait, descendants included. */
  readonly holdDeletions: (planned: readonly Braked[]) => ReadonlySet<NodeId>;
  /** Last copy made by this device; undefined: none known */
  readonly copyMadeOf?: ((id: NodeId) => CopyMade | undefined) | undefined;
  /** @param beside folder in the new node's space; undefined: the root's space */
  readonly makeNodeId: (beside?: NodeId) => NodeId;
  /** Ids contain the shard, so a new node needs one of its space. undefined: any id may be used. */
  readonly isIdFor?: ((id: NodeId, beside: NodeId | undefined) => boolean) | undefined;
}
