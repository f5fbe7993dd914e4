import assert from "node:assert/strict";
import { test } from "node:test";
import type { HoldfastError } from "@holdfast/core/errors";
import { limits } from "@holdfast/core/limits";
import { RouteTree, splitTarget } from "./route-tree.ts";

const tree = new RouteTree<string>();
for (const pattern of ["/", "/files/:id", "/files/shared", "/files/:id/list", "/files/shared/:item/b", "/app/*"])
  tree.add(pattern, pattern);

function find(path: string): unknown[] | undefined {
  const found = tree.find(path);
  return found && [found.place, found.params];
}

test("finds text before a parameter, and a parameter before a wildcard", () => {
  assert.deepEqual(find("/"), ["/", {}]);
  assert.deepEqual(find("/files/shared"), ["/files/shared", {}]);
  assert.deepEqual(find("/files/share"), ["/files/:id", { id: "share" }]);
  // The branch of the text has no such place.
  assert.deepEqual(find("/files/shared/list"), ["/files/:id/list", { id: "shared" }]);
  assert.deepEqual(find("/files/shared/x/b"), ["/files/shared/:item/b", { item: "x" }]);
  assert.deepEqual(find("/files/"), ["/files/:id", { id: "" }]);
  assert.deepEqual(find("/app/a/b/"), ["/app/*", { "*": "a/b/" }]);
  for (const path of ["/files", "/Files/x", "/files/x/", "/app", "//", "/files/shared/x/y"])
    assert.equal(find(path), undefined, path);
});

test("decodes each segment once, after the path was split", () => {
  assert.deepEqual(find("/f%69les/a%2Fb%2525"), ["/files/:id", { id: "a/b%25" }]);
  assert.deepEqual(find("/app/%C3%A9/%3F"), ["/app/*", { "*": "é/?" }]);
  for (const path of ["/files/%zz", "/nowhere/%E0%A4", "/files/%"])
    assert.throws(() => find(path), { code: "bad_request" } satisfies Partial<HoldfastError>, path);
});

test("rejects a segment longer than any signed URL", () => {
  const longest = "x".repeat(limits.signedUrlBytesMax);
  assert.deepEqual(find(`/files/${longest}`), ["/files/:id", { id: longest }]);
  assert.throws(() => find(`/files/${longest}x`), { code: "bad_request" });
});

test("rejects two patterns that match the same paths", () => {
  assert.throws(() => tree.add("/files/:name", ""), { code: "internal" });
  assert.throws(() => tree.add("/app/*", ""), { code: "internal" });
});

test("rejects patterns that other routers understand", () => {
  for (const pattern of ["/a/*/b", "/a/b*", "/a/:id(\\d+)", "/a/:id.json", "/a/:id?"])
    assert.throws(() => tree.add(pattern, ""), { code: "internal" }, pattern);
});

test("splits request targets in all forms that clients and proxies send", () => {
  assert.deepEqual(splitTarget("/a/b"), { path: "/a/b", query: {} });
  const query = { a: ["1", "2"], b: " x", c: "", d: "%zz e" };
  const split = splitTarget("/a?a=1&b=%20x&a=2&c&d=%zz+e#f");
  assert.deepEqual(
    { ...split, query: { ...(split?.query as object) } },
    { path: "/a", query: { ...query, d: "%zz e#f" } },
  );
  assert.equal(splitTarget("/a#b?c=1")?.path, "/a");
  assert.equal(splitTarget("HTTP://host:1/a?b=1")?.path, "/a");
  for (const target of ["*", "http://host", "http://host?a/b", "host:443", ""])
    assert.equal(splitTarget(target), undefined);
});
