import assert from "node:assert/strict";
import { test } from "node:test";
import type { ApiClient } from "@holdfast/api-client/api-client";
import { findTrashed } from "./find-trashed.ts";

const trash = ["/a", "/a/b", "/a/b file", "/c"].map((path) => ({
  id: `id of ${path}`,
  kind: "folder",
  path,
  name: "",
}));
const call = () => Promise.resolve({ items: trash, next_cursor: null });
const find = (path: string) => findTrashed({ call } as unknown as ApiClient, [path], { isTerminal: false });

test("a path in a trashed folder is reported with that folder, and any other with the command that lists the trash", async () => {
  const inside = /^There is no \/a\/b\/f in the trash\. It may be in the folder \/a\/b, .*trash restore id of \/a\/b'/;
  await assert.rejects(find("/a/b/f"), { code: "not_found", message: inside });
  await assert.rejects(find("/b/f"), {
    code: "not_found",
    message: /in the trash\. 'holdfast trash ls' lists the trash/,
  });
  assert.deepEqual(await find("/a/b"), [trash[1]]);
});
