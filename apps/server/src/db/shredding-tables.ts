import type { NodeId, SpaceId, UserId } from "@holdfast/core/ids";

/** The table of accounts that are to be gone, or are, in the schema `shard`. */
export interface ShreddingTables {
  "shard.shreddings": ShreddingRow;
}

export const shredSteps = ["rights", "rows", "blocks", "packs", "database", "copies"] as const;
/** What is under way; each may die and run again. */
export type ShredStep = (typeof shredSteps)[number];

export interface ShreddingRow {
  user_id: UserId;
  space_id: SpaceId;
  step: ShredStep;
  waits_for: string | null;
  known: ShreddingKnown | null;
  figures: ShreddingFigures;
  asked_at: number;
  done_at: number | null;
}

/** What would be gone with the account's own rows, and is needed after that. */
export interface ShreddingKnown {
  readonly email: string;
  /** The mounts that others have of it: their names are the account's. */
  readonly mounts: readonly NodeId[];
}

export interface ShreddingFigures {
  readonly files: number;
  readonly versions: number;
  /** Of all versions. */
  readonly bytes: number;
  readonly blocks: number;
  readonly packs: number;
  /** Accounts, groups, addresses and links. */
  readonly shared_with: number;
}
