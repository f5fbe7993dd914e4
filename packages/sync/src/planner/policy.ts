import type { NodeId } from "@holdfast/core/ids";
import type { Faults } from "../faults.ts";
import type { Refusal } from "../trees.ts";

/** What the planner takes into account beside the trees. */
export interface Policy {
  /** Names the device in conflicted copies. */
  readonly device: string;
  readonly nowMs: number;
  /** Under one key two names of one folder are the same name on this disk (a disk that folds case or normal forms). */
  readonly slotKey: (name: string) => string;
  /** Of the space, as far as its journal was applied: what a deletion of a folder has seen. */
  readonly seenSeq: number;
  readonly refusals: readonly Refusal[];
  /** How many nodes both sides have agreed on: what many deletions are a part of. */
  readonly knownNodes: number;
  readonly faults: Faults;
  /** Deletions that were approved, or that no brake holds. */
  readonly mayDelete: (deletions: Deletions) => boolean;
  /** A new id, in the owner's bucket. */
  readonly makeNodeId: () => NodeId;
}

/** How many nodes would go, with their descendants; on the disk and on the server. */
export interface Deletions {
  readonly onDisk: number;
  readonly onServer: number;
  readonly known: number;
}
