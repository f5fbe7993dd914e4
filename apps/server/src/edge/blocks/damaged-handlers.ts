import { limits } from "@holdfast/core/limits";
import type { BlockService } from "../../packs/service/block-service.ts";
import type { Handlers } from "../exchange/handler.ts";

/** For clients that have the content and can send it again. */
export function damagedHandlers(blocks: Pick<BlockService, "damaged">) {
  return {
    listDamaged: async ({ caller, query }) => {
      const limit = query.limit ?? limits.listItemsDefault;
      const found = await blocks.damaged(caller.spaceId, {
        after: query.cursor,
        limit: limit + 1,
      });
      const items = found.slice(0, limit).map(({ hash, sizeBytes, files }) => ({
        hash,
        size: sizeBytes,
        files: files.map(({ node_id, path, version, version_id }) => ({ node_id, path, version, version_id })),
      }));
      return { status: 200, json: { items, next_cursor: found.length > limit ? (items.at(-1)?.hash ?? null) : null } };
    },
  } satisfies Handlers;
}
