import { askShredding, type ShreddingWorld } from "../../shred/ask-shredding.ts";
import { describeShredding } from "../../shred/shreddings.ts";
import type { Handlers } from "../handler.ts";

export function shredHandlers(world: ShreddingWorld) {
  return {
    adminShredUser: async ({ params, body }) => ({
      status: 202,
      json: await askShredding(world, params.id, { dryRun: body.dry_run ?? false }),
    }),
    adminGetShredding: async ({ params }) => ({ status: 200, json: await describeShredding(world, params.id) }),
  } satisfies Handlers;
}
