import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { test } from "node:test";
import { onlyNonce, openSealed, seal } from "./seal.ts";

const key = Buffer.alloc(32, 5);
const place = Buffer.from("where it belongs");

test("separately sealed data (a tail, a data key, a secret) opens, or sealing fails", () => {
  for (const length of [0, 1, 32, 65_535, 65_536, 65_537, 300_000]) {
    const plain = randomBytes(length);
    const sealed = seal(key, onlyNonce, place, plain);
    assert.deepEqual(Buffer.from(openSealed(key, onlyNonce, place, sealed) ?? assert.fail()), plain);
    const turned = () => seal(key, onlyNonce, place, plain, (_key, _nonce, _place, record) => void record.fill(7));
    assert.throws(turned, { code: "internal" });
  }
});

test("a buffer that changed while it was sealed is detected, even if its seal is valid", () => {
  const plain = randomBytes(1000);
  const other = randomBytes(1000);
  const sealing = (_key: Uint8Array, _nonce: Uint8Array, _place: Uint8Array, record: Uint8Array) =>
    record.set(seal(key, onlyNonce, place, other));
  assert.throws(() => seal(key, onlyNonce, place, plain, sealing), { code: "internal" });
});
