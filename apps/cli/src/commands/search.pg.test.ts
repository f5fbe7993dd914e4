import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { NodeJson } from "@holdfast/protocol/values";
import { useSignedIn } from "./testing-signed-in.ts";

describe("holdfast search", () => {
  const { run, json } = useSignedIn("search-command");
  const found = async (...args: string[]) =>
    ((await json("search", ...args)).items as NodeJson[]).map(({ path }) => path);

  test("finds names by their parts, everywhere or below a folder", async () => {
    await run(["mkdir", "-p", "/photos/Strand 2024"]);
    for (const path of ["/photos/Strand 2024/Café am Strand.JPG", "/strand.txt", "/other.txt"]) {
      assert.equal((await run(["put", "-", path], "content")).code, 0);
    }
    assert.deepEqual(await found("strand"), [
      "/strand.txt",
      "/photos/Strand 2024",
      "/photos/Strand 2024/Café am Strand.JPG",
    ]);
    assert.deepEqual(await found("cafe", "jpg"), ["/photos/Strand 2024/Café am Strand.JPG"]);
    assert.deepEqual(await found("--in", "/photos", "--type", "file", "strand"), [
      "/photos/Strand 2024/Café am Strand.JPG",
    ]);
    assert.match((await run(["search", "other"])).stdout, /^\S+ \S+ {2}7 {2}\/other\.txt\n$/);
    assert.equal((await run(["search", "nothing like it"])).code, 0);
    const refused = await run(["search", "x", "--type", "picture"]);
    assert.deepEqual([refused.code, /type/.test(refused.stderr)], [2, true], refused.stderr);
    assert.equal((await run(["search", "x", "--in", "/nowhere"])).code, 4);
  });

  test("sorts its results as people expect", async () => {
    await run(["mkdir", "-p", "/order/z"]);
    for (const name of ["file 10", "File 2", "file 1"]) await run(["put", "-", `/order/${name}`], "content");
    const { items } = await json("ls", "/order", "--sort", "natural");
    assert.deepEqual(
      items.map(({ name }: NodeJson) => name),
      ["z", "file 1", "File 2", "file 10"],
    );
  });
});
