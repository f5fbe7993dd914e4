import type { ReadShards } from "../../base/db/shards.ts";
import { search } from "../../features/search/search.ts";
import { placesOf, type TagOf } from "../../features/thumbs/thumb-tag.ts";
import type { Handlers } from "../exchange/handler.ts";

export function searchHandlers({ reads, tagOf }: { reads: ReadShards; tagOf: TagOf }) {
  return {
    search: async ({ caller, query }) => {
      const page = await search(reads, caller, query);
      return { status: 200, json: { ...page, t: tagOf(caller, placesOf(page.items)) } };
    },
  } satisfies Handlers;
}
