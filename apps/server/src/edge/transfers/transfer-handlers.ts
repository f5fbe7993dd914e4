import { isId, type TransferId } from "@holdfast/core/ids";
import { isByToken, neededSignedIn } from "../../features/accounts/callers/signed-in-only.ts";
import { answerOnce, repeatableBy } from "../../tree/commit/do-once.ts";
import { findNode } from "../../tree/read/look-up.ts";
import {
  acceptTransfer,
  cancelTransfer,
  listTransfers,
  type OfferWorld,
  offerTransfer,
} from "../../features/transfers/open-transfers.ts";
import type { Handlers } from "../exchange/handler.ts";

export function transferHandlers(world: OfferWorld) {
  return {
    transferNode: async ({ caller, params, body, conditions }) => {
      if (isByToken(caller)) throw neededSignedIn("cannot offer a transfer of ownership");
      const { ifMatch, ...key } = conditions();
      const once = repeatableBy(caller, key, world.clock.nowMicros());
      const { transfer, created } = await answerOnce(world.shards.of(caller.bucket).db, once, async () => {
        const node = await findNode(world.shards, caller, params.id);
        const { credential } = caller;
        const sessionId = credential.kind === "session" ? credential.id : undefined;
        return offerTransfer(world, caller, node, { email: body.email, once, ifMatch, sessionId });
      });
      return { status: created ? 201 : 200, json: transfer };
    },
    listTransfers: async ({ caller, query }) => ({ status: 200, json: await listTransfers(world, caller, query) }),
    acceptTransfer: async ({ caller, params, conditions }) => {
      const once = repeatableBy(caller, conditions(), world.clock.nowMicros());
      const job = await answerOnce(world.shards.of(caller.bucket).db, once, () =>
        acceptTransfer(world, caller, params.id, once),
      );
      return { status: 202, json: { job } };
    },
    deleteTransfer: async ({ caller, params, conditions }) => {
      const once = repeatableBy(caller, conditions(), world.clock.nowMicros());
      const { db } = isId(params.id) ? world.shards.ofId(params.id as TransferId) : world.shards.of(caller.bucket);
      await answerOnce(db, once, () => cancelTransfer(world, caller, params.id, once));
      return { status: 204 };
    },
  } satisfies Handlers;
}
