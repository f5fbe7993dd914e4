import assert from "node:assert/strict";
import { test } from "node:test";
import { readConfig } from "./read-config.ts";
import { settingsInForce } from "./settings-in-force.ts";

const inForce = (environment: Record<string, string>, file?: string) =>
  new Map(
    settingsInForce(readConfig({ environment, ...(file === undefined ? {} : { file }) })).map((each) => [
      each.name,
      each,
    ]),
  );

test("passwords in addresses are hidden from administrators, whatever their position", () => {
  const secret = "s3:cr/e@t";
  const topology = {
    shards: [{ id: "one", buckets: [[0, 4095]], database_url: `postgres://h:${secret}@one/db` }],
    cells: [{ id: "one", buckets: [[0, 4095]] }],
  };
  for (const environment of [
    { HOLDFAST_DATABASE_URL: `postgres://holdfast:${secret}@one:5432,two:5432/db` },
    { HOLDFAST_DATABASE_URL: "postgres://one/db?user=h&password=s3%3Acr&sslkey=cr" },
    { HOLDFAST_REDIS_URL: `redis://:${secret}@one:6379` },
    { HOLDFAST_TOPOLOGY: JSON.stringify(topology) },
    { HOLDFAST_ADMIN_EMAIL: "a@example.org", HOLDFAST_ADMIN_PASSWORD: secret },
  ]) {
    const json = JSON.stringify([...inForce(environment).values()]);
    assert.ok(!/s3:|s3%3A|cr\/e|e@t|=cr/.test(json), json);
  }
  const shown = (name: string, value: string) =>
    inForce({ [`HOLDFAST_${name.toUpperCase()}`]: value }).get(name)?.value;
  assert.equal(shown("database_url", `postgres://holdfast:${secret}@one/db`), "postgres://***");
  assert.equal(shown("database_url", "postgres://holdfast:secret@one/db"), "postgres://holdfast:***@one/db");
  assert.equal(shown("redis_url", "redis://user:secret@one:6379"), "redis://***@one:6379");
});

test("durations are shown to administrators in their shortest notation", () => {
  const settings = inForce({ HOLDFAST_RETENTION_TRASH: "48h", HOLDFAST_RETENTION_BLOCKS: "90m" });
  const settingOf = (name: string) => [settings.get(name)?.value, settings.get(name)?.source];
  assert.deepEqual(settingOf("retention_trash"), ["2d", "environment"]);
  assert.deepEqual(settingOf("retention_blocks"), ["90m", "environment"]);
  assert.deepEqual(settingOf("retention_packs"), ["7d", "default"]);
  assert.deepEqual(settingOf("retention_versions"), [30, "default"]);
  assert.deepEqual(settingOf("snapshot_interval"), ["1h", "default"]);
});

test("each setting shows its value and its source, including defaults", () => {
  const settings = inForce({ HOLDFAST_RATE_LIMIT_USER: "7" }, JSON.stringify({ language: "de" }));
  const settingOf = (name: string) => [settings.get(name)?.value, settings.get(name)?.source];
  assert.deepEqual(settingOf("rate_limit_user"), [7, "environment"]);
  assert.deepEqual(settingOf("language"), ["de", "file"]);
  assert.deepEqual(settingOf("rate_limit_address"), [5000, "default"]);
  assert.deepEqual(settingOf("listen"), ["127.0.0.1:8420", "default"]);
  assert.deepEqual(settingOf("smtp_url"), [null, "default"]);
});
