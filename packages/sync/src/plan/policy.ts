import type { NodeId } from "@holdfast/core/ids";
import type { Braked } from "../model/brake-record.ts";
import type { ContentKey, Refusal } from "../model/trees.ts";

/** A conflicted copy of a file, in the same folder. */
export interface CopyMade {
  /** It has one of these. */
  readonly names: readonly string[];
  readonly content: ContentKey;
}

/** What the planner takes into account beside the trees. */
export interface Policy {
  /** Names the device in conflicted copies. */
  readonly device: string;
  readonly nowMs: number;
  /** Under one key two names of one folder are the same name on this disk (a disk that folds case or normal forms). */
  readonly slotKey: (name: string) => string;
  /** Of a space (of the one that a mount shows, or undefined: of the account's own), as far as its journal was applied: what a deletion of a folder has seen. */
  readonly seenSeqIn: (share: NodeId | undefined) => number;
  readonly refusals: readonly Refusal[];
  /** Of the deletions that are planned, descendants included, those that have to wait. */
  readonly holdDeletions: (planned: readonly Braked[]) => ReadonlySet<NodeId>;
  /** The last one that this device made of a node. Undefined: none is known. */
  readonly copyMadeOf?: ((id: NodeId) => CopyMade | undefined) | undefined;
  /** @param beside a folder of the space for which it is; undefined: that of the root */
  readonly makeNodeId: (beside?: NodeId) => NodeId;
  /** Whether an id may be that of something new in a space: it says on which shard it lies. Undefined: any may. */
  readonly isIdFor?: ((id: NodeId, beside: NodeId | undefined) => boolean) | undefined;
}
