import type { Clock } from "@holdfast/core/clock";
import { HoldfastError } from "@holdfast/core/errors";
import { bucketOf, type SpaceId } from "@holdfast/core/ids";
import { releaseKind, releasePayload } from "../../tree/retention/release-message.ts";
import type { Kinds } from "../../base/queue/kind.ts";
import type { BlockCells } from "../cells/open-block-cells.ts";
import { isIndexComplete } from "../facts/cell-facts.ts";
import { releaseHolders } from "./release-holders.ts";

export interface ReleasePorts {
  readonly cells: BlockCells;
  readonly clock: Clock;
}

/** After a longer outage of a cell, the blocks are never released. */
const ageMsMax = 90 * 24 * 3600_000;

export function releaseKinds({ cells, clock }: ReleasePorts): Kinds {
  return {
    [releaseKind]: {
      schema: releasePayload,
      // Low priority, and possibly very many.
      concurrency: 1,
      ageMsMax,
      work: async (given) => {
        const { space_id, holders } = releasePayload.parse(given);
        const spaceId = space_id as SpaceId;
        const cell = cells.of(bucketOf(spaceId));
        // A rebuild may have read the space's rows before they were removed, and still create their holders.
        if (!(await isIndexComplete(cell.db)))
          throw new HoldfastError("unavailable", "The block index is being rebuilt.");
        const released = holders.map(([hash, stamp]) => ({ hash: Buffer.from(hash, "hex"), stamp }));
        await releaseHolders(cell, spaceId, released, clock.nowMicros());
      },
    },
  };
}
