import assert from "node:assert/strict";
import { test } from "node:test";
import { HoldfastError } from "@holdfast/core/errors";
import { limits } from "@holdfast/core/limits";
import type { LocalDisk } from "@holdfast/sync-ports/ports";
import { Alone } from "./alone.ts";

function closing(alone: Alone, folder: string): LocalDisk {
  const disk = alone.disk();
  const stat: LocalDisk["stat"] = (path) => {
    if (!path.startsWith(`${folder}/`)) return disk.stat(path);
    const body = { denied: true };
    return Promise.reject(new HoldfastError("unavailable", `Could not look at ${path} (EACCES).`, { body }));
  };
  return new Proxy(disk, { get: (target, name) => (name === "stat" ? stat : (Reflect.get(target, name) as unknown)) });
}

function denying(alone: Alone, folder: string): LocalDisk {
  const disk = alone.disk();
  const denied = (path: string) =>
    new HoldfastError("unavailable", `Could not open ${path} (EACCES).`, { body: { denied: true } });
  const own = {
    list: (path: string) => (path === folder ? Promise.reject(denied(path)) : disk.list(path)),
    syncFile: (path: string) => (path === folder ? Promise.reject(denied(path)) : disk.syncFile(path)),
    syncFolder: (path: string) => (path === folder ? Promise.reject(denied(path)) : disk.syncFolder(path)),
    syncAll: undefined,
  };
  return new Proxy(disk, {
    get: (target, name) => (name in own ? Reflect.get(own, name) : Reflect.get(target, name)) as unknown,
  });
}

function swelling(alone: Alone, ...paths: readonly string[]): LocalDisk {
  const disk = alone.disk();
  const stat: LocalDisk["stat"] = async (path) => {
    const found = await disk.stat(path);
    if (found === undefined || !paths.includes(path)) return found;
    return { ...found, fingerprint: { ...found.fingerprint, sizeBytes: limits.fileBytesMax + 1 } };
  };
  return new Proxy(disk, { get: (target, name) => (name === "stat" ? stat : (Reflect.get(target, name) as unknown)) });
}

test("an unsearchable folder that can be listed stops no deletion elsewhere, and nothing in it is deleted", async () => {
  const alone = new Alone();
  alone.mkdir("f");
  for (const path of ["a", "b", "f/known"]) alone.write(path, path);
  await alone.once();
  alone.write("f/new", "new");
  alone.remove("a");
  const { problems } = await alone.once({ disk: closing(alone, "f") });
  assert.deepEqual(
    problems.map(({ path, code }) => [path, code]),
    [["f", "unreadable"]],
  );
  assert.deepEqual(alone.serverPaths(), ["b", "f", "f/known"]);
  assert.ok((await alone.once()).inSync);
  assert.deepEqual(alone.serverPaths(), ["b", "f", "f/known", "f/new"]);
  alone.close();
});

test("a folder that cannot be opened is one problem, and not one of the disk", async () => {
  const alone = new Alone();
  await alone.once();
  for (const folder of ["closed", "open"]) alone.mkdir(folder);
  alone.root.write(alone.root.mustBeAt("closed"), { isPrivate: true }, true);
  for (let run = 0; run < 2; run += 1) {
    const { problems } = await alone.once({ disk: denying(alone, "closed") });
    assert.deepEqual(
      problems.map(({ path, code }) => [path, code]),
      [["closed", "unreadable"]],
    );
  }
  assert.ok((await alone.once()).inSync);
  assert.deepEqual(alone.serverPaths(), ["closed", "open"]);
  alone.close();
});

test("a file larger than the server's maximum is skipped, and its siblings are sent", async () => {
  const alone = new Alone();
  alone.mkdir("f");
  for (const path of ["a", "f/huge", "f/b"]) alone.write(path, path);
  for (let run = 0; run < 2; run += 1) {
    const { inSync, problems } = await alone.once({ disk: swelling(alone, "f/huge") });
    assert.deepEqual([inSync, problems.map(({ path, code }) => [path, code])], [true, [["f/huge", "skipped"]]]);
    assert.match(problems[0]?.message ?? "", /at most 5 TiB/);
  }
  assert.deepEqual(alone.serverPaths(), ["a", "f", "f/b"]);
  alone.onServer({ op: "delete", operation_id: "another's", file_id: alone.serverId("f") });
  assert.ok((await alone.once({ disk: swelling(alone, "f/huge") })).inSync);
  assert.deepEqual(alone.diskPaths(), ["a", "f", "f/huge"]);
  alone.close();
});

test("a synced file that exceeds the server's maximum stays there unchanged, and is reported", async () => {
  const alone = new Alone();
  for (const path of ["a", "b"]) alone.write(path, path);
  await alone.once();
  alone.write("a", "grown");
  alone.remove("b");
  alone.write("c", "c");
  const { inSync, problems } = await alone.once({ disk: swelling(alone, "a") });
  assert.deepEqual([inSync, problems.map(({ path, code }) => [path, code])], [false, [["a", "too_large"]]]);
  assert.deepEqual(
    [...alone.serverContents()],
    [
      ["a", "a"],
      ["c", "c"],
    ],
  );
  alone.close();
});

function withUnfitLink(alone: Alone, path: string): LocalDisk {
  const disk = alone.disk();
  const readLink: LocalDisk["readLink"] = (at) => {
    if (at !== path) return disk.readLink(at);
    return Promise.reject(new HoldfastError("failed", "The target is not UTF-8.", { body: { unfit: true } }));
  };
  return new Proxy(disk, {
    get: (target, name) => (name === "readLink" ? readLink : (Reflect.get(target, name) as unknown)),
  });
}

test("a link with a target that is not UTF-8 is skipped and listed, and stops no deletion", async () => {
  const alone = new Alone();
  alone.mkdir("f");
  for (const path of ["a", "b", "f/known"]) alone.write(path, path);
  await alone.once();
  alone.root.create("f/link", "symlink", true, "any");
  alone.remove("a");
  for (let run = 0; run < 2; run += 1) {
    const { inSync, problems } = await alone.once({ disk: withUnfitLink(alone, "f/link") });
    assert.deepEqual([inSync, problems.map(({ path, code }) => [path, code])], [true, [["f/link", "not_utf8"]]]);
    assert.deepEqual(alone.serverPaths(), ["b", "f", "f/known"]);
  }
  alone.onServer({ op: "delete", operation_id: "another's", file_id: alone.serverId("f") });
  assert.ok((await alone.once({ disk: withUnfitLink(alone, "f/link") })).inSync);
  assert.deepEqual(alone.diskPaths(), ["b", "f", "f/link"]);
  alone.close();
});

test("a file and a folder replaced by a link whose target is not UTF-8 stay on the server", async () => {
  for (const path of ["file", "folder"]) {
    const alone = new Alone();
    alone.mkdir("folder");
    for (const each of ["a", "file", "folder/in"]) alone.write(each, each);
    await alone.once();
    for (const each of path === "file" ? [path] : ["folder/in", path]) alone.remove(each);
    alone.root.create(path, "symlink", true, "any");
    alone.remove("a");
    const { problems } = await alone.once({ disk: withUnfitLink(alone, path) });
    assert.deepEqual(
      problems.map(({ path: at, code }) => [at, code]),
      [[path, "not_utf8"]],
    );
    assert.deepEqual(alone.serverPaths(), ["file", "folder", "folder/in"]);
    alone.remove(path);
    await alone.once();
    const rest = path === "file" ? ["folder", "folder/in"] : ["file"];
    assert.deepEqual(alone.serverPaths(), rest, "the link is gone, and so is what it replaced");
    alone.close();
  }
});

test("a synced link that gets a target that is not UTF-8 stays unchanged on the server, and is reported", async () => {
  const alone = new Alone();
  alone.write("a", "a");
  alone.root.create("link", "symlink", true, "elsewhere");
  await alone.once();
  alone.root.remove("link", true);
  alone.root.create("link", "symlink", true, "any");
  alone.remove("a");
  const { inSync, problems } = await alone.once({ disk: withUnfitLink(alone, "link") });
  assert.deepEqual([inSync, problems.map(({ path, code }) => [path, code])], [false, [["link", "unreadable"]]]);
  assert.match(problems[0]?.message ?? "", /target of a symbolic link is not UTF-8/);
  assert.deepEqual(alone.serverPaths(), ["link"]);
  alone.close();
});

test("deletions that wait for an unreadable new item are reported together with that item", async () => {
  const alone = new Alone();
  for (const path of ["a", "b"]) alone.write(path, path);
  await alone.once();
  alone.write("strange", "never seen");
  alone.fails("strange");
  alone.remove("a");
  const { inSync, problems } = await alone.once();
  assert.deepEqual(
    [inSync, problems.map(({ path, code }) => [path, code])],
    [
      false,
      [
        ["", "deletions_held"],
        ["strange", "unreadable"],
      ],
    ],
  );
  assert.match(problems[0]?.message ?? "", /1 deleted file or folder stays on the server.*cannot read strange/);
  assert.deepEqual(alone.serverPaths(), ["a", "b"]);
  alone.fails(undefined);
  assert.deepEqual((await alone.once()).problems, []);
  assert.deepEqual(alone.serverPaths(), ["b", "strange"]);
  alone.close();
});

test("a failed download is retried even if a new item always stays unreadable", async () => {
  const alone = new Alone();
  alone.write("a", "a");
  await alone.once();
  alone.putOnServer("text", { parent_id: alone.world.model.rootId, name: "new" });
  alone.write("strange", "never seen");
  alone.fails("strange");
  const disk = alone.disk();
  let left = 1;
  const failOnce: typeof disk.rename = (from, to) => {
    if (to !== "new" || left === 0) return disk.rename(from, to);
    left -= 1;
    return Promise.reject(new HoldfastError("unavailable", "EIO"));
  };
  const engine = alone.make({ disk: { ...disk, rename: failOnce } });
  const run = engine.run();
  const { scheduler } = alone.world;
  await scheduler.runUntil(scheduler.nowMicros + 600_000_000, () => alone.root.at("new") !== undefined);
  assert.deepEqual([left, alone.diskPaths()], [0, ["a", "new", "strange"]]);
  engine.stop();
  await alone.pass(run);
  alone.close();
});

test("a file downloaded right before a crash, and unreadable after it, is no conflict with a newer version", async () => {
  const alone = new Alone();
  alone.putOnServer("first", { parent_id: alone.world.model.rootId, name: "a" });
  const disk = alone.disk();
  const dies: Partial<LocalDisk> = {
    rename: async (from, to) => {
      await disk.rename(from, to);
      if (to === "a") await new Promise<never>(() => undefined);
    },
  };
  void alone.make({ disk: { ...disk, ...dies } }).run();
  const { scheduler } = alone.world;
  await scheduler.runUntil(scheduler.nowMicros + 60_000_000, () => alone.root.at("a") !== undefined);
  alone.writeOnServer("a", "second");
  let failures = 2;
  const cut: LocalDisk["cut"] = (path, sink) => {
    failures -= 1;
    if (failures >= 0) return Promise.reject(new HoldfastError("unavailable", "EIO"));
    return disk.cut(path, sink);
  };
  assert.equal((await alone.once({ disk: { ...disk, cut } })).inSync, true);
  assert.ok(failures < 0);
  assert.deepEqual([alone.serverPaths(), alone.diskPaths(), alone.read("a")], [["a"], ["a"], "second"]);
  alone.close();
});
