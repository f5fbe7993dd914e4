import { isId, type SpaceId } from "@holdfast/core/ids";
import { limits } from "@holdfast/core/limits";
import { z } from "zod";
import type { ShardReader } from "../../db/shard-tables.ts";
import { enqueue } from "../../queue/enqueue.ts";

/** Tells the cell of a space that the space holds these blocks no more: of each the hash in hex, and the stamp that its row had. */
export const releaseKind = "release_holders";
export const releasePayload = z.object({
  space_id: z.string().refine(isId),
  holders: z.array(z.tuple([z.string().regex(/^[0-9a-f]{64}$/), z.int()])),
});

/** A hash in hex, a stamp of up to 16 figures, and what JSON puts around them. */
const holderBytes = 96;
/** Of one message. */
const holdersMax = Math.floor((limits.messageBytesMax - 1024) / holderBytes);

/** In the transaction that removes the rows, so that it is told exactly if they are gone. */
export async function enqueueReleases(
  transaction: ShardReader,
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
