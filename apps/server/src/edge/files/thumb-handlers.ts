import { HoldfastError } from "@holdfast/core/errors";
import type { AccountWorld } from "../../features/accounts/context/account-world.ts";
import { assertUncounted } from "../../features/links/count-download.ts";
import { findContent } from "../../features/thumbs/find-content.ts";
import { type OpenedTag, readThumbTag } from "../../features/thumbs/thumb-tag.ts";
import type { Thumbs } from "../../features/thumbs/thumbs.ts";
import { perCaller } from "../accounts/cache-cookie.ts";
import type { Handlers, RequestContext } from "../exchange/handler.ts";

/** For `<img>`, which sends no token. */
export function thumbHandlers(accounts: AccountWorld, thumbs: Thumbs) {
  const { shards } = accounts;
  return {
    getThumb: async (context) => {
      const { caller, places } = await whoAsks(accounts, context);
      context.countFor(caller);
      const { content_id, size } = context.params;
      const version = await findContent(shards, caller, content_id, places);
      if (version === undefined)
        throw new HoldfastError("not_found", "There is no such picture, or you may not see it.");
      context.note({ nodeIds: [version.node_id], detail: { size } });
      // The small size does not count as a download.
      if (size !== "s") await assertUncounted(shards, caller);
      const etag = `"${content_id}-${size}"`;
      const headers = { ...perCaller, etag, "cache-control": "private, max-age=31536000, immutable" };
      if (context.headers["if-none-match"] === etag) return { status: 304, headers };
      const bytes = await thumbs.get({ version, size, payer: caller.userId, signal: context.signal });
      return {
        status: 200,
        bytes,
        headers: { ...headers, "content-type": "image/webp", "content-length": bytes.length },
      };
    },
  } satisfies Handlers;
}

async function whoAsks(accounts: AccountWorld, { query, identify }: RequestContext<"getThumb">): Promise<OpenedTag> {
  const opened = query.t === undefined ? await byToken(identify) : await readThumbTag(accounts, query.t);
  if (opened?.caller.scopes.has("files:read") === true) return opened;
  throw new HoldfastError(
    "unauthenticated",
    "This tag is not valid or has expired. List the folder again for a new one.",
  );
}

async function byToken(identify: RequestContext["identify"]): Promise<OpenedTag | undefined> {
  const caller = await identify();
  return caller === undefined ? undefined : { caller, places: [] };
}
