import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { test } from "node:test";
import type { NodeId } from "@holdfast/core/ids";
import { HoldfastError } from "@holdfast/core/errors";
import type { RewindAnswer } from "@holdfast/protocol/rewind-routes";
import type { NodeJson } from "@holdfast/protocol/values";
import { bounded } from "@holdfast/tools/bounded";
import { sql } from "kysely";
import { inTransaction } from "../../base/db/database.ts";
import type { Committer } from "../../tree/commit/commit-queue.ts";
import type { TestSpace } from "../../tree/testing/testing.ts";
import { useTestSpaces } from "../../tree/testing/testing-spaces.ts";
import { pruneVersions } from "../../tree/retention/retention.ts";
import { raiseCut } from "../../tree/retention/retention-cut.ts";
import { expireRewinds } from "./expire-rewinds.ts";
import { openRewinds } from "./open-rewinds.ts";
import { type RewindsOptions, startRewind } from "./start-rewind.ts";
import { readRewind } from "./rewind-rows.ts";
import { runRewind } from "./run-rewind.ts";

const spaces = useTestSpaces({ fsync: false });

function optionsOf(space: TestSpace, committer: Committer = space.committer): RewindsOptions {
  const { clock } = space;
  return {
    shards: spaces.databases.shards,
    committer,
    clock,
    random: randomBytes,
    queue: { kick: () => {} },
    reachMs: 30 * 24 * 3600_000,
  };
}

function requestOf({ caller }: TestSpace, momentMicros: number, nodeId: string = caller.rootId) {
  return { userId: caller.userId, spaceId: caller.spaceId, nodeId: nodeId as NodeId, momentMicros };
}

async function rewind(space: TestSpace, momentMicros: number, nodeId?: string): Promise<RewindAnswer> {
  const outcome = await openRewinds(optionsOf(space)).rewind(requestOf(space, momentMicros, nodeId));
  assert.ok("answer" in outcome);
  return outcome.answer;
}

async function undo(space: TestSpace, { rewind_id: id = "" }: RewindAnswer): Promise<RewindAnswer> {
  const rewinds = openRewinds(optionsOf(space));
  const outcome = await rewinds.undo(await rewinds.find(id), space.caller.userId);
  assert.ok("answer" in outcome);
  return outcome.answer;
}

function momentOf(space: TestSpace): number {
  const momentMicros = space.clock.nowMicros();
  space.clock.advanceMs(1000);
  return momentMicros;
}

async function treeOf({ db, caller }: TestSpace): Promise<string[]> {
  const { rows } = await sql<{ path: string }>`
    with recursive live as (
      select n.*, '' collate "C" as path from shard.nodes n where n.space_id = ${caller.spaceId} and n.id = ${caller.rootId}
      union all
      select n.*, live.path || '/' || n.name from live
      join shard.nodes n on n.space_id = live.space_id and n.parent_id = live.id and n.trashed_at is null
    ) select path || coalesce(' ' || encode(content_id, 'hex'), '') as path from live`.execute(db);
  return rows.map(({ path }) => path).toSorted();
}

async function write(space: TestSpace, { id }: NodeJson, text: string): Promise<NodeJson> {
  return space.do({ op: "put", fileId: id, content: await space.content(text) }, space.otherDevice());
}

function counts(answer: RewindAnswer) {
  return Object.fromEntries(Object.entries(answer).filter(([, count]) => typeof count === "number" && count > 0));
}

test("each node counts once with its restored bytes, whether it changed itself or with its folder", async () => {
  const space = await spaces.open();
  const folder = await space.mkdir("root", "folder");
  const deep = await space.mkdir(folder.id, "deep");
  await space.put(deep.id, "one", "111");
  const two = await space.put(deep.id, "two", "22");
  const file = await space.put("root", "file", "old");
  const moment = momentOf(space);
  await write(space, two, "scrambled");
  await space.do({ op: "move", fileId: two.id, place: { name: "two.locked" } });
  await space.do({ op: "delete", fileId: folder.id });
  await write(space, file, "new");
  const made = await space.mkdir("root", "made");
  await space.put(made.id, "note", "pay");
  const before = await treeOf(space);
  const answer = await rewind(space, moment);
  assert.deepEqual(counts(answer), { restored: 4, reverted: 1, trashed: 2, moved: 1, bytes: 3 + 2 + 3 });
  const undone = await undo(space, answer);
  assert.deepEqual(counts(undone), { restored: 2, reverted: 1, trashed: 4, moved: 1, bytes: 3 + 3 });
  assert.deepEqual(counts(await rewind(space, momentOf(space))), {}, "a rewind that changes nothing is no activity");
  const { rows: events } = await sql<{ verb: string; detail: { restored: number } }>`
    select verb, detail from shard.events where space_id = ${space.caller.spaceId}`.execute(space.db);
  assert.ok(events.every(({ verb }) => verb === "rewound"));
  assert.deepEqual(
    events.map(({ detail }) => detail.restored).toSorted((one, other) => one - other),
    [2, 4],
  );
  assert.deepEqual(await treeOf(space), before);
});

test("a rewind that dies at any step can be repeated with the same result", async () => {
  for (let dies = 0, ended = false; !ended; dies += 1) {
    assert.ok(dies < 60, "it comes to its end");
    const space = await spaces.open();
    const files: NodeJson[] = [];
    for (let index = 0; index < 5; index += 1) files.push(await space.put("root", `f${index}`, `old ${index}`));
    const folder = await space.mkdir("root", "folder");
    await space.put(folder.id, "inside", "x");
    const tree = await treeOf(space);
    const moment = momentOf(space);
    const rotated = files.map(({ id }, index) => {
      const place = { name: `f${(index + 1) % files.length}` };
      return { op: "move", fileId: id, place, group: "rotation" } as const;
    });
    await space.commit(rotated);
    for (const [index, file] of files.entries()) await write(space, file, `new ${index}`);
    await space.do({ op: "delete", fileId: folder.id });
    await space.mkdir("root", "folder");
    const before = await treeOf(space);

    const request = requestOf(space, moment);
    const row = await inTransaction(space.db, (transaction) => startRewind(transaction, optionsOf(space), request));
    assert.ok(row !== undefined);
    let calls = 0;
    const dying: Committer = {
      commit: async (caller, operations, options) => {
        calls += 1;
        if (calls * 2 - 2 === dies) throw new HoldfastError("unavailable", "died before");
        const outcome = await space.committer.commit(caller, operations, options);
        if (calls * 2 - 1 === dies) throw new HoldfastError("unavailable", "died after");
        return outcome;
      },
    };
    const run = { db: space.db, clock: space.clock, stepsAtOnce: 2 };
    ended = await runRewind({ ...run, committer: dying }, row).then(
      () => true,
      () => false,
    );
    const again = await readRewind(space.db, row.id);
    assert.ok(again !== undefined);
    const done = await runRewind({ ...run, committer: space.committer }, again);
    assert.deepEqual(await treeOf(space), tree, `died at ${dies}`);
    const answer = { ...(JSON.parse(done.answer) as RewindAnswer), rewind_id: done.id };
    assert.deepEqual(counts(answer), { restored: 2, reverted: 5, trashed: 1, moved: 5, bytes: 26 });
    await undo(space, answer);
    assert.deepEqual(await treeOf(space), before);
  }
});

test("concurrent changes during a rewind are kept and reported", async () => {
  const space = await spaces.open();
  const edited = await space.put("root", "edited", "old");
  const renamed = await space.put("root", "renamed", "old");
  const other = await space.put("root", "other", "old");
  const moment = momentOf(space);
  for (const file of [edited, renamed, other]) await write(space, file, "scrambled");
  const made = await space.mkdir("root", "made");
  const quiet = await space.mkdir("root", "quiet");
  let calls = 0;
  const disturbed: Committer = {
    commit: async (caller, operations, options) => {
      calls += 1;
      if (calls === 1) {
        await write(space, edited, "theirs");
        await space.do({ op: "move", fileId: renamed.id, place: { name: "their name" } }, space.otherDevice());
        await space.put(made.id, "their file", "theirs");
      }
      return space.committer.commit(caller, operations, options);
    },
  };
  const outcome = await openRewinds(optionsOf(space, disturbed)).rewind(requestOf(space, moment));
  assert.ok("answer" in outcome);
  const { answer } = outcome;
  assert.deepEqual(counts(answer), { reverted: 1, trashed: 1, left: 3, bytes: 3 });
  const reasons = answer.sample.filter(({ act }) => act === "left").map(({ path, reason }) => `${path} ${reason}`);
  assert.deepEqual(reasons.toSorted(), [
    "/edited it has changed since",
    "/made it has changed since",
    "/renamed it has changed since",
  ]);
  const paths = (await treeOf(space)).map((line) => line.split(" ")[0]);
  assert.deepEqual(paths, ["", "/edited", "/made", "/made/their", "/other", "/their"]);
  await write(space, other, "theirs too");
  const undone = await undo(space, answer);
  assert.equal(undone.left, 1);
  assert.ok((await space.do({ op: "set", fileId: quiet.id, executable: false })).path === "/quiet");
});

test("permanently deleted nodes are reported, and nodes without a way back are not trashed", async () => {
  const space = await spaces.open();
  const folder = await space.mkdir("root", "folder");
  const inside = await space.put(folder.id, "inside", "kept");
  const file = await space.put("root", "file", "gone");
  const moment = momentOf(space);
  const made = await space.mkdir("root", "made");
  await space.do({ op: "move", fileId: inside.id, place: { parentId: made.id } });
  for (const { id } of [folder, file]) await space.commit([{ op: "purge", fileId: id, trashedOnly: false }]);
  const answer = await rewind(space, moment);
  assert.deepEqual(counts(answer), { purged: 2, left: 2 });
  assert.deepEqual(answer.sample.map(({ act, path }) => `${act} ${path}`).toSorted(), [
    "left /made",
    "left /made/inside",
    "purged /file",
    "purged /folder",
  ]);
  assert.deepEqual(
    (await treeOf(space)).map((line) => line.split(" ")[0]),
    ["", "/made", "/made/inside"],
  );
});

test("an approved deletion is in the trash before and after the approval", async () => {
  const space = await spaces.open();
  const folder = (await space.do({ op: "mkdir", place: { parentId: "root", name: "folder" } })).id;
  await space.put(folder, "file", "text");
  const whole = await treeOf(space);
  const before = momentOf(space);
  await space.do({ op: "delete", fileId: folder });
  const deleted = momentOf(space);
  await space.do({ op: "approve", fileId: folder });
  const approved = momentOf(space);
  await space.do({ op: "restore", fileId: folder });
  for (const moment of [deleted, approved]) {
    momentOf(space);
    await rewind(space, moment);
    assert.deepEqual(await treeOf(space), [""], `as it was at ${moment}`);
    momentOf(space);
    await rewind(space, before);
    assert.deepEqual(await treeOf(space), whole);
  }
});

test("a moment must be past and kept; the error names the earliest one", async () => {
  const space = await spaces.open();
  const file = await space.put("root", "file", "v1");
  const first = momentOf(space);
  await write(space, file, "v2");
  const earliestOf = async (momentMicros: number) => {
    const error = await rewind(space, momentMicros).catch((thrown: unknown) => thrown);
    assert.ok(error instanceof HoldfastError && error.code === "invalid_field", String(error));
    assert.equal(error.field, "to");
    return error.body["earliest"];
  };
  assert.equal(await earliestOf(space.clock.nowMicros() + 60_000_000), undefined, "to come");
  assert.equal(typeof (await earliestOf(0)), "string");
  await assert.rejects(rewind(space, (await space.row()).created_at, file.id), /did not exist/);
  // Simulates a server update: entries up to the second one lack the former state.
  await sql`insert into shard.untold_journals values (${space.caller.spaceId}, 2)`.execute(space.db);
  assert.equal(typeof (await earliestOf(first)), "string");
  await sql`delete from shard.untold_journals where space_id = ${space.caller.spaceId}`.execute(space.db);
  assert.equal((await rewind(space, first)).reverted, 1);
  space.clock.advanceMs(31 * 24 * 3600_000);
  assert.equal(typeof (await earliestOf(first)), "string");
});

test("a rewind reaches back as far as the current setting", async () => {
  const space = await spaces.open();
  const file = await space.put("root", "file", "v1");
  const moment = momentOf(space);
  await write(space, file, "v2");
  const dayMs = 24 * 3600_000;
  space.clock.advanceMs(40 * dayMs);
  const previewWith = (reachMs: number) =>
    openRewinds({ ...optionsOf(space), reachMs }).preview(requestOf(space, moment));
  assert.equal((await previewWith(60 * dayMs)).reverted, 1);
  await assert.rejects(previewWith(5 * dayMs), /earliest possible time/);
});

test("after a retention setting is raised, moments cut by the shorter one stay unavailable", async () => {
  const space = await spaces.open();
  await space.put("root", "file", "v1");
  const moment = momentOf(space);
  const later = momentOf(space);
  const previewOf = (momentMicros: number) => openRewinds(optionsOf(space)).preview(requestOf(space, momentMicros));
  await inTransaction(space.db, async (transaction) => {
    await raiseCut(transaction, later);
    await raiseCut(transaction, moment);
  });
  await assert.rejects(previewOf(moment), /earliest possible time/);
  assert.equal((await previewOf(later)).reverted, 0);
  await sql`delete from shard.server_facts where name = 'retention_cut'`.execute(space.db);
});

async function keepNewest(space: TestSpace): Promise<void> {
  await pruneVersions({ db: space.db, nowMicros: space.clock.nowMicros() }, { keptMin: 1, lifetimeMs: 0 });
}

const told = ({ sample }: RewindAnswer) =>
  sample.map(({ act, path, to, reason }) => [act, path, to, reason].filter((part) => part !== undefined).join(" "));

test("a file without its old version is left unchanged, or restored from the trash with newer content", async () => {
  const space = await spaces.open();
  const files: NodeJson[] = [];
  for (const name of ["stays", "trashed", "moved"]) files.push(await space.put("root", name, `old ${name}`));
  const [stays, trashed, moved] = files.map(({ id }) => ({ fileId: id }) as const);
  assert.ok(stays !== undefined && trashed !== undefined && moved !== undefined);
  const moment = momentOf(space);
  for (const file of files) await write(space, file, `new ${file.name}`);
  const dated = await space.do({ op: "set", ...stays, modifiedAtMicros: 7, executable: true });
  await space.do({ op: "delete", ...trashed });
  await space.do({ op: "move", ...moved, place: { name: "renamed" } });
  await keepNewest(space);
  const answer = await rewind(space, moment);
  assert.deepEqual(counts(answer), { restored: 1, moved: 1, left: 1, bytes: "new trashed".length });
  const why = "its version from that time is no longer stored";
  assert.deepEqual(told(answer).toSorted(), [
    `left /stays ${why}`,
    `moved /renamed /moved ${why}`,
    `restored /trashed ${why}`,
  ]);
  const now = await space.do({ op: "set", ...stays });
  assert.deepEqual([now.modified_at, now.executable, now.size], [dated.modified_at, true, dated.size]);
  assert.deepEqual(told(await undo(space, answer)).toSorted(), ["moved /moved /renamed", "trashed /trashed"]);
});

test("a folder now inside its former content stays, and nodes that cannot return into it are reported", async () => {
  const space = await spaces.open();
  const around = await space.mkdir("root", "around");
  const top = await space.mkdir(around.id, "top");
  const inner = await space.mkdir(top.id, "inner");
  const deep = await space.put(inner.id, "deep", "1");
  const file = await space.put(top.id, "file", "old");
  const moment = momentOf(space);
  await space.do({ op: "move", fileId: inner.id, place: { parentId: space.caller.rootId, name: "inner" } });
  await space.do({ op: "move", fileId: around.id, place: { parentId: inner.id, name: "around" } });
  await space.do({ op: "move", fileId: deep.id, place: { name: "renamed" } });
  await write(space, file, "new");
  const before = await treeOf(space);
  const answer = await rewind(space, moment, top.id);
  assert.deepEqual(counts(answer), { reverted: 1, moved: 1, left: 2, bytes: 3 });
  const left = answer.sample.filter(({ act }) => act === "left").map(({ path }) => path);
  assert.deepEqual(left.toSorted(), ["/inner", "/inner/around"]);
  const tree = (await treeOf(space)).map((line) => line.split(" ")[0]);
  assert.deepEqual(tree.slice(3), ["/inner/around/top", "/inner/around/top/file", "/inner/deep"]);
  assert.equal((await undo(space, answer)).left, 0);
  assert.deepEqual(await treeOf(space), before);
});

test("a file whose place is taken is reported once, with its change and the reason", async () => {
  const space = await spaces.open();
  const file = await space.put("root", "file", "old");
  const moment = momentOf(space);
  await space.do({ op: "move", fileId: file.id, place: { name: "renamed" } });
  await write(space, file, "newer");
  await space.mkdir("root", "file");
  const answer = await rewind(space, moment, file.id);
  assert.deepEqual(counts(answer), { reverted: 1, bytes: 3 });
  assert.deepEqual(told(answer), ["reverted /renamed its previous location is taken or does not exist"]);
  momentOf(space);
  const again = await rewind(space, moment, file.id);
  assert.deepEqual(told(again), ["left /renamed its previous location is taken or does not exist"]);
});

test("an undo reports files left because their content is no longer stored", async () => {
  const space = await spaces.open();
  const [file, other] = [await space.put("root", "file", "old"), await space.put("root", "other", "old other")];
  const moment = momentOf(space);
  for (const each of [file, other]) await write(space, each, "newer");
  const answer = await rewind(space, moment);
  assert.deepEqual(counts(answer), { reverted: 2, bytes: 12 });
  await space.do({ op: "label", fileId: other.id, version: 2, label: "kept" });
  await keepNewest(space);
  const before = await treeOf(space);
  const undone = await undo(space, answer);
  assert.deepEqual(counts(undone), { reverted: 1, left: 1, bytes: 5 });
  assert.deepEqual(told(undone).toSorted(), [
    "left /file its version from that time is no longer stored",
    "reverted /other",
  ]);
  const after = await treeOf(space);
  assert.equal(
    after.find((line) => line.startsWith("/file ")),
    before.find((line) => line.startsWith("/file ")),
  );
});

test("undo data is deleted after its time", async () => {
  const space = await spaces.open();
  const file = await space.put("root", "file", "v1");
  const moment = momentOf(space);
  await write(space, file, "v2");
  const answer = await rewind(space, moment);
  const job = { db: space.db, nowMicros: space.clock.nowMicros() };
  const stillInTime = bounded("the rewinds of other tests");
  while ((await expireRewinds(job, 0)) > 0) stillInTime();
  await assert.rejects(undo(space, answer), { code: "not_found" });
  const { rows } = await sql`select from shard.rewind_steps where space_id = ${space.caller.spaceId}`.execute(space.db);
  assert.equal(rows.length, 0);
});
