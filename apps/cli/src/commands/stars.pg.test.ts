import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { NodeJson } from "@holdfast/protocol/values";
import { useSignedIn } from "./testing-signed-in.ts";

describe("holdfast star, unstar, starred and recent", () => {
  const { run } = useSignedIn("stars-command");
  const pathsOf = async (command: string) => {
    const { code, stdout, stderr } = await run([command, "--json"]);
    assert.equal(code, 0, stderr);
    return (JSON.parse(stdout).items as NodeJson[]).map(({ path }) => path);
  };

  test("mark items and list them", async () => {
    assert.deepEqual(await pathsOf("starred"), []);
    await run(["mkdir", "/d"]);
    for (const path of ["/d/a", "/b"]) assert.equal((await run(["put", "-", path], "content")).code, 0);
    assert.deepEqual(await pathsOf("recent"), ["/b", "/d/a"]);
    const starred = await run(["star", "/d", "/d/a", "--json"]);
    assert.equal(starred.code, 0, starred.stderr);
    assert.equal(JSON.parse(starred.stdout).items.length, 2);
    assert.deepEqual(await pathsOf("starred"), ["/d/a", "/d"]);
    assert.match((await run(["starred"])).stdout, /^\S+ \S+ {2}7 {2}\/d\/a\n\S+ \S+ {2}0 {2}\/d\/\n$/);
    assert.match((await run(["recent"])).stdout, /^.* \/b\n.* \/d\/a\n$/);
    assert.equal((await run(["unstar", "/d/a"])).code, 0);
    assert.deepEqual(await pathsOf("starred"), ["/d"]);
  });

  test("change nothing if one of several is missing", async () => {
    for (const command of ["star", "unstar"]) {
      const { code, stderr } = await run([command, "/", "/missing"]);
      assert.equal(code, 4);
      assert.match(stderr, /\/missing/);
    }
    assert.ok(!(await pathsOf("starred")).includes("/"));
  });
});
