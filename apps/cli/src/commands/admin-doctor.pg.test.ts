import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { chmodSync, existsSync, readdirSync, readFileSync, renameSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { makeId, type MessageId, toBucket } from "@holdfast/core/ids";
import { queryDatabase } from "@holdfast/server/acceptance/testing";
import { bothPlaces, useSignedIn } from "./testing-signed-in.ts";

const command = useSignedIn("admin-doctor");
const { folder, data, run } = command;
const keyFile = join(data, "key-encryption-key");

const everything = [
  "audit",
  "backup",
  "blocks",
  "clock",
  "database",
  "disk",
  "jobs",
  "keys",
  "metadata",
  "open_files",
  "store",
  "sync",
  "versions",
];

test("for an incomplete index, the doctor recommends nothing that would delete the blocks of a lost database", async () => {
  await queryDatabase(data, "insert into cell.facts (name, value) values ('rebuild_required', 'true')");
  try {
    const found = async () =>
      (await diagnose([])).items.find(({ check, state }) => check === "blocks" && state !== "ok");
    const lost = await found();
    assert.equal(lost?.state, "fail");
    assert.match(lost.advice ?? "", /'holdfast admin rebuild --from STORE/);
    assert.doesNotMatch(lost.advice ?? "", /rebuild-index/);
    assert.equal((await run(["put", "-", "/file"], randomBytes(100_000).toString("hex"))).code, 0);
    const incomplete = await found();
    assert.equal(incomplete?.state, "warn");
    assert.match(incomplete.advice ?? "", /Only if all files .* are here, run .*rebuild-index/);
    const packs = join(data, "store", "objects", "packs");
    const pack = readdirSync(packs, { recursive: true, withFileTypes: true }).find((entry) => entry.isFile());
    assert.ok(pack);
    const lastYear = new Date(Date.now() - 365 * 86_400_000);
    utimesSync(join(pack.parentPath, pack.name), lastYear, lastYear);
    const replaced = await found();
    assert.equal(replaced?.state, "fail");
    assert.match(replaced.detail, /older than this database/);
    assert.doesNotMatch(replaced.advice ?? "", /rebuild-index/);
  } finally {
    await queryDatabase(data, "delete from cell.facts where name = 'rebuild_required'");
  }
});

for (const [where, flags] of bothPlaces(command)) {
  test(`${where}, the doctor checks everything, and leaves nothing behind`, async () => {
    const { code, items } = await diagnose(flags);
    assert.deepEqual([...new Set(items.map(({ check }) => check))].toSorted(), everything);
    assert.deepEqual(
      items.filter(({ state }) => state === "fail"),
      [],
    );
    assert.equal(code, 0);
    const left = [...readdirSync(data), ...readdirSync(join(data, "store", "objects"))];
    assert.deepEqual(
      left.filter((name) => name.startsWith("doctor")),
      [],
    );
    const text = await run(["admin", "doctor", ...flags]);
    assert.match(text.stdout, /^ok +versions +Holdfast \d/m);
  });

  test(`${where}, the doctor finds a key that others can read, a damaged block and an abandoned job`, async () => {
    chmodSync(keyFile, 0o644);
    const id = makeId<MessageId>(toBucket(0), Date.now(), randomBytes(8));
    await queryDatabase(
      data,
      `insert into shard.messages (id, kind, payload, state, attempts, due_at, problem, died_at)
       values ('${id}', 'test', '{}', 'dead', 7, 0, 'no answer', ${Date.now() * 1000})`,
    );
    const pack = "00000000-0000-4000-8000-000000000000";
    await queryDatabase(
      data,
      `insert into cell.blocks (hash, pack_id, record_index, "offset", stored_size, size, codec, state)
       values ('\\x00', '${pack}', 0, 0, 1, 1, 'raw', 'damaged')`,
    );
    try {
      const { code, items } = await diagnose(flags);
      const found = (check: string) => items.find((item) => item.check === check && item.state !== "ok");
      assert.match(found("keys")?.detail ?? "", /other users can read .*mode 644/);
      assert.deepEqual([found("jobs")?.state, found("jobs")?.detail], ["warn", "failed: 1 test"]);
      assert.deepEqual([found("blocks")?.state, code], ["fail", 1]);
    } finally {
      chmodSync(keyFile, 0o600);
      await queryDatabase(data, "delete from shard.messages where kind = 'test'");
      await queryDatabase(data, `delete from cell.blocks where pack_id = '${pack}'`);
    }
  });
}

test("the doctor explains why a server does not start because of its keys, and repairs nothing", async () => {
  await command.server.stop();
  const keptKey = readFileSync(keyFile, "utf8");
  const keyring = join(data, "store", "objects", "keyring");
  const kept = readFileSync(keyring);
  for (const [key, detail] of [
    [`${randomBytes(32).toString("base64")}\n`, /does not open the data key/],
    ["", /does not contain a key/],
    [undefined, /is missing/],
  ] as const) {
    renameSync(keyFile, join(folder, "kept-key"));
    if (key !== undefined) writeFileSync(keyFile, key, { mode: 0o600 });
    const { code, items } = await diagnose(["--data", data]);
    const keys = items.find((item) => item.check === "keys" && item.state === "fail");
    assert.match(keys?.detail ?? "", detail);
    assert.equal(code, 1);
    assert.equal(existsSync(keyFile), key !== undefined);
    assert.ok(kept.equals(readFileSync(keyring)));
    renameSync(join(folder, "kept-key"), keyFile);
  }
  assert.equal(readFileSync(keyFile, "utf8"), keptKey);
  renameSync(join(data, "store"), join(folder, "away"));
  const away = await diagnose(["--data", data]);
  assert.ok(away.items.some(({ check, state }) => check === "store" && state === "fail"));
  assert.equal(away.code, 1);
});

async function diagnose(flags: readonly string[]) {
  const { code, stdout, stderr } = await run(["admin", "doctor", ...flags, "--json"]);
  assert.notEqual(stdout, "", stderr);
  const { items } = JSON.parse(stdout) as {
    items: { check: string; state: string; detail: string; advice: string | null }[];
  };
  return { code, items };
}
