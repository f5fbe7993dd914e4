import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { HoldfastError } from "@holdfast/core/errors";
import { readConfig } from "./read-config.ts";

const messageOf = (environment: Readonly<Record<string, string>>): string => {
  try {
    readConfig({ environment });
  } catch (error) {
    assert.ok(error instanceof HoldfastError && error.code === "usage", String(error));
    return error.message;
  }
  return "accepted";
};

test("a variable can name a file with the value, as secrets in containers are given", (t) => {
  const folder = mkdtempSync(join(tmpdir(), "holdfast-settings-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const fileWith = (name: string, text: string) => {
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  };
  const topology = (id: string) =>
    JSON.stringify({ shards: [{ id, buckets: [[0, 4095]] }], cells: [{ id: "a", buckets: [[0, 4095]] }] });
  const environment = {
    HOLDFAST_DATABASE_URL_FILE: fileWith("url", "\uFEFFpostgres://u:p@db/holdfast\r\n"),
    HOLDFAST_TOPOLOGY_FILE: fileWith("topology", topology("a")),
    HOLDFAST_KEY_ENCRYPTION_KEY_FILE: fileWith("key", "a key\n\n"),
    AWS_SECRET_ACCESS_KEY_FILE: fileWith("secret", "s3 secret"),
    VAULT_TOKEN_FILE: "/read/later",
    HOLDFAST_REDIS_URL_FILE: "",
  };
  const config = readConfig({ environment });
  assert.equal(config.databaseUrl, "postgres://u:p@db/holdfast");
  const { HOLDFAST_KEY_ENCRYPTION_KEY, AWS_SECRET_ACCESS_KEY, VAULT_TOKEN_FILE } = config.environment;
  assert.deepEqual(
    [HOLDFAST_KEY_ENCRYPTION_KEY, AWS_SECRET_ACCESS_KEY, VAULT_TOKEN_FILE],
    ["a key\n", "s3 secret", "/read/later"],
  );
  assert.deepEqual(readConfig({ environment: config.environment }).databaseUrl, config.databaseUrl, "read twice");
  fileWith("topology", topology("b"));
  assert.equal(config.readTopology()?.shards[0]?.id, "b", "without a restart");
  const of = (path: string, more = {}) => messageOf({ HOLDFAST_DATABASE_URL_FILE: path, ...more });
  assert.equal(of("/nowhere/url"), "HOLDFAST_DATABASE_URL_FILE: /nowhere/url does not exist.");
  // Its size is 0, and reading it never ends.
  for (const path of [folder, "/dev/zero"])
    assert.equal(of(path), `HOLDFAST_DATABASE_URL_FILE: ${path} is not a regular file.`);
  assert.match(of(fileWith("empty", "\n")), /empty is empty\.$/);
  assert.match(of(fileWith("large", "x".repeat(1024 * 1024 + 1))), /has more than 1048576 bytes\.$/);
  const secret = { HOLDFAST_TOPOLOGY_FILE: fileWith("wrong", "hunter2 ") };
  assert.equal(messageOf(secret), "HOLDFAST_TOPOLOGY is not JSON.", "without the contents");
  assert.match(of("/nowhere/url", { HOLDFAST_DATABASE_URL: "x" }), /^HOLDFAST_DATABASE_URL and .* are both set/);
});
