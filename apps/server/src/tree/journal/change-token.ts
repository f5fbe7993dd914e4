import { isId, type SpaceId } from "@holdfast/core/ids";
import { z } from "zod";
import { decodeCursor, encodeCursor } from "../read/cursor.ts";

/** Position of a reader in the journal of one space. The tag proves that the reader saw this very entry at `seq`. */
export interface JournalPosition {
  readonly spaceId: SpaceId;
  readonly epoch: string;
  readonly seq: number;
  /** Hex of the 8-byte tag of the commit that wrote entry `seq`. Empty at 0. */
  readonly tag: string;
  /** Last notification that the reader knows. Only in the reader's own space. */
  readonly notified?: number | undefined;
}

const token = z.array(
  z.tuple([
    z.string().refine(isId),
    z.string().max(64),
    z.int().min(0),
    z.string().regex(/^([0-9a-f]{16})?$/),
    z.int().min(0).optional(),
  ]),
);

export function encodeToken(positions: readonly JournalPosition[]): string {
  return encodeCursor(
    positions.map(({ spaceId, epoch, seq, tag, notified }) => {
      const position = [spaceId, epoch, seq, tag];
      return notified === undefined ? position : [...position, notified];
    }),
  );
}

/** @throws HoldfastError bad_request */
export function decodeToken(text: string, field = "since_token"): JournalPosition[] {
  return decodeCursor(token, text, field).map(([spaceId, epoch, seq, tag, notified]) => ({
    spaceId: spaceId as SpaceId,
    epoch,
    seq,
    tag,
    notified,
  }));
}
