import assert from "node:assert/strict";
import { test } from "node:test";
import { readLinkAddress } from "./link-address.ts";

test("a link's address may have a path below it, as typed, but not after ? or #", () => {
  const address = "https://drive.example/s/hfl_abc";
  const pathOf = (more: string) => readLinkAddress(`${address}${more}`)?.path;
  assert.deepEqual(["", "/", "/a b/c?d#e%2f", "?utm=1", "#top"].map(pathOf), ["/", "/", "/a b/c?d#e%2f", "/", "/"]);
  for (const more of ["#/sub", "?x/y", "?x#/y"])
    assert.throws(() => pathOf(more), {
      code: "usage",
      message: /follows the link directly: https:\/\/\S+\/s\/hfl_abc\/…/,
    });
  assert.deepEqual(
    [readLinkAddress("/photos"), readLinkAddress("https://drive.example/files")],
    [undefined, undefined],
  );
});
