import assert from "node:assert/strict";
import { test } from "node:test";
import { checkIds } from "./check-ids.ts";

const id = "0198c5a0-1234-8abc-9def-0123456789ab";
const hash = "a".repeat(64);

test("valid responses pass: IDs, hashes, numbers of operations, and arbitrary metadata", () => {
  checkIds(undefined);
  checkIds({ id, parent_id: null, version_id: id, content_id: hash, operation_id: "0".repeat(32), blocks: [{ hash }] });
  checkIds({ items: [{ id, metadata: { id: "../..", of: { file_id: 7 } } }], request_id: "../x" });
  checkIds({ items: [{ id: hash, email: "ann@example.org" }] });
  // An audit entry of an earlier server.
  checkIds({ items: [{ chain: "s0", detail: { user_id: "ann@example.org" } }] });
  checkIds({ items: [{ name: "oidc", value: { client_id: "drive" }, secret: false, source: "file" }] });
  checkIds({ items: [{ name: "topology", value: { shards: [{ id: "main" }] }, secret: false, source: "file" }] });
  assert.throws(() => checkIds({ value: { client_id: "drive" } }), { code: "failed" });
  assert.throws(() => checkIds({ detail: { user_id: "ann@example.org" } }), { code: "failed" });
  checkIds({ server_id: "0".repeat(32), damaged: [{ hash: null, pack_id: "3f2504e0-4f89-41d3-9a0c-0305e82c3301" }] });
});

test("an invalid ID is rejected anywhere in a response, and its place is named", () => {
  const bad = ["../../x", "", `${id}/..`, `${id}\n`, `.${id}`, id.toUpperCase(), "a".repeat(36), 7, {}, [id]];
  for (const value of bad) {
    assert.throws(() => checkIds({ id: value }), { code: "failed", message: / in id, / });
    assert.throws(() => checkIds({ items: [{ id }, { node: { version_id: value } }] }), {
      code: "failed",
      message: / in items\[1\]\.node\.version_id, /,
    });
    assert.throws(() => checkIds([[{ some_new_id: value }]]), {
      code: "failed",
      message: / in \[0\]\[0\]\.some_new_id, /,
    });
  }
  assert.throws(() => checkIds({ parent_id: hash }), { code: "failed" }, "of an invitation alone");
  for (const name of ["hash", "content_id", "operation_id", "server_id", "pack_id"]) {
    for (const value of ["../../x", "", "a/b", 7]) assert.throws(() => checkIds({ [name]: value }), { code: "failed" });
  }
});
