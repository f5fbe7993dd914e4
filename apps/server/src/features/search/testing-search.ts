import assert from "node:assert/strict";
import type { NodeJson } from "@holdfast/protocol/values";
import { bounded } from "@holdfast/tools/bounded";
import type { Shards } from "../../base/db/shards.ts";
import type { Actor } from "../../tree/actor.ts";
import { search, type SearchRequest } from "./search.ts";

export async function searchAll(shards: Shards, caller: Actor, request: SearchRequest): Promise<NodeJson[]> {
  const items: NodeJson[] = [];
  const stillInTime = bounded("the last page");
  let cursor: string | undefined;
  do {
    stillInTime();
    const page = await search(shards, caller, { ...request, cursor });
    assert.ok(page.items.length <= (request.limit ?? 200), "a page has no more than was asked for");
    items.push(...page.items);
    cursor = page.next_cursor ?? undefined;
  } while (cursor !== undefined);
  return items;
}
