import assert from "node:assert/strict";
import { test } from "node:test";
import { HoldfastError } from "@holdfast/core/errors";
import type { DiskFeature } from "@holdfast/sync/model/missing-features";
import type { LocalDisk, LocalStat } from "@holdfast/sync-ports/ports";
import { Alone } from "./alone.ts";
import { contentOf } from "./small-blocks.ts";

function aloneWithout(...missingFeatures: DiskFeature[]): Alone {
  return new Alone({ missingFeatures, devices: 1, isLastWhole: false });
}

function endingBefore(disk: LocalDisk, isEnd: (call: string, path: string) => boolean): LocalDisk {
  let isOver = false;
  return new Proxy(disk, {
    get: (target, call: keyof LocalDisk) => {
      const act = Reflect.get(target, call) as ((...given: unknown[]) => unknown) | undefined;
      if (act === undefined) return undefined;
      return (...given: unknown[]): unknown => {
        isOver ||= isEnd(call, given.join(" "));
        if (isOver) throw new HoldfastError("unreachable", "The process has ended.");
        return act.apply(target, given);
      };
    },
  });
}

async function withUpdate(alone: Alone): Promise<void> {
  alone.write("a.txt", "the old text");
  alone.write("b.txt", "the new text");
  await alone.once();
  const { nodes, versions } = alone.world.model;
  const [old, next] = ["a.txt", "b.txt"].map((path) => nodes.get(alone.serverId(path))?.versionId ?? "");
  const blocks = versions.get(next ?? "") ?? [];
  const file_id = alone.serverId("a.txt");
  alone.onServer({
    op: "put",
    operation_id: "update",
    file_id,
    base_version: old ?? "",
    size: 12,
    blocks: [...blocks],
  });
}

const textAt = (alone: Alone, path: string): string => Buffer.from(alone.root.mustBeAt(path).now.bytes).toString();

function renumbered(disk: LocalDisk, number: (inode: bigint) => bigint): LocalDisk {
  const told = <Stat extends LocalStat | undefined>(stat: Stat): Stat =>
    stat && { ...stat, fingerprint: { ...stat.fingerprint, inode: number(stat.fingerprint.inode) } };
  return {
    ...disk,
    stat: async (path) => told(await disk.stat(path)),
    cut: async (path, sink) => {
      const { blocks, before, after } = await disk.cut(path, sink);
      return { blocks, before: told(before), after: told(after) };
    },
  };
}

for (const missingFeatures of [["hard links"], []] as const) {
  const beside = missingFeatures.length === 0 ? "" : " and without hard links";
  test(`on a mount with unstable inode numbers${beside}, items are matched by path, and moved files by content`, async () => {
    const alone = aloneWithout("exchange", "stable inodes", ...missingFeatures);
    for (const folder of ["a", "b", "c"]) alone.mkdir(folder);
    for (const folder of ["a", "b"]) alone.write(`${folder}/file`, `in ${folder}`);
    await alone.once();
    const { model } = alone.world;
    const before = model.position;
    // Simulates new numbers: each is now that of a neighbor.
    assert.ok((await alone.once({ disk: renumbered(alone.disk(), (inode) => inode + 1n) })).inSync);
    assert.equal(model.position, before);
    const id = alone.serverId("a/file");
    alone.move("a/file", "c/moved");
    alone.writeOnServer("b/file", "newer");
    assert.ok((await alone.once({ disk: renumbered(alone.disk(), (inode) => inode + 2n) })).inSync);
    assert.equal(alone.serverId("c/moved"), id);
    assert.equal(alone.read("b/file"), "newer");
    alone.close();
  });
}

test("without exchange, the old bytes are kept by a hard link, and the path always has a file", async () => {
  const alone = aloneWithout("exchange");
  await withUpdate(alone);
  const seen: boolean[] = [];
  const disk = endingBefore(alone.disk(), () => {
    seen.push(alone.root.at("a.txt") !== undefined);
    return false;
  });
  await alone.once({ disk });
  assert.ok(seen.every(Boolean));
  assert.equal(textAt(alone, "a.txt"), "the new text");
  assert.ok(alone.world.trace.some((line) => line.includes("supersede")));
  alone.close();
});

test("without exchange and links, a crash before the new file has its name is repaired before the next scan", async () => {
  const alone = aloneWithout("exchange", "hard links");
  await withUpdate(alone);
  const disk = endingBefore(alone.disk(), (call, path) => call === "rename" && path.endsWith(" a.txt"));
  await assert.rejects(alone.once({ disk }));
  assert.equal(alone.root.at("a.txt"), undefined);
  await alone.once();
  assert.ok(alone.world.trace.some((line) => line.endsWith(".replaced -> a.txt")));
  assert.equal(textAt(alone, "a.txt"), "the new text");
  assert.deepEqual(alone.serverPaths(), ["a.txt", "b.txt"]);
  assert.deepEqual(alone.diskPaths(), ["a.txt", "b.txt"]);
  alone.close();
});

test("without exchange and links, a crash right after the new file has its name makes no copy of the old bytes", async () => {
  const alone = aloneWithout("exchange", "hard links");
  await withUpdate(alone);
  const newText = contentOf(Buffer.from("the new text"));
  const isThere = (): boolean => {
    const inode = alone.root.at("a.txt");
    return inode !== undefined && contentOf(inode.now.bytes) === newText;
  };
  await assert.rejects(alone.once({ disk: endingBefore(alone.disk(), isThere) }));
  assert.ok(isThere());
  await alone.once();
  assert.deepEqual(alone.diskPaths(), ["a.txt", "b.txt"]);
  assert.deepEqual(alone.serverPaths(), ["a.txt", "b.txt"]);
  alone.close();
});

test("a disk without executable bits leaves those of the server unchanged, through edits and moves", async () => {
  const alone = aloneWithout("executable bits");
  alone.write("run.sh", "1");
  await alone.once();
  const id = alone.serverId("run.sh");
  alone.onServer({ op: "set", operation_id: "set", file_id: id, executable: true });
  await alone.once();
  alone.write("run.sh", "2");
  await alone.once();
  alone.move("run.sh", "moved.sh");
  await alone.once();
  const node = alone.world.model.nodes.get(alone.serverId("moved.sh"));
  assert.deepEqual([node?.id, node?.executable], [id, true]);
  assert.deepEqual(alone.serverContents(), new Map([["moved.sh", "2"]]));
  alone.close();
});

test("an item that the disk cannot store stays on the server with its content, is listed, and is not deleted", async () => {
  const alone = aloneWithout("symbolic links", "all names");
  const { rootId } = alone.world.model;
  alone.onServer({ op: "symlink", operation_id: "1", parent_id: rootId, id: "x-1", name: "link", target: "a" });
  alone.onServer({ op: "mkdir", operation_id: "2", parent_id: rootId, id: "x-2", name: "what?" });
  alone.onServer({ op: "mkdir", operation_id: "3", parent_id: "x-2", id: "x-3", name: "below" });
  alone.write("plain", "1");
  for (let run = 0; run < 2; run += 1) {
    const { inSync, problems } = await alone.once();
    assert.equal(inSync, true);
    assert.deepEqual(problems.map(({ path, code }) => `${code} ${path}`).toSorted(), ["skipped link", "skipped what?"]);
  }
  assert.deepEqual(alone.diskPaths(), ["plain"]);
  assert.deepEqual(alone.serverPaths(), ["link", "plain", "what?", "what?/below"]);
  alone.close();
});

test("a file at the name of an item that the disk cannot store is reported, and uploaded once renamed", async () => {
  const alone = aloneWithout("symbolic links");
  const { rootId } = alone.world.model;
  alone.onServer({ op: "symlink", operation_id: "1", id: "link", parent_id: rootId, name: "link", target: "there" });
  alone.write("link", "a file");
  const engine = alone.make();
  const run = engine.run();
  const { scheduler } = alone.world;
  const problems = (): string[] => engine.status().problems.map(({ path, code }) => `${code} ${path}`);
  await scheduler.runUntil(
    scheduler.nowMicros + 300_000_000,
    () => problems().length === 2 && engine.phase === "waiting",
  );
  assert.deepEqual([problems(), engine.status().activity], [["exists link", "skipped link"], "waiting"]);
  alone.move("link", "file");
  engine.hint([""]);
  await scheduler.runUntil(scheduler.nowMicros + 60_000_000, () => alone.serverPaths().includes("file"));
  await scheduler.runUntil(scheduler.nowMicros + 60_000_000, () => problems().length === 1);
  assert.deepEqual([problems(), alone.serverPaths()], [["skipped link"], ["file", "link"]]);
  engine.stop();
  await alone.pass(run);
  alone.close();
});

test("after all inode numbers changed, a start syncs only the folder that another one replaced", async () => {
  const alone = aloneWithout("exchange", "stable inodes", "hard links");
  for (const folder of ["a", "a/b", "a/b/c", "d", "d/e"]) alone.mkdir(folder);
  alone.write("a/b/file", "in b");
  await alone.once();
  const started = async (): Promise<string[]> => {
    const disk = renumbered(alone.disk(), (inode) => inode + 1n);
    const synced: string[] = [];
    const syncFolder: LocalDisk["syncFolder"] = async (path) => {
      if (!path.startsWith(".holdfast")) synced.push(path);
      return disk.syncFolder(path);
    };
    assert.ok((await alone.once({ disk: { ...disk, syncFolder } })).inSync);
    return [...new Set(synced)];
  };
  assert.deepEqual((await started()).filter(Boolean), []);
  // Its time shows that it is another one.
  alone.remove("a/b/c");
  alone.mkdir("a/b/c");
  assert.deepEqual((await started()).filter(Boolean), ["a/b"]);
  alone.close();
});
