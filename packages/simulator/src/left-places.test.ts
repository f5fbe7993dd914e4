import assert from "node:assert/strict";
import { test } from "node:test";
import { HoldfastError } from "@holdfast/core/errors";
import type { Server } from "@holdfast/sync-ports/ports";
import { Alone } from "./alone.ts";

const second = 1_000_000;

/** `unseen`: the watcher misses it. */
type Step = (alone: Alone) => "unseen" | void;

async function saved(
  steps: readonly Step[],
  pauseSeconds: number,
): Promise<{ readonly alone: Alone; readonly id: string }> {
  const alone = new Alone();
  alone.mkdir("folder");
  alone.write("folder/a", "first");
  alone.write("folder/c", "another");
  await alone.once();
  const id = alone.serverId("folder/a");
  const engine = alone.make();
  const run = engine.run();
  const pass = async (seconds: number): Promise<void> => {
    const { scheduler } = alone.world;
    await scheduler.runUntil(scheduler.nowMicros + seconds * second, () => false);
  };
  await pass(5);
  for (const step of steps) {
    if (step(alone) !== "unseen") engine.hint(["", "folder"]);
    await pass(pauseSeconds);
  }
  await pass(30);
  engine.stop();
  await alone.pass(run);
  return { alone, id };
}

const patterns: Readonly<Record<string, readonly Step[]>> = {
  "removed, then written": [(it) => it.remove("folder/a"), (it) => it.write("folder/a", "second")],
  "removed, then written unchanged": [(it) => it.remove("folder/a"), (it) => it.write("folder/a", "first")],
  "moved aside, written, and the old one removed": [
    (it) => it.move("folder/a", "folder/a.bak"),
    (it) => it.write("folder/a", "second"),
    (it) => it.remove("folder/a.bak"),
  ],
  "moved aside, then written and the old one removed immediately": [
    (it) => it.move("folder/a", "folder/a.bak"),
    (it) => {
      it.write("folder/a", "second");
      it.remove("folder/a.bak");
    },
  ],
  "moved aside and written, with the old one kept": [
    (it) => it.move("folder/a", "folder/a.bak"),
    (it) => it.write("folder/a", "second"),
  ],
  "moved to a name that is not synced, and written": [
    (it) => it.move("folder/a", "folder/a~"),
    (it) => it.write("folder/a", "second"),
  ],
  "moved to a name that is not synced, and back": [
    (it) => it.move("folder/a", "folder/a~"),
    (it) => it.move("folder/a~", "folder/a"),
  ],
  "written beside, and moved to the name vacated by the old one": [
    (it) => it.write("folder/a.new", "second"),
    (it) => it.move("folder/a", "folder/a.bak"),
    (it) => it.move("folder/a.new", "folder/a"),
    (it) => it.remove("folder/a.bak"),
  ],
  "written beside, the old one removed, and moved to its name": [
    (it) => it.write("folder/a.new", "second"),
    (it) => it.remove("folder/a"),
    (it) => it.move("folder/a.new", "folder/a"),
  ],
};

for (const [pattern, steps] of Object.entries(patterns)) {
  test(`a file keeps its node when a program saves it in steps: ${pattern}`, async () => {
    for (const pauseSeconds of [0.2, 1, 4]) {
      const { alone, id } = await saved(steps, pauseSeconds);
      assert.equal(alone.serverId("folder/a"), id, `${pauseSeconds} s`);
      const contents = alone.serverContents();
      assert.equal(contents.get("folder/a"), alone.read("folder/a"));
      assert.deepEqual(
        [...contents.keys()],
        alone.diskPaths().filter((path) => !path.endsWith("~")),
      );
      for (const path of ["folder/a.bak", "folder/c"]) {
        if (contents.has(path)) assert.equal(contents.get(path), alone.read(path));
      }
      alone.close();
    }
  });
}

const others: Readonly<Record<string, readonly [steps: (typeof patterns)[string], pauseSeconds: number]>> = {
  "after a minute": [[(it) => it.remove("folder/a"), (it) => it.write("folder/a", "second")], 61],
  "after the old one moved to another folder": [
    [(it) => it.move("folder/a", "a"), (it) => it.write("folder/a", "second")],
    1,
  ],
  "when an older file gets the name": [[(it) => it.remove("folder/a"), (it) => it.move("folder/c", "folder/a")], 1],
  "after the old one was only renamed": [
    [(it) => it.move("folder/a", "folder/for the customer"), (it) => it.write("folder/a", "private")],
    1,
  ],
  "after the old one had another name and returned": [
    [
      (it) => it.write("folder/b", "second"),
      (it) => it.move("folder/b", "folder/b.bak"),
      (it) => it.move("folder/b.bak", "folder/b"),
      (it) => it.move("folder/a", "folder/a.bak"),
      (it) => it.move("folder/a.bak", "folder/c.bak"),
      (it) => it.write("folder/a", "third"),
      (it) => it.write("folder/a.bak", "fourth"),
    ],
    1,
  ],
  "after another device deleted the old one": [
    [
      (it) => it.onServer({ op: "delete", operation_id: "another's", file_id: it.serverId("folder/a") }),
      (it) => it.write("folder/a", "second"),
    ],
    5,
  ],
};

for (const [why, [steps, pauseSeconds]] of Object.entries(others)) {
  test(`a file under a vacated name is a new one: ${why}`, async () => {
    const { alone, id } = await saved(steps, pauseSeconds);
    assert.notEqual(alone.serverId("folder/a"), id);
    assert.equal(alone.serverContents().get("folder/a"), alone.read("folder/a"));
    assert.deepEqual(alone.serverPaths(), alone.diskPaths());
    alone.close();
  });
}

test("after a new file moved from a usual name to its own, the next file under that name is a new one", async () => {
  let salary = "";
  const { alone } = await saved(
    [
      (it) => it.write("folder/scan.pdf", "salary"),
      (it) => it.move("folder/scan.pdf", "folder/salary.pdf"),
      (it) => {
        salary = it.serverId("folder/salary.pdf");
        it.write("folder/scan.pdf", "menu");
      },
      (it) => it.move("folder/scan.pdf", "folder/menu.pdf"),
    ],
    5,
  );
  assert.equal(alone.serverId("folder/salary.pdf"), salary);
  alone.close();
});

test("a file recreated with the same bytes survives the deletion of its folder by another device", async () => {
  const { alone } = await saved(
    [
      (it) => it.remove("folder/a"),
      (it) => {
        it.write("folder/a", "first");
        return "unseen";
      },
      (it) => it.onServer({ op: "delete", operation_id: "another's", file_id: it.serverId("folder") }),
    ],
    5,
  );
  assert.deepEqual(
    [...alone.serverContents()].filter(([path]) => path.endsWith("a")),
    [["folder/a", "first"]],
  );
  assert.deepEqual(alone.serverPaths(), alone.diskPaths());
  alone.close();
});

test("a file renamed to a name that is not synced is reported until it is back", async () => {
  const alone = new Alone();
  alone.mkdir("folder");
  alone.write("folder/thesis.odt", "all of it");
  alone.write("folder/draft~", "never synced");
  await alone.once();
  const engine = alone.make();
  const run = engine.run();
  const after = async (act: () => void): Promise<readonly string[]> => {
    const { scheduler } = alone.world;
    await scheduler.runUntil(scheduler.nowMicros + 5 * second, () => false);
    act();
    engine.hint(["folder"]);
    await scheduler.runUntil(scheduler.nowMicros + 5 * second, () => false);
    return engine.status().problems.map(({ path, code, message }) => `${code} ${path} ${message}`);
  };
  assert.deepEqual(await after(() => alone.write("folder/new", "new")), []);
  const [problem, ...more] = await after(() => alone.move("folder/thesis.odt", "folder/thesis.odt~"));
  assert.match(
    problem ?? "",
    /^now_hidden folder\/thesis\.odt Renamed on .* to folder\/thesis\.odt~, a name that is not synced/u,
  );
  assert.deepEqual(more, []);
  assert.deepEqual(alone.serverPaths(), ["folder", "folder/new"]);
  assert.deepEqual(await after(() => alone.move("folder/thesis.odt~", "folder/thesis.odt")), []);
  assert.deepEqual(alone.serverPaths(), ["folder", "folder/new", "folder/thesis.odt"]);
  engine.stop();
  await alone.pass(run);
  alone.close();
});

type Sending = ReturnType<Server["commit"]>;

/** Deletes a file and writes it again unchanged. @param sending replaces the first request while the file is trashed */
async function madeAgain(
  sending: (alone: Alone, id: string, to: { readonly server: Server; readonly send: () => Sending }) => Sending,
): Promise<{ readonly alone: Alone; readonly id: string }> {
  const alone = new Alone();
  alone.write("a", "first");
  await alone.once();
  const id = alone.serverId("a");
  const inner = alone.server();
  const server = { ...inner };
  const isTrashed = (): boolean => alone.world.model.nodes.get(id)?.trashed === true;
  let isOver = false;
  server.commit = (...given) => {
    if (isOver || !isTrashed()) return inner.commit(...given);
    isOver = true;
    return sending(alone, id, { server, send: () => inner.commit(...given) });
  };
  const engine = alone.make({ server });
  const run = engine.run();
  const { scheduler } = alone.world;
  await scheduler.runUntil(scheduler.nowMicros + 5 * second, () => false);
  alone.remove("a");
  engine.hint([""]);
  await scheduler.runUntil(scheduler.nowMicros + 5 * second, isTrashed);
  alone.write("a", "first");
  engine.hint([""]);
  await scheduler.runUntil(scheduler.nowMicros + 90 * second, () => false);
  engine.stop();
  await alone.pass(run);
  assert.ok(isOver);
  return { alone, id };
}

for (const answer of ["heard", "lost"]) {
  test(`a file restored unchanged and overwritten in that moment causes no conflict, with its response ${answer}`, async () => {
    const { alone, id } = await madeAgain(async (it, _id, { send }) => {
      it.write("a", "second");
      const results = await send();
      if (answer === "lost") throw new HoldfastError("unreachable", "It was cut.");
      return results;
    });
    assert.deepEqual(alone.serverContents(), new Map([["a", "second"]]));
    assert.deepEqual([alone.diskPaths(), alone.serverId("a")], [["a"], id]);
    alone.close();
  });
}

test("a file recreated unchanged survives its restoration and deletion by another device in that moment", async () => {
  const { alone } = await madeAgain((it, file_id, { server }) => {
    const name = "a";
    it.onServer({ op: "move", operation_id: "back", file_id, parent_id: it.world.model.rootId, name, revive: true });
    const before = { ...server };
    server.listChanges = async (token) => {
      const page = await before.listChanges(token);
      Object.assign(server, before);
      it.onServer({ op: "delete", operation_id: "gone", file_id });
      return { ...page, has_more: true };
    };
    throw new HoldfastError("unreachable", "It was cut.");
  });
  assert.deepEqual(alone.serverContents(), new Map([["a", "first"]]));
  assert.deepEqual(alone.diskPaths(), ["a"]);
  alone.close();
});
