import assert from "node:assert/strict";
import { test } from "node:test";
import { HoldfastError } from "@holdfast/core/errors";
import { toDiskError } from "@holdfast/disk/disk-error";
import { toProblem } from "./problem.ts";

test("system errors do not disclose server paths to clients", () => {
  for (const code of ["EIO", "ENOENT", "EACCES", "EMFILE"]) {
    const thrown = Object.assign(new Error(`${code}: '/srv/secret place/packs'`), { code });
    const error = toDiskError(thrown, "write", "/srv/secret place/packs");
    assert.ok(error instanceof HoldfastError);
    const { body } = toProblem(error, "abc");
    assert.doesNotMatch(JSON.stringify(body), /secret/);
    assert.equal(body.code, error.code);
    assert.match(body.detail, /abc/);
  }
});

test("messages written for users are sent to clients", () => {
  const thrown = Object.assign(new Error("ENOSPC: '/srv/secret place/packs'"), { code: "ENOSPC" });
  const cause = toDiskError(thrown, "write", "/srv/secret place/packs");
  const { body } = toProblem(new HoldfastError("store_full", "The store is full.", { cause }), "abc");
  assert.equal(body.detail, "The store is full.");
});
