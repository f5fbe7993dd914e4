import assert from "node:assert/strict";
import { test } from "node:test";
import { HoldfastError } from "@holdfast/core/errors";
import type { ConflictChoice, ResolvedConflict } from "@holdfast/sync/execute/resolve-conflict";
import { type DiskFeature, noMissingFeatures } from "@holdfast/sync/model/missing-features";
import { Alone } from "./alone.ts";

const copy = /^plan \(ada's conflicted copy \d{4}-\d\d-\d\d\)\.txt$/;

/** Returns a conflict: the server's text came first and is the original, and the local text is the copy. */
async function withConflict(mine = "mine"): Promise<{ alone: Alone; path: string }> {
  const alone = new Alone();
  alone.write("plan.txt", "old");
  await alone.once();
  alone.writeOnServer("plan.txt", "theirs");
  alone.write("plan.txt", mine);
  await alone.once();
  const path = alone.diskPaths().find((each) => copy.test(each)) ?? assert.fail(alone.diskPaths().join());
  return { alone, path };
}

async function keep(
  alone: Alone,
  path: string,
  which: ConflictChoice,
  missingFeatures = noMissingFeatures,
): Promise<ResolvedConflict> {
  const engine = alone.make({ missingFeatures });
  const kept = await alone.pass(engine.resolveConflict(path, which));
  assert.deepEqual(engine.status().conflicts, []);
  const { inSync } = await alone.once({ missingFeatures });
  assert.ok(inSync);
  assert.deepEqual(alone.make().status().conflicts, []);
  return kept;
}

function trashOf(alone: Alone): [string, string][] {
  const [day] = alone.root.list(".holdfast/trash");
  const folder = `.holdfast/trash/${day?.name ?? ""}`;
  const texts = alone.root.list(folder).map(({ name }): [string, string] => [name, alone.read(`${folder}/${name}`)]);
  return texts.toSorted(([one], [other]) => (one < other ? -1 : 1));
}

for (const [missingFeatures, inTrash] of [
  [[], "plan.txt"],
  [["exchange"], "plan (deleted again).txt"],
] satisfies [DiskFeature[], string][]) {
  const on = missingFeatures.length === 0 ? "" : `, on a disk that has no ${missingFeatures.join()}`;
  test(`keeping the copy makes it the next version of the file, with both former states in the trash${on}`, async () => {
    const { alone, path } = await withConflict();
    const id = alone.serverId("plan.txt");
    const { trashPath } = await keep(alone, path, "copy", new Set(missingFeatures));
    assert.equal(alone.read(trashPath ?? assert.fail()), "theirs");
    assert.deepEqual(alone.serverContents(), new Map([["plan.txt", "mine"]]));
    assert.equal(alone.read("plan.txt"), "mine");
    assert.equal(alone.serverId("plan.txt"), id, "the same file, with its versions");
    assert.deepEqual(trashOf(alone), [
      [path, "mine"],
      [inTrash, "theirs"],
    ]);
    alone.close();
  });
}

test("a copy saved while it is being kept leaves the saved bytes as a conflict, without loss", async () => {
  const { alone, path } = await withConflict();
  const disk = alone.disk();
  const exchange: typeof disk.exchange = async (one, other) => {
    await disk.exchange(one, other);
    alone.write(path, "saved meanwhile");
  };
  const engine = alone.make({ disk: { ...disk, exchange } });
  await alone.pass(engine.resolveConflict(path, "copy"));
  const { inSync } = await alone.once();
  assert.ok(inSync);
  const kept = new Map([
    ["plan.txt", "mine"],
    [path, "saved meanwhile"],
  ]);
  assert.deepEqual(alone.serverContents(), kept);
  assert.deepEqual(alone.make().status().conflicts, [path]);
  assert.deepEqual(trashOf(alone), [["plan.txt", "theirs"]]);
  alone.close();
});

for (const which of ["copy", "original"] satisfies ConflictChoice[]) {
  test(`after keeping the ${which}, later writes of a program to the other open file become a copy`, async () => {
    const { alone, path } = await withConflict();
    const discarded = which === "copy" ? "plan.txt" : path;
    const inode = alone.root.mustBeAt(discarded);
    alone.root.writers.add(inode);
    await keep(alone, path, which);
    const { scheduler, ledger } = alone.world;
    const engine = alone.make();
    const run = engine.run();
    await scheduler.runUntil(scheduler.nowMicros + 300_000_000, () => false);
    assert.deepEqual(alone.diskPaths(), ["plan.txt"]);
    ledger.write(alone.root, inode, Buffer.from("written late"));
    await scheduler.runUntil(scheduler.nowMicros + 120_000_000, () => false);
    assert.equal(alone.read("plan.txt"), which === "copy" ? "mine" : "theirs");
    assert.ok([...alone.serverContents().values()].includes("written late"));
    engine.stop();
    await alone.pass(run);
    alone.close();
  });
}

for (const mine of ["mine!!", ""]) {
  test(`a kept copy with ${mine === "" ? "no bytes" : "the same size and time"} is not reported as damage`, async () => {
    const { alone, path } = await withConflict(mine);
    alone.write("plan.txt", "later!");
    await alone.once();
    const [original, copied] = ["plan.txt", path].map((name) => alone.root.mustBeAt(name));
    if (mine !== "") alone.root.write(copied!, { mtimeNs: original!.now.mtimeNs + 999n }, true);
    await alone.once();
    const engine = alone.make({ brake: undefined });
    await alone.pass(engine.resolveConflict(path, "copy"));
    assert.ok((await alone.once({ brake: undefined })).inSync);
    assert.deepEqual(alone.serverContents(), new Map([["plan.txt", mine]]));
    const next = alone.make({ brake: undefined });
    await alone.pass(next.runOnce());
    assert.deepEqual(next.status().problems, []);
    alone.close();
  });
}

test("an unreadable copy is still moved to the trash", async () => {
  const { alone, path } = await withConflict();
  const disk = alone.disk();
  const cut: typeof disk.cut = (at, sink) =>
    at.startsWith(".holdfast/trash/") ? Promise.reject(new HoldfastError("unavailable", "EIO")) : disk.cut(at, sink);
  await alone.pass(alone.make({ disk: { ...disk, cut } }).resolveConflict(path, "original"));
  assert.deepEqual(alone.diskPaths(), ["plan.txt"]);
  alone.close();
});

test("a conflict is listed, and can be resolved, once the version of the server is on the disk", async () => {
  const alone = new Alone();
  alone.write("plan.txt", "old");
  await alone.once();
  alone.writeOnServer("plan.txt", "theirs");
  alone.write("plan.txt", "mine");
  const fetchBlocks = (): never => {
    throw new HoldfastError("unreachable", "It was cut.");
  };
  const cut = alone.make({ server: { ...alone.server(), fetchBlocks } });
  await assert.rejects(alone.pass(cut.runOnce()), { code: "unreachable" });
  const path = alone.diskPaths().find((each) => copy.test(each)) ?? assert.fail(alone.diskPaths().join());
  assert.equal(alone.read("plan.txt"), "mine");
  for (const engine of [cut, alone.make()]) {
    assert.deepEqual(engine.status().conflicts, []);
    for (const named of [path, "plan.txt"]) {
      const answer = alone.pass(engine.resolveConflict(named, "copy"));
      await assert.rejects(answer, { code: "conflict", message: /^The other version of plan\.txt is not downloaded/ });
    }
  }
  const engine = alone.make();
  await alone.pass(engine.runOnce());
  assert.deepEqual(engine.status().conflicts, [path]);
  const { trashPath } = await keep(alone, path, "copy");
  assert.equal(alone.read(trashPath ?? assert.fail()), "theirs");
  assert.deepEqual(alone.serverContents(), new Map([["plan.txt", "mine"]]));
  alone.close();
});

test("a conflict stays listed when another user gives the original the bytes of the copy", async () => {
  const { alone, path } = await withConflict();
  alone.write("plan.txt", "mine");
  const commit = (): never => {
    throw new HoldfastError("unreachable", "It was cut.");
  };
  const cut = alone.make({ server: { ...alone.server(), commit } });
  await assert.rejects(alone.pass(cut.runOnce()), { code: "unreachable" });
  assert.deepEqual(alone.make().status().conflicts, [path]);
  alone.close();
});

test("keeping the original moves the copy to the trash, here and there", async () => {
  const { alone, path } = await withConflict();
  await keep(alone, path, "original");
  assert.deepEqual(alone.serverContents(), new Map([["plan.txt", "theirs"]]));
  assert.deepEqual(trashOf(alone), [[path, "mine"]]);
  alone.close();
});

test("keeping both gives the copy a free name of its own", async () => {
  const { alone, path } = await withConflict();
  const own = path.replace("'s conflicted copy ", " ");
  alone.write(own, "another's");
  assert.deepEqual(await keep(alone, path, "both"), { newPath: own.replace(")", ", 2)") });
  assert.deepEqual(
    alone.serverContents(),
    new Map([
      [own.replace(")", ", 2)"), "mine"],
      [own, "another's"],
      ["plan.txt", "theirs"],
    ]),
  );
  alone.close();
});

test("without an original, a kept copy takes its name, and keeping the original is rejected", async () => {
  const { alone, path } = await withConflict();
  alone.remove("plan.txt");
  await alone.once();
  const engine = alone.make();
  await assert.rejects(alone.pass(engine.resolveConflict(path, "original")), { code: "not_found" });
  assert.equal(alone.read(path), "mine");
  await keep(alone, path, "copy");
  assert.deepEqual(alone.serverContents(), new Map([["plan.txt", "mine"]]));
  alone.close();
});

for (const [which, text] of [
  ["copy", "composed"],
  ["original", "decomposed"],
] satisfies [ConflictChoice, string][]) {
  test(`keeping the ${which} of a file with another Unicode form of its name on the disk leaves one file of that name`, async () => {
    const alone = new Alone();
    const [composed, decomposed] = ["caf\u00E9.txt", "cafe\u0301.txt"];
    alone.write(decomposed, "decomposed");
    await alone.once();
    alone.write(composed, "composed");
    await alone.once();
    const path = "caf\u00E9 (Unicode conflict).txt";
    assert.deepEqual(new Set(alone.diskPaths()), new Set([decomposed, path]));
    await keep(alone, path, which);
    assert.deepEqual(alone.diskPaths(), [decomposed]);
    assert.equal(alone.read(decomposed), text);
    assert.deepEqual(alone.serverContents(), new Map([[decomposed, text]]));
    alone.close();
  });
}

test("a path that is no conflicted copy is left alone, with any name", async () => {
  const { alone } = await withConflict();
  const engine = alone.make();
  for (const path of ["plan.txt", "not there (a's conflicted copy 2026-01-31).txt", "../plan.txt", ""]) {
    await assert.rejects(alone.pass(engine.resolveConflict(path, "copy")), { code: "not_found" }, path);
  }
  assert.equal(alone.read("plan.txt"), "theirs");
  alone.close();
});
