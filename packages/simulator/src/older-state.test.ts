import assert from "node:assert/strict";
import { test } from "node:test";
import type { LocalDisk } from "@holdfast/sync-ports/ports";
import { Alone } from "./alone.ts";
import { homeOf } from "./model-shares.ts";
import { Shared } from "./shared.ts";

const paths = ["kept", "one", "two"];

async function withFiles(): Promise<Alone> {
  const alone = new Alone();
  for (const path of paths) alone.write(path, path);
  assert.ok((await alone.once()).inSync);
  return alone;
}

function generationOf(alone: Alone): string {
  const [name, ...more] = alone.root.list(".holdfast").filter((each) => each.name.startsWith("generation-"));
  assert.deepEqual(more, []);
  return `.holdfast/${name?.name}`;
}

async function codesAfter(alone: Alone): Promise<string[]> {
  const { inSync, problems } = await alone.once();
  assert.ok(inSync);
  return problems.map(({ code }) => code);
}

/** Saves the state, as a backup of the configuration folder does. @returns a function that restores it */
function backUpState({ world }: Alone): () => void {
  const { database } = world.devices[0] ?? assert.fail();
  const tables = database.prepare("select name from sqlite_schema where type = 'table'").all();
  const backups = tables.map((table) => {
    const name = String(table["name"]);
    const select = database.prepare(`select * from ${name}`);
    select.setReadBigInts(true);
    return { name, rows: select.all() };
  });
  return () => {
    for (const { name, rows } of backups) {
      database.exec(`delete from ${name}`);
      for (const row of rows) {
        const columns = Object.keys(row);
        const marks = columns.map(() => "?").join();
        database.prepare(`insert into ${name} (${columns.join()}) values (${marks})`).run(...Object.values(row));
      }
    }
  };
}

test("a state from a backup deletes nothing that the folder lost for another reason since", async () => {
  const alone = await withFiles();
  const restoreState = backUpState(alone);
  const ids = ["one", "two"].map((path) => alone.serverId(path));
  for (const file_id of ids) alone.onServer({ op: "delete", operation_id: `delete ${file_id}`, file_id });
  assert.ok((await alone.once()).inSync);
  assert.deepEqual(alone.diskPaths(), ["kept"]);
  for (const file_id of ids) alone.onServer({ op: "restore", operation_id: `restore ${file_id}`, file_id });
  restoreState();
  const { changes } = await alone.pass(alone.make().preview());
  assert.deepEqual(
    changes.map(({ side, what, path }) => `${side} ${what} ${path}`),
    ["here create one", "here create two"],
  );
  restoreState();
  assert.deepEqual(await codesAfter(alone), ["merged_again"]);
  assert.deepEqual([alone.diskPaths(), alone.serverPaths()], [paths, paths]);
  alone.remove("one");
  assert.ok((await alone.once()).inSync);
  assert.deepEqual(alone.serverPaths(), ["kept", "two"]);
  alone.close();
});

test("a state from a backup deletes nothing, even if the run that removed files was stopped midway", async () => {
  const alone = await withFiles();
  const disk = alone.disk();
  let isDead = false;
  const rename: LocalDisk["rename"] = async (from, to) => {
    await disk.rename(from, to);
    isDead = from === "two";
    return isDead ? new Promise(() => undefined) : undefined;
  };
  const engine = alone.make({ disk: { ...disk, rename } });
  void engine.run();
  const { scheduler } = alone.world;
  const second = 1_000_000;
  await scheduler.runUntil(scheduler.nowMicros + 30 * second, () => engine.phase === "waiting");
  const restoreState = backUpState(alone);
  const ids = ["one", "two"].map((path) => alone.serverId(path));
  for (const file_id of ids) alone.onServer({ op: "delete", operation_id: `delete ${file_id}`, file_id });
  await scheduler.runUntil(scheduler.nowMicros + 7200 * second, () => isDead);
  assert.deepEqual(alone.diskPaths(), ["kept"]);
  for (const file_id of ids) alone.onServer({ op: "restore", operation_id: `restore ${file_id}`, file_id });
  restoreState();
  assert.ok((await alone.once()).inSync);
  assert.deepEqual([alone.diskPaths(), alone.serverPaths()], [paths, paths]);
  alone.close();
});

for (const role of ["viewer", "editor"] as const) {
  for (const ends of [true, false]) {
    test(`with a state from a backup, files of a share that ${ends ? "ended go to quarantine" : "continues stay"} (${role})`, async () => {
      const world = new Shared(role);
      world.ownerMakes("inner");
      world.ownerPuts("deep.txt", "deep", "inner");
      await world.once();
      const restoreState = backUpState(world);
      world.ownerPuts("b.txt", "second");
      await world.once();
      restoreState();
      if (ends) world.grant(undefined);
      assert.ok((await world.once()).inSync);
      assert.ok((await world.once()).inSync);
      const files = { "docs/a.txt": "first", "docs/b.txt": "second", "docs/inner/deep.txt": "deep" };
      assert.deepEqual(world.onDisk(), ends ? {} : { docs: "/", "docs/inner": "/", ...files });
      assert.deepEqual(world.aside("quarantine"), ends ? files : {});
      assert.deepEqual(world.space("bob"), {});
      world.close();
    });
  }
}

for (const role of ["viewer", "editor"] as const) {
  for (const ends of [true, false]) {
    for (const parentId of [homeOf("bob"), "mine"]) {
      const what = `files of a share that ${ends ? "ended go to quarantine" : "continues stay"} (${role}, in ${parentId})`;
      test(`with a state from before the share was mounted, ${what}`, async () => {
        const world = new Shared(role, { parentId, isMounted: false });
        await world.once();
        const restoreState = backUpState(world);
        world.mount(parentId);
        world.ownerMakes("inner");
        world.ownerPuts("deep.txt", "deep", "inner");
        await world.once();
        restoreState();
        if (ends) world.grant(undefined);
        assert.deepEqual(await codesAfter(world), [
          ...(ends ? ["quarantined", "quarantined"] : []),
          "merged_again",
          ...(ends ? ["share_ended"] : []),
        ]);
        assert.ok((await world.once()).inSync);
        const [mine, docs] = parentId === "mine" ? [{ mine: "/" }, "mine/docs"] : [{}, "docs"];
        const files = { [`${docs}/a.txt`]: "first", [`${docs}/inner/deep.txt`]: "deep" };
        const all = { [docs]: "/", [`${docs}/inner`]: "/", ...files };
        assert.deepEqual(world.onDisk(), ends ? mine : { ...mine, ...all });
        assert.deepEqual(world.aside("quarantine"), ends ? files : {});
        assert.deepEqual(world.space("bob"), mine);
        world.close();
      });
    }
  }
}

test("without a state, files of an ended share go to quarantine", async () => {
  const world = new Shared("editor", { parentId: "mine" });
  const forgetState = backUpState(world);
  await world.once();
  forgetState();
  world.grant(undefined);
  assert.deepEqual(await codesAfter(world), ["quarantined", "share_ended"]);
  assert.deepEqual([world.onDisk(), world.space("bob")], [{ mine: "/" }, { mine: "/" }]);
  world.close();
});

test("the folder records a share that arrived in a killed run", async () => {
  const world = new Shared("editor", { isMounted: false });
  await world.once();
  const restoreState = backUpState(world);
  world.mount();
  const disk = world.disk();
  await world.pass(
    new Promise<void>((resolve) => {
      const rename: LocalDisk["rename"] = async (from, to) => {
        await disk.rename(from, to);
        if (to !== "docs/a.txt") return;
        resolve();
        return new Promise(() => undefined);
      };
      void world.make({ disk: { ...disk, rename } }).runOnce();
    }),
  );
  assert.equal(world.read("docs/a.txt"), "first");
  restoreState();
  world.grant(undefined);
  await world.once();
  assert.deepEqual([world.onDisk(), world.space("bob")], [{}, {}]);
  assert.deepEqual(world.aside("quarantine"), { "docs/a.txt": "first" });
  world.close();
});

test("files in quarantine are reported even with a state older than they are", async () => {
  const world = new Shared("viewer");
  await world.once();
  const restoreState = backUpState(world);
  world.write("docs/a.txt", "mine");
  world.grant(undefined);
  await world.once();
  assert.deepEqual(world.aside("quarantine"), { "docs/a.txt": "mine" });
  restoreState();
  assert.deepEqual(await codesAfter(world), ["quarantined", "merged_again"]);
  world.close();
});

test("bytes in the local trash stay when a state older than they are is restored", async () => {
  const alone = await withFiles();
  const restoreState = backUpState(alone);
  const inode = alone.root.mustBeAt("one");
  alone.root.writers.add(inode);
  alone.writeOnServer("one", "newer");
  assert.ok((await alone.once()).inSync);
  alone.world.ledger.write(alone.root, inode, Buffer.from("one, and late"));
  restoreState();
  assert.ok((await alone.once()).inSync);
  assert.ok([...alone.root.below(".holdfast/trash")].some(([, each]) => each === inode));
  assert.equal(alone.read("one"), "newer");
  alone.close();
});

test("a folder from a backup deletes nothing that it lacks, even as the same folder", async () => {
  const alone = await withFiles();
  const older = generationOf(alone);
  alone.write("new", "new");
  assert.ok((await alone.once()).inSync);
  alone.root.rename(generationOf(alone), older, { over: false, isPersons: false });
  alone.remove("new");
  assert.deepEqual(await codesAfter(alone), ["merged_again"]);
  assert.deepEqual(
    [alone.diskPaths(), alone.serverPaths()],
    [
      ["kept", "new", "one", "two"],
      ["kept", "new", "one", "two"],
    ],
  );
  alone.close();
});

for (const call of ["create", "syncFolder", "unlink"] as const) {
  for (const moment of ["before", "after"] as const) {
    test(`deletions are sent after a run that was killed ${moment} the ${call} of a new generation`, async () => {
      const alone = await withFiles();
      await killedAt(alone, call, moment);
      alone.remove("one");
      assert.deepEqual(await codesAfter(alone), []);
      assert.deepEqual(
        [alone.diskPaths(), alone.serverPaths()],
        [
          ["kept", "two"],
          ["kept", "two"],
        ],
      );
      generationOf(alone);
      alone.close();
    });
  }
}

function killedAt(alone: Alone, call: "create" | "syncFolder" | "unlink", moment: "before" | "after"): Promise<void> {
  const disk = alone.disk();
  let isCreated = false;
  return alone.pass(
    new Promise<void>((resolve) => {
      const dying =
        <Given extends [string, ...never[]]>(name: string, act: (...given: Given) => Promise<void>) =>
        async (...given: Given): Promise<void> => {
          const isNow = name === call && (call === "syncFolder" ? isCreated : given[0].includes("/generation-"));
          if (name === "create" && given[0].includes("/generation-")) isCreated = true;
          if (isNow && moment === "after") await act(...given);
          if (isNow) {
            resolve();
            return new Promise(() => undefined);
          }
          return act(...given);
        };
      const wrapped: LocalDisk = {
        ...disk,
        create: dying("create", disk.create.bind(disk)),
        syncFolder: dying("syncFolder", disk.syncFolder.bind(disk)),
        unlink: dying("unlink", disk.unlink.bind(disk)),
      };
      void alone.make({ disk: wrapped }).runOnce();
    }),
  );
}

test("a run on a full disk, which cannot start a new generation, keeps the knowledge of the folder", async () => {
  const alone = await withFiles();
  const before = generationOf(alone);
  const disk = alone.disk();
  const full: LocalDisk["create"] = (path, ...given) =>
    path.includes("/generation-") ? disk.create("no such folder/file", ...given) : disk.create(path, ...given);
  alone.remove("one");
  assert.ok((await alone.once({ disk: { ...disk, create: full } })).inSync);
  assert.deepEqual([alone.serverPaths(), generationOf(alone)], [["kept", "two"], before]);
  alone.close();
});
