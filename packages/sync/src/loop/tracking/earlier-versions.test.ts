import assert from "node:assert/strict";
import { test } from "node:test";
import type { NodeId } from "@holdfast/core/ids";
import type { Plan } from "../../plan/plan-types.ts";
import { EarlierVersions } from "./earlier-versions.ts";

test("the server is asked about a waiting file once for each content, and never about a file with a base", async () => {
  const asked: string[] = [];
  const server = {
    versionWith: async (id: NodeId, content: string) => {
      asked.push(`${id} ${content}`);
      return undefined;
    },
  };
  const state = { synced: new Map([["known", { content: "base" }]]) };
  const parts = { disk: {}, state, server } as unknown as Parameters<EarlierVersions["adopt"]>[0];
  const copy = (id: string, content: string) => ({ op: "copy_aside", id, local: { kind: "file", content } });
  const earlier = new EarlierVersions();
  for (const content of ["one", "one", "two"]) {
    const local = [copy("new", content), copy("known", content)] as unknown as Plan["local"];
    assert.equal(await earlier.adopt(parts, { local }), false);
  }
  assert.deepEqual(asked, ["new one", "new two"]);
});
