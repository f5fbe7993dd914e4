import assert from "node:assert/strict";
import { test } from "node:test";
import type { Engine } from "@holdfast/sync/loop/engine/engine";
import { Alone } from "./alone.ts";
import { Shared } from "./shared.ts";

const second = 1_000_000;

/**
 * Gives both devices "shared.txt" and a running engine. `act` receives a function that writes on one of them and lets
 * time pass.
 */
async function withTwo(
  act: (write: (at: 0 | 1, text: string, seconds: number) => Promise<void>, devices: readonly Alone[]) => Promise<void>,
): Promise<Alone[]> {
  const ada = new Alone({ devices: 2 });
  const devices = [ada, ada.other()] as const;
  ada.write("shared.txt", "both have this");
  for (const device of devices) await device.once();
  const engines = devices.map((device) => device.make());
  const runs = engines.map((engine) => engine.run());
  const pass = async (seconds: number): Promise<void> => {
    const { scheduler } = ada.world;
    await scheduler.runUntil(scheduler.nowMicros + seconds * second, () => false);
  };
  await pass(5);
  await act(async (at, text, seconds) => {
    devices[at].write("shared.txt", text);
    (engines[at] as Engine).hint([""]);
    await pass(seconds);
  }, devices);
  await pass(180);
  for (const engine of engines) engine.stop();
  for (const run of runs) await ada.pass(run);
  assert.deepEqual(devices[0].diskPaths(), devices[1].diskPaths());
  assert.deepEqual(devices[0].serverPaths(), devices[0].diskPaths());
  return [...devices];
}

test("a run is not in sync while the next copy of a conflict waits", async () => {
  const alone = new Alone();
  const conflict = (round: number): void => {
    alone.write("a", `mine ${round}`);
    alone.writeOnServer("a", `theirs ${round}`);
  };
  alone.write("a", "base");
  await alone.once();
  conflict(1);
  const engine = alone.make();
  const { scheduler } = alone.world;
  const isBehind = (): boolean => alone.read("a") === "theirs 1";
  const result = engine.runOnce();
  await scheduler.runUntil(scheduler.nowMicros + 10 * second, isBehind);
  assert.ok(isBehind());
  conflict(2);
  engine.hint([""]);
  assert.ok((await alone.pass(result)).inSync);
  assert.deepEqual([...alone.serverContents().values()].toSorted(), ["mine 2", "theirs 2"]);
  alone.close();
});

test("a copy that is not uploaded yet is not replaced by the next conflict", async () => {
  const alone = new Alone();
  const { scheduler, model } = alone.world;
  alone.write("a", "base");
  await alone.once();
  const engine = alone.make();
  const run = engine.run();
  for (const round of [1, 2, 3]) {
    alone.write("a", `mine ${round}`);
    if (round < 3) alone.writeOnServer("a", `theirs ${round}`);
    // From the second round, the copies do not fit.
    model.isFull = round > 1;
    engine.hint([""]);
    await scheduler.runUntil(scheduler.nowMicros + 60 * second, () => false);
  }
  model.isFull = false;
  await scheduler.runUntil(scheduler.nowMicros + 120 * second, () => false);
  engine.stop();
  await alone.pass(run);
  const contents = [...alone.serverContents().values()];
  for (const text of ["mine 2", "mine 3", "theirs 2"])
    assert.ok(contents.includes(text), `${text}: ${contents.join()}`);
  alone.close();
});

test("an edit of a copy while the next conflict replaces it is kept beside it", async () => {
  const alone = new Alone();
  const disk = alone.disk();
  let written = 0;
  const meddled = new Proxy(disk, {
    get: (target, name) =>
      name === "exchange"
        ? (one: string, other: string) => {
            // The copy to be exchanged, and then the one to be returned.
            if (other.includes("conflicted copy") && written < 2) alone.write(other, `by hand ${(written += 1)}`);
            return disk.exchange(one, other);
          }
        : (Reflect.get(target, name) as unknown),
  });
  alone.write("a", "base");
  await alone.once();
  const engine = alone.make({ disk: meddled });
  const run = engine.run();
  const { scheduler } = alone.world;
  for (const round of [1, 2]) {
    alone.write("a", `mine ${round}`);
    alone.writeOnServer("a", `theirs ${round}`);
    engine.hint([""]);
    await scheduler.runUntil(scheduler.nowMicros + 30 * second, () => false);
  }
  engine.stop();
  await alone.pass(run);
  assert.equal(written, 2);
  const contents = [...alone.serverContents().values()];
  for (const text of ["mine 2", "theirs 2", "by hand 1", "by hand 2"])
    assert.ok(contents.includes(text), `${text}: ${contents.join(", ")}`);
  alone.close();
});

const copiesOf = (device: Alone): string[] => device.diskPaths().filter((path) => path.includes("conflicted copy"));

test("two devices that keep writing to one file share one conflicted copy each, with the last content of both", async () => {
  const [ada] = await withTwo(async (write) => {
    for (let round = 0; round < 60; round += 1) {
      await write(0, `ada ${round}`, 0.05);
      await write(1, `bob ${round}`, 1.5);
    }
  });
  assert.ok(ada !== undefined);
  const copies = copiesOf(ada);
  assert.ok(copies.length > 0 && copies.length <= 2, copies.join(", "));
  // In these 93 seconds after 2, 4, 8, 16, 32 and 60.
  for (const path of copies) {
    const id = ada.serverId(path);
    const changes: number = ada.world.model.journal.filter((entry) => entry.id === id).length;
    assert.ok(changes <= 7, `${path} changed ${changes} times`);
  }
  const contents = [...ada.serverContents().values()];
  for (const last of ["ada 59", "bob 59"]) assert.ok(contents.includes(last), `${last}: ${contents.join(", ")}`);
  ada.close();
});

test("a copy changed or renamed by a person is kept, and the next conflict makes another one", async () => {
  for (const change of ["changed", "renamed"] as const) {
    const [ada] = await withTwo(async (write, [, bob]) => {
      await write(0, "ada 1", 0.05);
      await write(1, "bob 1", 20);
      const [copy = ""] = copiesOf(bob as Alone);
      if (change === "renamed") bob?.move(copy, "mine.txt");
      else bob?.write(copy, "both, by hand");
      await write(1, "both, in the file", 20);
      await write(0, "ada 2", 0.05);
      await write(1, "bob 2", 60);
    });
    assert.ok(ada !== undefined);
    const contents = ada.serverContents();
    assert.ok([...contents.values()].includes(change === "renamed" ? "bob 1" : "both, by hand"));
    assert.equal(contents.size, 3, [...contents].join(", "));
    ada.close();
  }
});

for (const [where, repository] of [
  ["a working tree", "code/app/.git"],
  ["the synced folder itself", ".git"],
  ["a bare repository", "code/app.git"],
] as const) {
  test(`a conflict in the repository of ${where} leaves its copy beside the repository, where it can be resolved`, async () => {
    const alone = new Alone();
    const folders = `${repository}/refs/heads`.split("/").map((_, index, names) => names.slice(0, index + 1).join("/"));
    for (const folder of folders) alone.mkdir(folder);
    const file = `${repository}/refs/heads/main`;
    const label = "(ada's conflicted copy 2026-01-01)";
    const prefix = repository.startsWith("code/") ? "code/" : "";
    const base = `${prefix}${file.slice(prefix.length).replaceAll("/", "~")}`;
    alone.write(file, "first");
    alone.write("code.txt", "text");
    await alone.once();
    const conflict = async (theirs: string, mine: string): Promise<string> => {
      alone.writeOnServer(file, theirs);
      alone.write(file, mine);
      assert.ok((await alone.once()).inSync);
      const [copy, ...others] = alone.diskPaths().filter((path) => path.includes("conflicted"));
      assert.deepEqual([alone.read(file), others], [theirs, []]);
      return copy ?? assert.fail();
    };
    const copy = await conflict("theirs", "mine");
    assert.equal(copy.replace(/\d{4}-\d\d-\d\d/, "2026-01-01"), `${base} ${label}`);
    assert.equal(alone.read(copy), "mine");
    assert.deepEqual(alone.serverPaths().toSorted(), alone.diskPaths().toSorted());
    const { newPath: own } = await alone.pass(alone.make().resolveConflict(copy, "both"));
    assert.equal(own?.replace(/\d{4}-\d\d-\d\d/, "2026-01-01"), `${base} (ada 2026-01-01)`);
    alone.remove(own ?? assert.fail());
    await alone.once();
    await alone.pass(alone.make().resolveConflict(await conflict("theirs then", "mine then"), "original"));
    await alone.once();
    assert.equal(alone.read(await conflict("theirs again", "mine again")), "mine again");
    await assert.rejects(alone.pass(alone.make().resolveConflict(copy, "copy")), /whose files depend on each other/);
    assert.deepEqual([alone.read(file), alone.read(copy)], ["theirs again", "mine again"]);
    await alone.pass(alone.make().resolveConflict(copy, "original"));
    assert.ok((await alone.once()).inSync);
    assert.deepEqual(
      alone.diskPaths().filter((path) => path.includes("conflicted")),
      [],
    );
    alone.close();
  });
}

test("the copy of a file in a repository avoids names in use beside it", async () => {
  const alone = new Alone();
  for (const folder of ["app", "app/.git"]) alone.mkdir(folder);
  alone.write("app/.git/index", "first");
  await alone.once();
  const today = new Date(alone.world.scheduler.nowMs()).toISOString().slice(0, 10);
  const name = `app~.git~index (ada's conflicted copy ${today})`;
  alone.write(name, "of a person");
  await alone.once();
  alone.writeOnServer("app/.git/index", "theirs");
  alone.write("app/.git/index", "mine");
  assert.ok((await alone.once()).inSync);
  assert.deepEqual([alone.read(name), alone.read(name.replace(")", " 2)"))], ["of a person", "mine"]);
  alone.close();
});

for (const folder of ["app", "app/.git"]) {
  test(`the copy of a file in a repository is private if ${folder} is`, async () => {
    const alone = new Alone();
    for (const each of ["app", "app/.git"]) alone.mkdir(each);
    alone.root.write(alone.root.mustBeAt(folder), { isPrivate: true }, true);
    alone.write("app/.git/config", "first");
    await alone.once();
    alone.writeOnServer("app/.git/config", "theirs");
    alone.write("app/.git/config", "mine");
    assert.ok((await alone.once()).inSync);
    const copy = alone.diskPaths().find((path) => path.startsWith("app~.git~config (")) ?? assert.fail();
    const onServer = alone.world.model.nodes.get(alone.serverId(copy));
    assert.deepEqual([alone.root.mustBeAt(copy).now.isPrivate, onServer?.isPrivate], [true, true]);
    alone.close();
  });
}

test("a rule that would hide the copy of a file in a repository, but not the file, hides neither", async () => {
  const alone = new Alone();
  for (const folder of ["app", "app/.git"]) alone.mkdir(folder);
  alone.write(".holdfastignore", "*~*\n");
  alone.write("app/.git/index", "first");
  await alone.once();
  alone.writeOnServer("app/.git/index", "theirs");
  alone.write("app/.git/index", "mine");
  assert.ok((await alone.once()).inSync);
  const copies = alone.diskPaths().filter((path) => path.includes("conflicted"));
  assert.deepEqual([copies.length, alone.serverContents().get(copies[0] ?? "")], [1, "mine"]);
  alone.close();
});

test("the copy of a file in the repository of a shared folder stays in the repository, not outside the share", async () => {
  const guest = new Shared("editor");
  const dot = "node .git";
  guest.owner({ op: "mkdir", id: dot, parent_id: "docs", name: ".git" });
  guest.ownerPuts("config", "first", dot);
  await guest.once();
  guest.ownerPuts("config", "theirs", dot);
  guest.write("docs/.git/config", "mine");
  assert.ok((await guest.once()).inSync);
  const [copy, ...others] = Object.keys(guest.onDisk()).filter((path) => path.includes("conflicted"));
  assert.deepEqual([copy?.startsWith("docs/.git/config ("), others], [true, []]);
  assert.equal(guest.space("ada")[copy ?? ""], "mine");
  guest.close();
});

test("a path that its copy's name cannot represent has its copy beside the file", async () => {
  for (const repository of ["my~app/.git", `${"long ".repeat(30)}app/.git`]) {
    const alone = new Alone();
    for (const folder of [repository.slice(0, -5), repository]) alone.mkdir(folder);
    alone.write(`${repository}/config`, "first");
    await alone.once();
    alone.writeOnServer(`${repository}/config`, "theirs");
    alone.write(`${repository}/config`, "mine");
    assert.ok((await alone.once()).inSync);
    const copies = alone.diskPaths().filter((path) => path.includes("conflicted"));
    assert.deepEqual([copies.length, copies[0]?.startsWith(`${repository}/config (ada`)], [1, true]);
    alone.close();
  }
});

test("a copy whose executable bit a person flipped is kept, and the next conflict makes another one", async () => {
  const alone = new Alone();
  alone.write("a", "base");
  await alone.once();
  const engine = alone.make();
  for (const round of [1, 2]) {
    alone.writeOnServer("a", `theirs ${round}`);
    alone.write("a", `mine ${round}`);
    for (const path of copiesOf(alone)) alone.root.write(alone.root.mustBeAt(path), { executable: true }, true);
    assert.ok((await alone.pass(engine.runOnce())).inSync);
  }
  const copies = copiesOf(alone).map((path) => [alone.read(path), alone.root.mustBeAt(path).now.executable] as const);
  assert.deepEqual(Object.fromEntries(copies), { "mine 1": true, "mine 2": false });
  alone.close();
});

test("successive conflicts of one file in a repository share one copy", async () => {
  const alone = new Alone();
  for (const folder of ["code", "code/app", "code/app/.git"]) alone.mkdir(folder);
  alone.write("code/app/.git/index", "first");
  await alone.once();
  const engine = alone.make();
  for (const round of ["1", "2"]) {
    alone.writeOnServer("code/app/.git/index", `theirs ${round}`);
    alone.write("code/app/.git/index", `mine ${round}`);
    assert.ok((await alone.pass(engine.runOnce())).inSync);
  }
  const copies = alone.diskPaths().filter((path) => path.includes("conflicted"));
  assert.deepEqual([copies.length, alone.read(copies[0] ?? "")], [1, "mine 2"]);
  alone.close();
});

test("if the folder beside a repository is read-only, the copy stays with the file", async () => {
  const guest = new Shared("viewer");
  const [app, dot] = ["app", "node .git"];
  guest.ownerMakes(app);
  guest.owner({ op: "mkdir", id: dot, parent_id: app, name: ".git" });
  guest.ownerPuts("config", "first", dot);
  guest.grant("editor", app);
  await guest.once();
  guest.ownerPuts("config", "theirs", dot);
  guest.write("docs/app/.git/config", "mine");
  assert.ok((await guest.once()).inSync);
  const copies = Object.entries(guest.onDisk()).filter(([path]) => path.includes("conflicted"));
  assert.deepEqual(
    copies.map(([path, text]) => [path.slice(0, 20), text]),
    [["docs/app/.git/config", "mine"]],
  );
  assert.deepEqual(guest.aside("quarantine"), {});
  guest.close();
});
