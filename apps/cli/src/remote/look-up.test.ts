import assert from "node:assert/strict";
import { test } from "node:test";
import type { ApiClient } from "@holdfast/api-client/api-client";
import { HoldfastError } from "@holdfast/core/errors";
import { lookUp } from "./look-up.ts";

const kinds: Readonly<Record<string, string>> = { "/": "folder", "/a": "folder", "/a/b": "mount", "/a/b/file": "file" };

const client = {
  call: (_: string, { query: { path } }: { readonly query: { readonly path: string } }) => {
    const kind = kinds[path];
    return kind === undefined
      ? Promise.reject(new HoldfastError("not_found", "There is nothing."))
      : Promise.resolve({ kind, path });
  },
} as unknown as ApiClient;

test("the hint about a missing path names an existing folder", async () => {
  for (const [missing, named] of [
    ["/x", "/"],
    ["/x/y/z", "/"],
    ["a/x", "/a"],
    ["/a/b/x/y", "/a/b"],
    ["/a/b/file/x", "/a/b"],
  ] as const) {
    const message = new RegExp(`'holdfast ls ${named}' shows what is there`);
    await assert.rejects(lookUp(client, missing), { code: "not_found", message }, missing);
  }
});
