import assert from "node:assert/strict";
import { test } from "node:test";
import type { Server } from "@holdfast/sync-ports/ports";
import { Alone } from "./alone.ts";

async function listedLate(): Promise<Alone> {
  const alone = new Alone();
  const { rootId } = alone.world.model;
  alone.onServer({ op: "mkdir", operation_id: "1", parent_id: rootId, name: "folder" });
  const parent_id = alone.serverId("folder");
  for (const name of ["a", "b"]) alone.putOnServer(name, { parent_id, name });
  alone.onServer({ op: "delete", operation_id: "2", file_id: alone.serverId("folder/b") });
  assert.ok((await alone.once()).inSync);
  return alone;
}

test("a folder with a deletion before the first listing can be deleted", async () => {
  const alone = await listedLate();
  alone.remove("folder/a");
  alone.remove("folder");
  assert.ok((await alone.once()).inSync);
  assert.deepEqual(alone.serverPaths(), []);
  alone.close();
});

test("another device's new file in a folder survives while its deletion is sent, with any earlier head", async () => {
  const alone = await listedLate();
  const server = alone.server();
  const parent_id = alone.serverId("folder");
  let requests = 0;
  const commit: Server["commit"] = (...given) => {
    requests += 1;
    if (requests === 2) alone.putOnServer("c", { parent_id, name: "c" });
    return server.commit(...given);
  };
  alone.remove("folder/a");
  alone.remove("folder");
  assert.ok((await alone.once({ server: { ...server, commit } })).inSync);
  assert.deepEqual(alone.serverPaths(), ["folder", "folder/c"]);
  assert.deepEqual(alone.diskPaths(), ["folder", "folder/c"]);
  alone.close();
});

test("a run ends even if the server keeps refusing an operation that should succeed on its own", async () => {
  const alone = new Alone();
  const server = alone.server();
  const commit: Server["commit"] = async (epoch, operations, ...rest) => {
    const answer = await server.commit(epoch, [], ...rest);
    const results = operations.map(
      ({ operation_id }) => ({ operation_id, status: "error", code: "superseded" }) as const,
    );
    return { ...answer, results };
  };
  alone.write("a", "one");
  const { inSync, problems } = await alone.once({ server: { ...server, commit } });
  assert.deepEqual([inSync, problems.map(({ path, code }) => [path, code])], [false, [["a", "superseded"]]]);
  alone.close();
});
