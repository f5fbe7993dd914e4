import assert from "node:assert/strict";
import { test } from "node:test";
import type { Actor } from "../actor.ts";
import type { Operation } from "./operation.ts";
import { useTestSpaces } from "../testing/testing-spaces.ts";

const spaces = useTestSpaces({ fsync: false });

test("deleting many folders after many deep moves takes little longer than without counting", async () => {
  const space = await spaces.open();
  const count = 300;
  let deepest = "root";
  for (let depth = 0; depth < 60; depth += 1) deepest = (await space.mkdir(deepest, "deeper")).id;
  const timeMs = async (device: Actor, name: string): Promise<number> => {
    const make = (index: number): Operation => ({ op: "mkdir", place: { parentId: "root", name: `${name} ${index}` } });
    const ids = (await space.commit(Array.from({ length: count * 2 }, (_, index) => make(index)))).map((made) =>
      "node" in made ? (made.node?.id ?? "") : "",
    );
    const moves = ids.slice(count).map((fileId, index): Operation => {
      return { op: "move", fileId, place: { parentId: deepest, name: `${name} ${index}` } };
    });
    const startedMs = performance.now();
    const deletions = ids.slice(0, count).map((fileId): Operation => ({ op: "delete", fileId }));
    const results = await space.commit([...moves, ...deletions], device);
    assert.ok(results.every(({ status }) => status === "committed"));
    return performance.now() - startedMs;
  };
  const uncountedMs = await timeMs(space.otherDevice(), "first");
  assert.ok((await timeMs({ ...space.otherDevice(), braked: true }, "second")) < uncountedMs * 10 + 2000);
});
