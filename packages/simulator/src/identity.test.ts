import assert from "node:assert/strict";
import { test } from "node:test";
import { HoldfastError } from "@holdfast/core/errors";
import type { NodeId } from "@holdfast/core/ids";
import type { Engine } from "@holdfast/sync/loop/engine/engine";
import type { EngineOptions } from "@holdfast/sync/loop/engine/engine-options";
import type { LocalDisk, Server } from "@holdfast/sync-ports/ports";
import { Alone } from "./alone.ts";

const second = 1_000_000;
const things = ["file", "folder", "folder/in it"];

/** Returns a device with an empty `afterwards`, which is scanned last, and some items in `early`. */
async function withThings(): Promise<Alone> {
  const alone = new Alone();
  // Folders of one parent are scanned in reverse order.
  for (const folder of ["afterwards", "early", "early/folder"]) alone.mkdir(folder);
  for (const path of ["early/file", "early/folder/in it"]) alone.write(path, `This is ${path}.`);
  await alone.once();
  return alone;
}

function idsIn(alone: Alone, folder: string): string[] {
  return things.map((path) => alone.serverId(`${folder}/${path}`));
}

function moveAll(alone: Alone): void {
  for (const name of ["file", "folder"])
    alone.root.rename(`early/${name}`, `afterwards/${name}`, { over: false, isPersons: true });
}

function diskWith(
  disk: LocalDisk,
  call: "list" | "syncFolder",
  path: string,
  act: () => void,
  isTime = (): boolean => true,
): LocalDisk {
  let isOver = false;
  const before = async (at: string): Promise<unknown> => {
    if (at === path && !isOver && isTime()) {
      isOver = true;
      act();
    }
    return disk[call](at);
  };
  return new Proxy(disk, {
    get: (target, name) => (name === call ? before : (Reflect.get(target, name) as unknown)),
  });
}

/** Returns an engine that has scanned everything and then receives only hints by `act`. */
async function afterRest(
  alone: Alone,
  act: (engine: Engine) => Promise<void> | void,
  options: Partial<EngineOptions> = {},
): Promise<void> {
  const engine = alone.make(options);
  const run = engine.run();
  await passTime(alone, 5);
  await act(engine);
  await passTime(alone, 60);
  engine.stop();
  await alone.pass(run);
}

async function passTime({ world: { scheduler } }: Alone, seconds: number): Promise<void> {
  await scheduler.runUntil(scheduler.nowMicros + seconds * second, () => false);
}

test("an item moved from a scanned folder to one not scanned yet keeps its identity", async () => {
  const alone = await withThings();
  const before = idsIn(alone, "early");
  await alone.once({ disk: diskWith(alone.disk(), "list", "afterwards", () => moveAll(alone)) });
  assert.deepEqual(idsIn(alone, "afterwards"), before);
  alone.close();
});

test("a folder that is seen before and after its move causes no conflict within itself", async () => {
  const alone = await withThings();
  const before = idsIn(alone, "early");
  let isTold = false;
  const move = (): void => moveAll(alone);
  const disk = diskWith(alone.disk(), "list", "afterwards", move, () => isTold);
  await afterRest(
    alone,
    (engine) => {
      isTold = true;
      engine.hint(["early", "afterwards"]);
    },
    { disk },
  );
  assert.deepEqual(alone.serverPaths(), ["afterwards", ...things.map((path) => `afterwards/${path}`), "early"]);
  assert.deepEqual(idsIn(alone, "afterwards"), before);
  alone.close();
});

test("a moved item keeps its identity even if the watcher reports only its new place", async () => {
  const alone = await withThings();
  const before = idsIn(alone, "early");
  await afterRest(alone, (engine) => {
    moveAll(alone);
    engine.hint(["afterwards"]);
  });
  assert.deepEqual(idsIn(alone, "afterwards"), before);
  alone.close();
});

test("a change through one hard link is sent for the names in other folders too", async () => {
  const alone = await withThings();
  alone.root.link("early/file", "afterwards/other", true);
  alone.root.link("early/file", "early/folder/third", true);
  await alone.once();
  const names = ["early/file", "afterwards/other", "early/folder/third"];
  await afterRest(alone, async (engine) => {
    for (const [at, path] of names.entries()) {
      alone.write(path, `written through name ${at}`);
      engine.hint([path.slice(0, path.lastIndexOf("/"))]);
      await passTime(alone, 10);
      const contents = alone.serverContents();
      for (const name of names) assert.equal(contents.get(name), `written through name ${at}`, `${name} after ${path}`);
    }
  });
  alone.close();
});

test("a new name of a file, written through immediately, also changes the older name", async () => {
  const alone = await withThings();
  await afterRest(alone, async (engine) => {
    alone.root.link("early/file", "afterwards/other", true);
    alone.write("afterwards/other", "written through the new name");
    engine.hint(["afterwards"]);
    await passTime(alone, 10);
    assert.equal(alone.serverContents().get("early/file"), "written through the new name");
  });
  alone.close();
});

test("an item moved to a temporarily unreadable place keeps its identity", async () => {
  const alone = await withThings();
  const before = idsIn(alone, "early");
  await afterRest(alone, async (engine) => {
    alone.fails("afterwards");
    moveAll(alone);
    engine.hint(["early", "afterwards"]);
    await passTime(alone, 3);
    alone.fails(undefined);
  });
  assert.deepEqual(idsIn(alone, "afterwards"), before);
  alone.close();
});

test("a deletion in a folder moved during the same scan is synced despite an unreadable item", async () => {
  const alone = await withThings();
  await afterRest(alone, async (engine) => {
    alone.fails("afterwards");
    for (const path of ["early/folder/in it", "early/folder"]) alone.remove(path);
    alone.move("early", "moved");
    engine.hint(["", "early", "early/folder", "afterwards"]);
    await passTime(alone, 3);
    alone.fails(undefined);
  });
  assert.deepEqual(alone.serverPaths(), ["afterwards", "moved", "moved/file"]);
  alone.close();
});

test("the two ends of a move that the watcher reports 50 ms apart are one move", async () => {
  const alone = await withThings();
  const before = idsIn(alone, "early");
  await afterRest(alone, async (engine) => {
    moveAll(alone);
    engine.hint(["early"]);
    await passTime(alone, 0.05);
    engine.hint(["afterwards"]);
  });
  assert.deepEqual(idsIn(alone, "afterwards"), before);
  alone.close();
});

test("a move of the engine without a result is not a person's, and a later deletion is synced", async () => {
  const alone = await withThings();
  const fileId = alone.serverId("early/file");
  const fail = (): void => {
    throw new HoldfastError("unavailable", "The folder cannot be synced.");
  };
  await afterRest(
    alone,
    async () => {
      alone.moveOnServer(fileId, "file", alone.serverId("afterwards"));
      await alone.world.scheduler.runUntil(Infinity, () => alone.diskPaths().includes("afterwards/file"));
      alone.onServer({ op: "delete", operation_id: "deleted", file_id: fileId });
    },
    { disk: diskWith(alone.disk(), "syncFolder", "early", fail) },
  );
  assert.deepEqual(alone.serverPaths(), ["afterwards", "early", "early/folder", "early/folder/in it"]);
  assert.deepEqual(alone.diskPaths(), alone.serverPaths());
  alone.close();
});

test("a folder moved after everything in it was renamed keeps its identity", async () => {
  const alone = await withThings();
  const before = idsIn(alone, "early");
  alone.move("early/folder/in it", "early/folder/by another name");
  alone.move("early/folder", "moved");
  await alone.once();
  const after = ["early/file", "moved", "moved/by another name"].map((path) => alone.serverId(path));
  assert.deepEqual(after, before);
  alone.close();
});

test("a downloaded folder that is moved before it was durable is moved there, and not created again", async () => {
  const alone = await withThings();
  const { rootId } = alone.world.model;
  alone.onServer({ op: "mkdir", operation_id: "1", parent_id: rootId, id: "new", name: "new" });
  const disk = alone.disk();
  const syncFolder: typeof disk.syncFolder = async (path) => {
    if (path !== "" || alone.root.at("new") === undefined) return disk.syncFolder(path);
    alone.move("new", "moved");
    throw new HoldfastError("unavailable", "EIO");
  };
  await alone.once({ disk: { ...disk, syncFolder } });
  await alone.once();
  assert.equal(alone.serverId("moved"), "new");
  assert.equal(alone.root.at("new"), undefined);
  alone.close();
});

test("a folder moved after it was emptied keeps its identity", async () => {
  const alone = await withThings();
  const before = alone.serverId("early/folder");
  alone.remove("early/folder/in it");
  alone.move("early/folder", "moved");
  await alone.once();
  assert.equal(alone.serverId("moved"), before);
  alone.close();
});

test("a temporarily unreadable file is not confused with a new one of the same content", async () => {
  const alone = new Alone();
  alone.write("one", "the same bytes");
  await alone.once();
  const id = alone.serverId("one");
  alone.fails("one");
  alone.write("other", "the same bytes");
  await alone.once();
  alone.fails(undefined);
  assert.ok((await alone.once()).inSync);
  assert.equal(alone.serverId("one"), id);
  assert.deepEqual(
    [alone.serverPaths(), alone.diskPaths()],
    [
      ["one", "other"],
      ["one", "other"],
    ],
  );
  alone.close();
});

test("a downloaded file not scanned yet is not confused with one of its content that a person then deletes", async () => {
  const alone = new Alone();
  alone.mkdir("folder");
  alone.write("old", "the same bytes");
  await alone.once();
  alone.putOnServer("the same bytes", { parent_id: alone.serverId("folder"), name: "new" });
  const disk = alone.disk();
  const failOnce: typeof disk.stat = (path) => {
    const isNamed = path === "folder/new" && alone.root.at(path) !== undefined;
    if (!isNamed || alone.root.at("old") === undefined) return disk.stat(path);
    alone.remove("old");
    return Promise.reject(new HoldfastError("unavailable", "EIO"));
  };
  assert.ok((await alone.once({ disk: { ...disk, stat: failOnce } })).inSync);
  assert.deepEqual(
    [alone.serverPaths(), alone.diskPaths()],
    [
      ["folder", "folder/new"],
      ["folder", "folder/new"],
    ],
  );
  alone.close();
});

for (const id of ["0 sorts before all", "z sorts behind all"]) {
  test(`a file at the name of one whose removal is not durable is not deleted with it (${id})`, async () => {
    const alone = new Alone();
    alone.write("a.txt", "text");
    assert.ok((await alone.once()).inSync);
    const operation_id = alone.world.model.fresh("another's ");
    alone.onServer({ op: "delete", operation_id, file_id: alone.serverId("a.txt") });
    alone.putOnServer("text", { id: id as NodeId, parent_id: alone.world.model.rootId, name: "a.txt" });
    const disk = alone.disk();
    let failures = 0;
    const syncFolder: LocalDisk["syncFolder"] = (path) => {
      if (!/^\.holdfast\/trash\/[^/]+$/.test(path) || alone.root.at(`${path}/a.txt`) === undefined || failures > 0)
        return disk.syncFolder(path);
      failures += 1;
      return Promise.reject(new HoldfastError("unavailable", "EIO"));
    };
    assert.ok((await alone.once({ disk: { ...disk, syncFolder } })).inSync);
    assert.equal(failures, 1);
    assert.equal(alone.serverId("a.txt"), id);
    assert.equal(alone.read("a.txt"), "text");
    alone.close();
  });
}

for (const moment of ["read", "sent"]) {
  test(`a file that replaces a link while that is ${moment} is uploaded under its name`, async () => {
    const alone = new Alone({ foldsCase: "all" });
    await alone.once();
    alone.root.create("Name", "symlink", true, "target");
    const replace = (): void => {
      if (alone.root.at("Name")?.kind !== "symlink") return;
      alone.root.remove("Name", true);
      alone.write("Name", "text");
    };
    const [disk, server] = [alone.disk(), alone.server()];
    let reads = 0;
    const readLink: LocalDisk["readLink"] = (path) => {
      reads += 1;
      // The comparing scan reads it first, and then the closer one.
      if (moment === "read" && reads === 2) replace();
      return disk.readLink(path);
    };
    const commit: Server["commit"] = (...given) => {
      replace();
      return server.commit(...given);
    };
    assert.ok((await alone.once({ disk: { ...disk, readLink }, server: { ...server, commit } })).inSync);
    assert.deepEqual(alone.serverContents(), new Map([["Name", "text"]]));
    assert.deepEqual(alone.serverPaths(), ["Name"]);
    alone.close();
  });
}
