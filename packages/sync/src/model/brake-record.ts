import { sha256 } from "@holdfast/core/hash";
import type { NodeId } from "@holdfast/core/ids";

/**
 * Uploads of known files that were rewritten here: to what they held before, as by a restored backup (`rollback`); to nothing, to
 * zeros, or without a new time, as by a failing disk (`damage`); and all others.
 */
export const rewriteSides = ["rewrite", "rollback", "damage"] as const;
export type RewriteSide = (typeof rewriteSides)[number];

/**
 * Kinds of changes that a brake may hold: a deletion on this disk that follows the server's, one on the server that follows this disk's, one there of
 * what something else replaced here (see `markReplaced`), an upload.
 */
export type BrakeSide = "here" | DeletionThere | RewriteSide;

export const deletionsThere = ["server", "replaced"] as const;
export type DeletionThere = (typeof deletionsThere)[number];

export function isRewriteSide(side: BrakeSide): side is RewriteSide {
  return rewriteSides.some((each) => each === side);
}

/** A change that is planned and that brakes count. */
export interface Braked {
  readonly nodeId: NodeId;
  readonly side: BrakeSide;
  /** On what it rests: of a file here its content, on the server its revision. Another base is another change. */
  readonly base: string;
  /** Mount below which a deletion on the server is to be done: deletions are counted for each mount by itself. */
  readonly share?: NodeId | undefined;
  /** A deletion on the server of a file whose place here a link has taken. */
  readonly isLinked?: true;
}

/**
 * What was decided of one, kept in the state. `waiting`: until a person decides; `approved`: a person did; `released`: no brake held it
 * at that time, and it counts until its time is over; `undone`: the server's version comes back, and the rewritten bytes go to the
 * local trash.
 */
export interface BrakeRecord extends Braked {
  readonly standing: "waiting" | "approved" | "released" | "undone";
  readonly atMs: number;
  /** A rollback whose file has the time of one that was put back. */
  readonly isOldByTime?: boolean;
  /** Damage that no brake held and that was reported. */
  readonly isReported?: boolean;
}

/** What a person said to all that is to go here with something in the server's trash: that it goes, or that it comes back. */
export type TrashAnswer = "approve" | "restore";

/** A node has one record on each side: the key in the state. */
export function brakeKey({ side, nodeId }: Pick<Braked, "side" | "nodeId">): string {
  return `${side} ${nodeId}`;
}

/** Names exactly this change; 32 hexadecimal digits. */
export function brakeId({ side, nodeId, base }: Braked): string {
  return sha256(Buffer.from(JSON.stringify([side, nodeId, base]))).slice(0, 32);
}
