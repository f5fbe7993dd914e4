import { isId, type SpaceId } from "@holdfast/core/ids";
import { limits } from "@holdfast/core/limits";
import { z } from "zod";
import type { ShardQueries } from "../../base/db/shard-tables.ts";
import { enqueue } from "../../base/queue/enqueue.ts";

/**
 * Kind of the message that reports to a cell that a space no longer holds some blocks: the hash in hex and the row's
 * stamp of each.
 */
export const releaseKind = "release_holders";
export const releasePayload = z.object({
  space_id: z.string().refine(isId),
  holders: z.array(z.tuple([z.string().regex(/^[0-9a-f]{64}$/), z.int()])),
});

/** Hash, stamp of up to 16 digits, and JSON. */
const holderBytes = 96;
const holdersMax = Math.floor((limits.messageBytesMax - 1024) / holderBytes);

/** Runs in the transaction that removes the rows, so that the message exists exactly if they are removed. */
export async function enqueueReleases(
  transaction: ShardQueries,
  spaceId: SpaceId,
  rows: readonly { readonly hash: Buffer; readonly stamp: number }[],
): Promise<void> {
  for (let at = 0; at < rows.length; at += holdersMax) {
    const some = rows.slice(at, at + holdersMax);
    const payload: z.input<typeof releasePayload> = {
      space_id: spaceId,
      holders: some.map(({ hash, stamp }) => [hash.toString("hex"), stamp]),
    };
    await enqueue(transaction, { kind: releaseKind, payload });
  }
}
