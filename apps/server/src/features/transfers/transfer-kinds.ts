import { isId, type SpaceId, type TransferId } from "@holdfast/core/ids";
import { z } from "zod";
import type { Kind } from "../../base/queue/kind.ts";
import { moveStars, starsKind, starsPayload } from "./marks.ts";
import { runTransfer } from "./run-transfer.ts";
import type { TransferWorld } from "./transfer-world.ts";

const transferPayload = z.object({
  space_id: z.string().refine((text): text is SpaceId => isId(text)),
  transfer_id: z.string().refine((text): text is TransferId => isId(text)),
});

export function transferKinds(world: () => TransferWorld) {
  const transfer: Kind<z.output<typeof transferPayload>> = {
    schema: transferPayload,
    // A transfer fills the queues of two spaces.
    concurrency: 2,
    work: ({ space_id: spaceId, transfer_id: id }, { signal }) => runTransfer(world(), { spaceId, id }, signal),
  };
  const stars: Kind<z.output<typeof starsPayload>> = {
    schema: starsPayload,
    work: (payload) => moveStars(world().shards, payload),
  };
  return { transfer, [starsKind]: stars };
}
