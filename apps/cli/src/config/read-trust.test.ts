import assert from "node:assert/strict";
import { test } from "node:test";
import { readTrust } from "./read-trust.ts";

const digits = "2eda29".padEnd(64, "0");
const pairs = (digits.match(/../g) ?? []).join(":");

test("a fingerprint is accepted in the formats of this command, openssl and browsers", async () => {
  const shown = [
    `SHA256:${digits}`,
    digits.toUpperCase(),
    `sha256 Fingerprint=${pairs.toUpperCase()}`,
    `SHA256 Fingerprint=${pairs.toUpperCase()}\n`,
    `SHA-256:${pairs}`,
  ];
  for (const fingerprint of shown) assert.deepEqual(await readTrust({ fingerprint }), { fingerprint: digits });
  for (const fingerprint of ["SHA256:00", `SHA1:${digits}`, `${digits}0`])
    await assert.rejects(readTrust({ fingerprint }), { code: "usage", message: /with or without colons/ });
});

test("a missing certificate file is named", async () => {
  await assert.rejects(readTrust({ caCert: "nope.crt" }), { code: "usage", message: "nope.crt does not exist." });
});
