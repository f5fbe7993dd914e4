import assert from "node:assert/strict";
import { test } from "node:test";
import { HoldfastError } from "@holdfast/core/errors";
import type { NodeId } from "@holdfast/core/ids";
import { RootMismatch } from "@holdfast/sync/loop/access/root";
import { SyncState } from "@holdfast/sync/state/sync-state";
import type { OperationId } from "@holdfast/sync/model/trees";
import { Alone } from "./alone.ts";

const minute = 60_000_000;

test("a run ends when everything is in sync, and reports its changes", async () => {
  const alone = new Alone();
  alone.write("a.txt", "one");
  const engine = alone.make();
  let told = 0;
  engine.onChange(() => (told += 1));
  assert.deepEqual(await alone.pass(engine.runOnce()), { inSync: true, problems: [], deletionsWaiting: 0 });
  const { activity, pendingFiles, progress, recent, lastSyncAtMs } = engine.status();
  assert.deepEqual(
    { activity, pendingFiles, progress },
    {
      activity: "idle",
      pendingFiles: 0,
      progress: {
        filesUp: 1,
        filesDown: 0,
        bytesUp: 3,
        bytesAccepted: 3,
        bytesDown: 0,
        deletedHere: { files: 0, folders: 0 },
        deletedOnServer: { files: 0, folders: 0 },
      },
    },
  );
  assert.deepEqual(
    recent.map(({ path, direction, what }) => [path, direction, what]),
    [["a.txt", "up", "created"]],
  );
  assert.ok(told > 0 && lastSyncAtMs !== undefined);
  alone.close();
});

test("a run counts the files and folders that it deletes on each side, and none moved out of a deleted folder", async () => {
  const alone = new Alone();
  for (const folder of ["one", "one/inner", "two"]) alone.mkdir(folder);
  for (const path of ["one/a", "one/inner/b", "one/kept", "two/c", "two/d"]) alone.write(path, path);
  await alone.once();
  alone.move("one/kept", "kept");
  for (const path of ["one/a", "one/inner/b"]) alone.remove(path);
  for (const path of ["one/inner", "one"]) alone.root.remove(path, true);
  alone.onServer({ op: "delete", operation_id: "1", file_id: alone.serverId("two") });
  const engine = alone.make();
  assert.ok((await alone.pass(engine.runOnce())).inSync);
  const { deletedHere, deletedOnServer } = engine.status().progress;
  assert.deepEqual(
    [deletedHere, deletedOnServer],
    [
      { files: 2, folders: 1 },
      { files: 2, folders: 2 },
    ],
  );
  assert.deepEqual([alone.diskPaths(), alone.serverPaths()], [["kept"], ["kept"]]);
  alone.close();
});

test("a scan repeated because of a missing item counts each file once", async () => {
  const alone = new Alone();
  for (const name of ["a", "b", "c", "d"]) alone.write(name, name);
  await alone.once();
  alone.remove("a");
  const engine = alone.make();
  let seen = 0;
  engine.onChange(() => (seen = Math.max(seen, engine.status().look.seen)));
  await alone.pass(engine.runOnce());
  assert.equal(seen, 3);
  alone.close();
});

test("a run waits half a minute for an unreachable server, and then reports it", async () => {
  const alone = new Alone();
  const engine = alone.make();
  alone.world.outage = "unreachable";
  const begin = alone.world.scheduler.nowMicros;
  await assert.rejects(alone.pass(engine.runOnce()), { code: "unreachable" });
  const durationMs = (alone.world.scheduler.nowMicros - begin) / 1000;
  assert.ok(durationMs >= 30_000 && durationMs < 100_000, `${durationMs} ms`);
  assert.equal(engine.status().activity, "offline");
  alone.close();
});

test("a run does not wait for a token without the required scope", async () => {
  const alone = new Alone();
  alone.write("a", "one");
  const commit = () => Promise.reject(new HoldfastError("forbidden", "This token does not have the scope."));
  const { scheduler } = alone.world;
  const begin = scheduler.nowMicros;
  const engine = alone.make({ server: { ...alone.server(), commit } });
  await assert.rejects(alone.pass(engine.runOnce()), { code: "forbidden" });
  assert.ok(scheduler.nowMicros - begin < 5_000_000);
  alone.close();
});

test("a run does not wait for the content of a folder that the server refuses", async () => {
  const alone = new Alone();
  const server = alone.server();
  const commit: typeof server.commit = async (epoch, operations, ...rest) => {
    const { results, ...answer } = await server.commit(epoch, [], ...rest);
    const refused = operations.map(({ operation_id, op }) => {
      const code = op === "mkdir" ? "invalid_field" : "dependency";
      return { operation_id, status: "error", code } as const;
    });
    return { ...answer, results: [...results, ...refused] };
  };
  alone.mkdir("folder");
  alone.write("folder/a", "one");
  const { scheduler } = alone.world;
  const begin = scheduler.nowMicros;
  const { inSync, problems } = await alone.once({ server: { ...server, commit } });
  assert.deepEqual([inSync, problems.map(({ path, code }) => [path, code])], [false, [["folder", "invalid_field"]]]);
  assert.ok(scheduler.nowMicros - begin < 20_000_000);
  alone.close();
});

test("an idle client reports within a minute that the server disappeared, and that it returned", async () => {
  const alone = new Alone();
  const engine = alone.make();
  const run = engine.run();
  const { scheduler } = alone.world;
  const is = (activity: string) =>
    scheduler.runUntil(scheduler.nowMicros + minute, () => engine.status().activity === activity);
  await is("idle");
  alone.world.outage = "unreachable";
  await is("offline");
  assert.equal(engine.status().activity, "offline");
  assert.deepEqual(
    engine.status().problems.map(({ path, code }) => [path, code]),
    [["", "unreachable"]],
  );
  alone.world.outage = "none";
  await is("idle");
  assert.equal(engine.status().activity, "idle");
  assert.deepEqual(engine.status().problems, []);
  engine.stop();
  await alone.pass(run);
  alone.close();
});

test("another reason why the server cannot be reached is reported immediately", async () => {
  const alone = new Alone();
  let reason: string | undefined;
  const server = alone.server();
  const poll: typeof server.poll = (...args) =>
    reason === undefined ? server.poll(...args) : Promise.reject(new HoldfastError("unreachable", reason));
  const engine = alone.make({ server: { ...server, poll } });
  const reported: string[] = [];
  engine.onChange(() => {
    const [problem] = engine.status().problems;
    if (problem !== undefined && problem.message !== reported.at(-1)) reported.push(problem.message);
  });
  const run = engine.run();
  const { scheduler } = alone.world;
  for (const next of [undefined, "It refuses connections.", "Its certificate is another one."]) {
    reason = next;
    await scheduler.runUntil(scheduler.nowMicros + 2 * minute, () => false);
  }
  assert.deepEqual(reported, ["It refuses connections.", "Its certificate is another one."]);
  engine.stop();
  await alone.pass(run);
  alone.close();
});

test("a silent server does not delay a stop", async () => {
  const alone = new Alone();
  alone.write("a.txt", "one");
  const engine = alone.make();
  const run = engine.run();
  alone.world.outage = "silent";
  await alone.world.scheduler.runUntil(alone.world.scheduler.nowMicros + minute, () => false);
  engine.stop();
  const begin = alone.world.scheduler.nowMicros;
  await alone.pass(run);
  assert.ok(alone.world.scheduler.nowMicros - begin < 5_000_000);
  alone.close();
});

test("a pause also applies to the next engine, until it is resumed", async () => {
  const alone = new Alone();
  alone.make().pause();
  const engine = alone.make();
  alone.write("a.txt", "one");
  const { inSync, problems } = await alone.pass(engine.runOnce());
  assert.deepEqual([inSync, problems.map(({ code }) => code)], [false, ["paused"]]);
  engine.resume();
  assert.ok((await alone.pass(engine.runOnce())).inSync);
  alone.close();
});

for (const [what, changes] of [
  ["server", { identity: { serverId: "another", accountId: "everybody" } }],
  ["account", { identity: { serverId: "model", accountId: "another" } }],
] as const) {
  test(`a folder that belongs to another ${what} is rejected with a sentence about it`, async () => {
    const alone = new Alone();
    await alone.pass(alone.make().runOnce());
    const engine = alone.make(changes);
    await assert.rejects(alone.pass(engine.runOnce()), (error) => {
      assert.ok(error instanceof RootMismatch);
      assert.match(error.message, new RegExp(`another ${what}`));
      return true;
    });
    assert.match(engine.status().refusal ?? "", new RegExp(`another ${what}`));
    alone.close();
  });
}

test("an obsolete operation that never reached the server does not prevent being in sync", async () => {
  const alone = new Alone();
  alone.write("a", "text");
  assert.ok((await alone.once()).inSync);
  const { world } = alone;
  const state = new SyncState(world.devices[0]!.database, world.model.rootId as NodeId);
  const [nodeId, { revision }] = [...state.remote].find(([, { name }]) => name === "a")!;
  const operationId = "00".repeat(16) as OperationId;
  state.commit({
    offers: [
      [
        operationId,
        { operationId, nodeId, baseRevision: revision, place: undefined, content: undefined, executable: undefined },
      ],
    ],
  });
  const engine = alone.make();
  assert.ok((await alone.pass(engine.runOnce())).inSync);
  alone.write("a", "another text");
  assert.ok((await alone.once()).inSync);
  alone.close();
});

test("a folder that became a file is recognized, even with a hint about something in it", async () => {
  const alone = new Alone();
  alone.mkdir("a");
  alone.write("a/inside", "text");
  const engine = alone.make();
  assert.ok((await alone.pass(engine.runOnce())).inSync);
  alone.remove("a/inside");
  alone.remove("a");
  alone.write("a", "a file now");
  engine.hint(["", "a"]);
  assert.ok((await alone.pass(engine.runOnce())).inSync);
  assert.equal(alone.serverContents().get("a"), "a file now");
  alone.close();
});

test("a refusal of an obsolete operation delays nothing", async () => {
  const alone = new Alone();
  const server = alone.server();
  let isFirst = true;
  // Another device creates a file of this name between the fetch and the request.
  const commit: typeof server.commit = async (...given) => {
    if (isFirst) alone.putOnServer("theirs", { parent_id: alone.world.model.rootId, name: "a" });
    isFirst = false;
    return server.commit(...given);
  };
  alone.write("a", "mine");
  const engine = alone.make({ server: { ...server, commit } });
  const { scheduler } = alone.world;
  const begin = scheduler.nowMicros;
  assert.ok((await alone.pass(engine.runOnce())).inSync);
  assert.equal(alone.serverPaths().length, 2, "both are there");
  const durationMs = (scheduler.nowMicros - begin) / 1000;
  assert.ok(durationMs < 20_000, `${durationMs} ms`);
  assert.equal(engine.status().activity, "idle");
  alone.close();
});

test("an unreadable folder is reported as such, and not as an unreachable server", async () => {
  const alone = new Alone();
  const disk = alone.disk();
  let isAway = false;
  const stat: typeof disk.stat = async (path) => {
    if (isAway) throw new HoldfastError("unavailable", "The synced folder cannot be opened (ENOENT). Is it mounted?");
    return disk.stat(path);
  };
  const engine = alone.make({ disk: { ...disk, stat } });
  const run = engine.run();
  const { scheduler } = alone.world;
  const seen = new Set<string>();
  const is = (activity: string) =>
    scheduler.runUntil(scheduler.nowMicros + minute, () => {
      if (isAway) seen.add(engine.status().activity);
      return engine.status().activity === activity;
    });
  await is("idle");
  isAway = true;
  engine.hint();
  await is("waiting");
  seen.clear();
  await is("never");
  assert.deepEqual([...seen], ["waiting"], "while it is tried again too");
  assert.deepEqual(
    engine.status().problems.map(({ path, code }) => [path, code]),
    [["", "unavailable"]],
  );
  isAway = false;
  await scheduler.runUntil(scheduler.nowMicros + 3 * minute, () => engine.status().activity === "idle");
  assert.equal(engine.status().activity, "idle");
  engine.stop();
  await alone.pass(run);
  alone.close();
});

test("a run on an unreadable disk fails with the disk's error, and not as if the server were unreachable", async () => {
  const alone = new Alone();
  const disk = alone.disk();
  const stat: typeof disk.stat = async () => {
    throw new HoldfastError("unavailable", "The synced folder cannot be opened (EIO).");
  };
  await assert.rejects(alone.once({ disk: { ...disk, stat } }), { code: "failed", message: /cannot be opened/ });
  alone.close();
});

test("an engine stopped before everything is done does not report being in sync", async () => {
  const alone = new Alone();
  alone.write("a.txt", "one");
  const engine = alone.make();
  const run = engine.run();
  const { scheduler } = alone.world;
  alone.world.outage = "silent";
  await scheduler.runUntil(scheduler.nowMicros + minute, () => false);
  engine.stop();
  await alone.pass(run);
  assert.equal(engine.status().activity, "syncing");

  alone.world.outage = "unreachable";
  const other = alone.make();
  const next = other.run();
  await scheduler.runUntil(scheduler.nowMicros + minute, () => other.status().activity === "offline");
  other.stop();
  await alone.pass(next);
  assert.equal(other.status().activity, "offline");

  alone.world.outage = "none";
  const last = alone.make();
  const end = last.run();
  await scheduler.runUntil(scheduler.nowMicros + minute, () => last.status().activity === "idle");
  last.stop();
  await alone.pass(end);
  assert.equal(last.status().activity, "idle");
  alone.close();
});

test("a stop during a scan ends it, and no second scan starts", async () => {
  const alone = new Alone();
  for (const folder of ["a", "b"]) alone.mkdir(folder);
  for (const path of ["a/one", "b/two"]) alone.write(path, path);
  await alone.once();
  const afterStop: string[] = [];
  let isStopped = false;
  const disk = alone.disk();
  const engine = alone.make({
    disk: new Proxy(disk, {
      get: (target, name) => {
        if (name !== "list") return Reflect.get(target, name) as unknown;
        return (path: string) => {
          if (isStopped) afterStop.push(path);
          if (path === "a" || path === "b") {
            isStopped = true;
            engine.stop();
          }
          return disk.list(path);
        };
      },
    }),
  });
  await alone.pass(engine.run());
  assert.ok(isStopped);
  // The neighboring file was requested at the same time.
  assert.deepEqual(
    afterStop.filter((path) => path !== "a"),
    [],
  );
  alone.close();
});

test("a link deleted before its creation was confirmed does not come back", async () => {
  const alone = new Alone();
  alone.root.create("a", "symlink", true, "there");
  await alone.diesUnanswered();
  assert.deepEqual(alone.serverPaths(), ["a"]);
  alone.remove("a");
  await alone.once();
  assert.deepEqual([alone.serverPaths(), alone.diskPaths()], [[], []]);
  alone.close();
});
