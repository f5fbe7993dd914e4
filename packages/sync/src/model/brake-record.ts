import { sha256 } from "@holdfast/core/hash";
import type { NodeId } from "@holdfast/core/ids";

/**
 * Uploads of known files that were rewritten locally.
 * - rollback: to earlier content, as by a restored backup
 * - damage: to nothing, to zeros, or without a new time, as by a failing disk
 * - rewrite: all others
 */
export const rewriteSides = ["rewrite", "rollback", "damage"] as const;
export type RewriteSide = (typeof rewriteSides)[number];

/**
 * Kinds of changes that a brake may hold: a local deletion that follows the server's, a server deletion that follows
 * the local one, a server deletion of a replaced item (see `markReplaced`), an upload.
 */
export type BrakeSide = "here" | DeletionThere | RewriteSide;

export const deletionsThere = ["server", "replaced"] as const;
export type DeletionThere = (typeof deletionsThere)[number];

export function isRewriteSide(side: BrakeSide): side is RewriteSide {
  return rewriteSides.some((each) => each === side);
}

/** A planned change that brakes count. */
export interface Braked {
  readonly nodeId: NodeId;
  readonly side: BrakeSide;
  /** Basis of the change: the content of a local file, or the server's revision. Another base is another change. */
  readonly base: string;
  /** Mount of a server deletion. Deletions are counted per mount. */
  readonly share?: NodeId | undefined;
  /** Server deletion of a file that a link has replaced locally. */
  readonly isLinked?: true;
}

/**
 * Decision about a change, stored in the state.
 * - waiting: held until a person decides
 * - approved: a person approved it
 * - released: no brake held it; it counts until its period ends
 * - undone: the server's version returns, and the rewritten bytes go to the local trash
 */
export interface BrakeRecord extends Braked {
  readonly standing: "waiting" | "approved" | "released" | "undone";
  readonly atMs: number;
  /** A rollback whose file has an old time, as of a restored file. */
  readonly isOldByTime?: boolean;
  /** Damage that no brake held and that was reported. */
  readonly isReported?: boolean;
}

/** A person's decision about all local deletions that belong to an item in the server's trash. */
export type TrashAnswer = "approve" | "restore";

/** Returns the key in the state. A node has one record per side. */
export function brakeKey({ side, nodeId }: Pick<Braked, "side" | "nodeId">): string {
  return `${side} ${nodeId}`;
}

/** Identifies this exact change; 32 hexadecimal digits. */
export function brakeId({ side, nodeId, base }: Braked): string {
  return sha256(Buffer.from(JSON.stringify([side, nodeId, base]))).slice(0, 32);
}
