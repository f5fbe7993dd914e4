import assert from "node:assert/strict";
import { test } from "node:test";
import type { DiskFeature } from "@holdfast/sync/model/missing-features";
import { Alone } from "./alone.ts";
import { both, chmod, closed, file, inSteps, setOnServer, withFile } from "./testing-privacy.ts";

const fat: readonly DiskFeature[] = ["exchange", "hard links", "executable bits", "private modes", "stable inodes"];

async function closedElsewhere(missingFeatures: readonly DiskFeature[] = ["private modes"]): Promise<Alone> {
  const alone = await withFile(new Alone({ missingFeatures, devices: 1, isLastWhole: false }));
  setOnServer(alone, true);
  assert.ok((await alone.once()).inSync);
  return alone;
}

function onServer(alone: Alone): [string, boolean | undefined][] {
  return alone.serverPaths().map((path) => [path, alone.world.model.nodes.get(alone.serverId(path))?.isPrivate]);
}

function allClosed(alone: Alone, count: number): void {
  const nodes = onServer(alone);
  assert.deepEqual(
    [nodes.length, nodes.filter(([, isPrivate]) => isPrivate !== true)],
    [count, []],
    JSON.stringify(nodes),
  );
}

for (const missingFeatures of [["private modes"], fat] as const) {
  const disk = `a disk without ${missingFeatures.length === 1 ? "private modes" : "any modes and numbers"}`;

  test(`the conflicted copy of a private file made on ${disk} is private`, async () => {
    const alone = await closedElsewhere(missingFeatures);
    alone.write(file, "edited here");
    alone.writeOnServer(file, "edited there");
    assert.ok((await alone.once()).inSync);
    allClosed(alone, 3);
    alone.close();
  });

  test(`a private file saved in steps on ${disk} stays private, and so does its backup`, async () => {
    const alone = await closedElsewhere(missingFeatures);
    await inSteps(alone, [() => alone.move(file, `${file}.bak`), () => alone.write(file, "next")]);
    assert.equal(alone.serverContents().get(file), "next");
    allClosed(alone, 3);
    alone.close();
  });

  test(`a private file that returns from ${disk} after a deletion elsewhere is private`, async () => {
    const alone = await closedElsewhere(missingFeatures);
    alone.onServer({ op: "delete", operation_id: "gone", file_id: alone.serverId("keys") });
    alone.write(file, "edited here");
    assert.ok((await alone.once()).inSync);
    allClosed(alone, 2);
    alone.close();
  });

  test(`files unknown to a restored server are uploaded from ${disk} as private as before`, async () => {
    const alone = new Alone({ missingFeatures, devices: 1, isLastWhole: false });
    const backup = alone.world.model.backUp();
    alone.mkdir("keys");
    alone.write(file, "old");
    assert.ok((await alone.once()).inSync);
    setOnServer(alone, true);
    assert.ok((await alone.once()).inSync);
    alone.world.model.restore(backup);
    assert.ok((await alone.once()).inSync);
    allClosed(alone, 2);
    alone.close();
  });
}

test("a moved private file without a reliable inode number stays private", async () => {
  const alone = await closedElsewhere(fat);
  alone.move(file, "moved.txt");
  assert.ok((await alone.once()).inSync);
  alone.write("moved.txt", "edited here");
  alone.writeOnServer("moved.txt", "edited there");
  assert.ok((await alone.once()).inSync);
  allClosed(alone, 3);
  alone.close();
});

for (const missingFeatures of [[], ["private modes"]] as const) {
  const disk = missingFeatures.length === 0 ? "" : ", on a disk without private modes";
  test(`the copy of a file made private and edited by another device is private${disk}`, async () => {
    const alone = await withFile(new Alone({ missingFeatures, devices: 1, isLastWhole: false }));
    alone.write(file, "edited here");
    setOnServer(alone, true);
    alone.writeOnServer(file, "edited there");
    assert.ok((await alone.once()).inSync);
    allClosed(alone, 3);
    alone.close();
  });
}

test("a file made public again elsewhere is known as public on a disk without private modes", async () => {
  const alone = await closedElsewhere();
  setOnServer(alone, false);
  assert.ok((await alone.once()).inSync);
  alone.write(file, "edited here");
  alone.writeOnServer(file, "edited there");
  assert.ok((await alone.once()).inSync);
  assert.deepEqual(
    onServer(alone).filter(([, isPrivate]) => isPrivate === true),
    [],
  );
  alone.close();
});

test("the conflicted copy of a private file is private", async () => {
  const alone = await withFile();
  chmod(alone, true);
  alone.write(file, "edited here");
  alone.writeOnServer(file, "edited there");
  assert.ok((await alone.once()).inSync);
  const copy = alone.diskPaths().find((path) => path.includes("conflicted copy")) ?? "";
  assert.deepEqual(both(alone, [file, copy]), closed);
  alone.close();
});
