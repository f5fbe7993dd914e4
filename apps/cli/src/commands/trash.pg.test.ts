import assert from "node:assert/strict";
import { test } from "node:test";
import { useSignedIn } from "./testing-signed-in.ts";

const { run } = useSignedIn("trash");

test("trash empty counts the items that trash ls lists, with their size, and a folder has no size for scripts either", async () => {
  await run(["mkdir", "/d"]);
  for (const path of ["/d/a", "/d/b", "/c"]) assert.equal((await run(["put", "-", path], "content")).code, 0);
  for (const path of ["/d/a", "/d", "/c"]) assert.equal((await run(["rm", path])).code, 0);
  const listed = (await run(["trash", "ls"])).stdout.trimEnd().split("\n");
  assert.equal(listed.length, 3, "what was deleted by itself, also below a folder that was deleted later");
  assert.match(listed[1] ?? "", /Z +- {2}[-0-9a-f]{36} {2}\/d$/);
  const { stdout, stderr } = await run(["trash", "empty", "--yes"]);
  assert.match(stdout + stderr, /permanently deleted 3 items \(21 B\)/);
});
