import { sha256 } from "@holdfast/core/hash";
import type { NodeId } from "@holdfast/core/ids";

/**
 * - rollback: to earlier content, as by a restored backup
 * - damage: to nothing, to zeros, or without a new time, as by a failing disk
 * - rewrite: all others
 */
export const rewriteSides = ["rewrite", "rollback", "damage"] as const;
export type RewriteSide = (typeof rewriteSides)[number];

/**
 * - here: local deletion that follows the server's
 * - server: server deletion that follows the local one
 * - replaced: server deletion of a replaced item (see `markReplaced`)
 */
export type BrakeSide = "here" | DeletionThere | RewriteSide;

export const deletionsThere = ["server", "replaced"] as const;
export type DeletionThere = (typeof deletionsThere)[number];

export function isRewriteSide(side: BrakeSide): side is RewriteSide {
  return rewriteSides.some((each) => each === side);
}

export interface Braked {
  readonly nodeId: NodeId;
  readonly side: BrakeSide;
  /** Content of a local file, or the server's revision. Another base is another change. */
  readonly base: string;
  /** Mount of a server deletion; each mount is counted separately. */
  readonly share?: NodeId | undefined;
  /** A link replaced the file locally. */
  readonly isLinked?: true;
}

/**
 * - waiting: until a person decides
 * - approved: by a person
 * - released: no brake held it; it counts until its period ends
 * - undone: the server's version returns, and the rewritten bytes go to the local trash
 */
export interface BrakeRecord extends Braked {
  readonly standing: "waiting" | "approved" | "released" | "undone";
  readonly atMs: number;
  /** The file of a rollback has an old time, like a restored one. */
  readonly isOldByTime?: boolean;
  /** Damage that no brake held was reported. */
  readonly isReported?: boolean;
}

/** Answer for all local deletions that belong to an item in the server's trash. */
export type TrashAnswer = "approve" | "restore";

export function brakeKey({ side, nodeId }: Pick<Braked, "side" | "nodeId">): string {
  return `${side} ${nodeId}`;
}

/** 32 hexadecimal digits for this exact change. */
export function brakeId({ side, nodeId, base }: Braked): string {
  return sha256(Buffer.from(JSON.stringify([side, nodeId, base]))).slice(0, 32);
}
