import type { NodeId, SpaceId, UserId } from "@holdfast/core/ids";

export interface ShreddingTables {
  "shard.shreddings": ShreddingRow;
}

export const shredSteps = ["rights", "rows", "blocks", "packs", "database", "copies"] as const;
/** Each may be interrupted and repeated. */
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

/** Needed after the account's rows are deleted. */
export interface ShreddingKnown {
  readonly email: string;
  /** Other people's mounts of the account's folders, because their names come from the account. */
  readonly mounts: readonly NodeId[];
}

export interface ShreddingFigures {
  readonly files: number;
  readonly versions: number;
  /** Bytes of all versions. */
  readonly bytes: number;
  readonly blocks: number;
  readonly packs: number;
  /** Accounts, groups, addresses and links. */
  readonly shared_with: number;
}
