import assert from "node:assert/strict";
import { test } from "node:test";
import { limits } from "@holdfast/core/limits";
import { HoldfastError } from "@holdfast/core/errors";
import { longTest } from "@holdfast/tools/tiers";
import { sql } from "kysely";
import type { Actor } from "../actor.ts";
import type { TestSpace } from "../testing/testing.ts";
import { useTestSpaces } from "../testing/testing-spaces.ts";
import { quotaExplainer } from "./explain-quota.ts";
import { assertRoom, freeBytesOf } from "../weight/stored-bytes.ts";
import { readUsage } from "./usage.ts";

const world = useTestSpaces({ fsync: false });
const usageOf = (space: TestSpace) => readUsage(world.databases.shards, space.caller);

async function putVersions(space: TestSpace, parentId: string, name: string, sizes: readonly number[]) {
  const [first = 0, ...rest] = sizes;
  const file = await space.put(parentId, name, `${name} 0`.padEnd(first, "."));
  for (const [index, size] of rest.entries()) {
    const content = await space.content(`${name} ${index + 1}`.padEnd(size, "."));
    await space.do({ op: "put", fileId: file.id, content });
  }
  return file;
}

test("usage is divided into files, old versions, trash and unfinished uploads", async () => {
  const space = await world.open({ quotaBytes: 10_000 });
  const folder = await space.mkdir("root", "folder");
  await putVersions(space, folder.id, "small", [100, 200, 300]);
  const large = await putVersions(space, "root", "large", [1000, 1000, 50]);
  await space.do({ op: "label", fileId: large.id, version: 1, label: "kept" });
  const doomed = await space.mkdir("root", "doomed");
  await putVersions(space, doomed.id, "gone", [400, 40]);
  await space.do({ op: "delete", fileId: doomed.id });
  await space.content("sent and not named".padEnd(70, "."));
  const { used_bytes, stored_bytes, quota_bytes, largest, ...parts } = await usageOf(space);
  assert.deepEqual([used_bytes, stored_bytes, quota_bytes], [390, 3160, 10_000]);
  assert.deepEqual(parts, {
    filesBytes: 350,
    versionsBytes: 2300,
    oldVersionsBytes: 2700,
    trashBytes: 440,
    uploadsBytes: 70,
    isComplete: true,
  });
  assert.deepEqual(
    largest.map(({ path, versions, bytes }) => [path, versions, bytes]),
    [
      ["/large", 1, 1000],
      ["/folder/small", 2, 300],
    ],
  );
});

test("content shared by versions counts as often as it is stored", async () => {
  const space = await world.open();
  const file = await space.put("root", "f", "same");
  for (const text of ["changed", "same"])
    await space.do({ op: "put", fileId: file.id, content: await space.content(text) });
  const { filesBytes, versionsBytes, oldVersionsBytes, largest } = await usageOf(space);
  assert.deepEqual([filesBytes, versionsBytes, oldVersionsBytes, largest[0]?.bytes], [4, 7, 11, 11]);
});

longTest("old versions of more files than are examined count at least as stored", async () => {
  const space = await world.open();
  const files = Array.from({ length: limits.usageFilesMax + 10 }, (_, index) => `file ${index}`);
  for (let from = 0; from < files.length; from += 30)
    await Promise.all(files.slice(from, from + 30).map((name) => putVersions(space, "root", name, [100, 10])));
  const { oldVersionsBytes, isComplete } = await usageOf(space);
  assert.deepEqual([oldVersionsBytes, isComplete], [files.length * 100, false]);
});

test("free space is the smaller rest of both limits", () => {
  const free = (used_bytes: number, stored_bytes: number, quota_bytes: number | null = 100) =>
    freeBytesOf({ used_bytes, stored_bytes, quota_bytes });
  assert.deepEqual(
    [free(40, 40), free(40, 390), free(40, 500), free(120, 120), free(1, 1, null)],
    [60, 10, 0, 0, null],
  );
});

test("files with old versions are found by their own index", async () => {
  const space = await world.open();
  await putVersions(space, "root", "f", [10, 10]);
  await world.databases.shards
    .ofId(space.caller.spaceId)
    .db.transaction()
    .execute(async (transaction) => {
      await sql`set local enable_seqscan = off`.execute(transaction);
      const { rows } = await sql<{ "QUERY PLAN": string }>`
      explain select id from shard.nodes where space_id = ${space.caller.spaceId} and version_number > 1
      order by (version_number - 1)::float8 * size desc limit ${limits.usageFilesMax}`.execute(transaction);
      assert.match(rows.map((row) => row["QUERY PLAN"]).join("\n"), /Index Scan Backward using nodes_old_versions/);
    });
});

async function explained(space: TestSpace, error: unknown, as: Partial<Actor> = {}): Promise<HoldfastError> {
  const told = await quotaExplainer(world.databases.shards, { ...space.caller, ...as })(error);
  assert.ok(told instanceof HoldfastError);
  return told;
}

async function refusalIn(space: TestSpace): Promise<HoldfastError> {
  const row = await space.row();
  try {
    assertRoom(row, 1);
    return assert.fail("there is room");
  } catch (error) {
    return explained(space, error);
  }
}

test("a quota error names the largest use of the space, and the command that frees it", async () => {
  const space = await world.open({ quotaBytes: 1000 });
  const folder = await space.mkdir("root", "my folder");
  const file = await putVersions(space, folder.id, "film", [900, 900, 900, 900]);
  await space.content("x".repeat(400));
  const byVersions = await refusalIn(space);
  assert.match(
    byVersions.message,
    /can store 3\.9 KiB, which is 4 times its quota\. Old versions take 2\.6 KiB of it\. /,
  );
  assert.match(
    byVersions.message,
    /'holdfast versions prune '\/my folder\/film' --keep 1'\. An administrator can raise the quota/,
  );
  assert.doesNotMatch(byVersions.message, /trash empty/);
  assert.equal(byVersions.body["versions_bytes"], 2700);
  await space.do({ op: "delete", fileId: file.id });
  assert.match((await refusalIn(space)).message, /The trash takes 3\.5 KiB of it\. Empty it: 'holdfast trash empty'\./);
});

test("labeled versions and unfinished uploads are named as such in a quota error", async () => {
  const space = await world.open({ quotaBytes: 100 });
  const file = await putVersions(space, "root", "f", [90, 90, 90]);
  for (const version of [1, 2]) await space.do({ op: "label", fileId: file.id, version, label: "kept" });
  await space.content("x".repeat(130));
  assert.match((await refusalIn(space)).message, /Old versions take 180 B of it\. All have labels/);
  const other = await world.open({ quotaBytes: 100 });
  await other.content("x".repeat(400));
  assert.match((await refusalIn(other)).message, /Unfinished uploads take 400 B of it\./);
});

test("a quota error does not suggest emptying a trash that is too small", async () => {
  const space = await world.open({ quotaBytes: 1000 });
  await space.put("root", "f", "x".repeat(600));
  const thrown = await space.put("root", "small", "x".repeat(10));
  await space.do({ op: "delete", fileId: thrown.id });
  const refusal = async (bytes: number) => {
    const text = "This needs more. Empty the trash.";
    const error = new HoldfastError("quota", text, { body: { free_bytes: 0, needed_bytes: bytes } });
    return (await explained(space, error)).message;
  };
  assert.match(await refusal(401), /^This needs more\. Files take 600 B and the trash 10 B: delete files, then empty/);
  assert.match(await refusal(400), /^This needs more\. Empty the trash, which takes 10 B /);
});

test("a quota error does not suggest emptying an empty trash, and is unchanged for other callers", async () => {
  const space = await world.open({ quotaBytes: 100 });
  await space.put("root", "f", "x".repeat(100));
  const text =
    "This needs 1.5 KiB, and 0 B is free in your quota. Empty the trash. An administrator can raise the quota: 'holdfast admin users quota EMAIL SIZE'.";
  const error = new HoldfastError("quota", text, { body: { free_bytes: 0 } });
  const { message } = await explained(space, error);
  assert.match(
    message,
    /^This needs 1\.5 KiB, and 0 B is free in your quota\. The trash is empty: delete files, then empty the trash\. An administrator can raise/,
  );
  assert.equal(await explained(space, error, { owns: false }), error);
  assert.equal(await explained(space, error, { writesOnly: true }), error);
  const stripped = new HoldfastError("quota", "The owner of this folder has no room for this.");
  assert.equal(await explained(space, stripped), stripped);
});
