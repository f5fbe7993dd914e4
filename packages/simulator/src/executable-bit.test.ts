import assert from "node:assert/strict";
import { test } from "node:test";
import type { LocalDisk, Server } from "@holdfast/sync-ports/ports";
import { Alone } from "./alone.ts";

async function withFile(alone = new Alone(), text = "old"): Promise<Alone> {
  alone.write("run.sh", text);
  assert.ok((await alone.once()).inSync);
  return alone;
}

function flip(alone: Alone, path = "run.sh"): void {
  const inode = alone.root.mustBeAt(path);
  alone.root.write(inode, { executable: !inode.now.executable }, true);
}

function setOnServer(alone: Alone, executable: boolean): void {
  const operation_id = alone.world.model.fresh("another's ");
  alone.onServer({ op: "set", operation_id, file_id: alone.serverId("run.sh"), executable });
}

function both(alone: Alone, path = "run.sh"): [string, boolean, string | undefined, boolean | undefined] {
  const node = alone.world.model.nodes.get(alone.serverId(path));
  const here = alone.root.mustBeAt(path).now.executable;
  return [alone.read(path), here, alone.serverContents().get(path), node?.executable];
}

for (const isSet of [true, false]) {
  const bit = isSet ? "set" : "taken away";
  const begin = async (): Promise<Alone> => {
    const alone = await withFile();
    if (isSet) return alone;
    flip(alone);
    assert.ok((await alone.once()).inSync);
    return alone;
  };

  test(`the executable bit, ${bit} here with an edit there, is on both sides with that edit`, async () => {
    const alone = await begin();
    flip(alone);
    alone.writeOnServer("run.sh", "edited there");
    assert.ok((await alone.once()).inSync);
    assert.deepEqual(both(alone), ["edited there", isSet, "edited there", isSet]);
    assert.deepEqual(alone.diskPaths(), ["run.sh"]);
    alone.close();
  });

  test(`the executable bit, ${bit} there with an edit here, is on both sides with that edit`, async () => {
    const alone = await begin();
    alone.write("run.sh", "edited here");
    setOnServer(alone, isSet);
    assert.ok((await alone.once()).inSync);
    assert.deepEqual(both(alone), ["edited here", isSet, "edited here", isSet]);
    alone.close();
  });

  test(`the executable bit, ${bit} there while an edit is sent from here, is on both sides`, async () => {
    const alone = await begin();
    const server = alone.server();
    let isFirst = true;
    const commit: Server["commit"] = (...given) => {
      if (isFirst) setOnServer(alone, isSet);
      isFirst = false;
      return server.commit(...given);
    };
    alone.write("run.sh", "edited here");
    assert.ok((await alone.once({ server: { ...server, commit } })).inSync);
    assert.deepEqual(both(alone), ["edited here", isSet, "edited here", isSet]);
    alone.close();
  });
}

test("when both edit a file and one makes it executable, the file and that side's copy are executable", async () => {
  const alone = await withFile();
  flip(alone);
  alone.write("run.sh", "edited here");
  alone.writeOnServer("run.sh", "edited there");
  assert.ok((await alone.once()).inSync);
  const copy = alone.diskPaths().find((path) => path !== "run.sh") ?? "";
  assert.deepEqual(both(alone), ["edited there", true, "edited there", true]);
  assert.deepEqual(both(alone, copy), ["edited here", true, "edited here", true]);
  alone.close();
});

test("a file's time belongs to its content, and not to its executable bit", async () => {
  const alone = await withFile();
  const file_id = alone.serverId("run.sh");
  const versionId = alone.world.model.nodes.get(file_id)?.versionId ?? "";
  flip(alone);
  const modified_at = "2001-02-03T04:05:06.000Z";
  const blocks = [
    ...(alone.world.model.versions.get(versionId) ?? []),
    ...(alone.world.model.versions.get(versionId) ?? []),
  ];
  alone.onServer({ op: "put", operation_id: "1", file_id, base_version: versionId, size: 6, blocks, modified_at });
  assert.ok((await alone.once()).inSync);
  assert.deepEqual(both(alone), ["oldold", true, "oldold", true]);
  assert.equal(alone.root.mustBeAt("run.sh").now.mtimeNs, BigInt(Date.parse(modified_at)) * 1_000_000n);
  assert.equal(alone.world.model.nodes.get(file_id)?.modifiedAt, modified_at);
  alone.close();
});

test("a file edited here, and made executable and deleted there, comes back with both changes", async () => {
  const alone = await withFile();
  alone.write("run.sh", "edited here");
  setOnServer(alone, true);
  alone.onServer({ op: "delete", operation_id: "gone", file_id: alone.serverId("run.sh") });
  assert.ok((await alone.once()).inSync);
  assert.deepEqual(both(alone), ["edited here", true, "edited here", true]);
  alone.close();
});

async function endsAfter(alone: Alone, call: "exchange" | "rename" | "supersede"): Promise<void> {
  const disk = alone.disk();
  await alone.pass(
    new Promise<void>((resolve) => {
      const act = async (...given: readonly unknown[]): Promise<never> => {
        await (disk[call] as (...given: readonly unknown[]) => Promise<unknown>)(...given);
        resolve();
        return new Promise<never>(() => undefined);
      };
      const ending = new Proxy(disk, {
        get: (target, name) => (name === call ? act : (Reflect.get(target, name) as unknown)),
      });
      void alone.make({ disk: ending }).runOnce();
    }),
  );
}

test("a bit flipped here survives if the process ended right after another device's edit replaced the file", async () => {
  const alone = await withFile();
  flip(alone);
  alone.writeOnServer("run.sh", "edited there");
  await endsAfter(alone, "exchange");
  assert.equal(alone.read("run.sh"), "edited there");
  assert.ok((await alone.once()).inSync);
  assert.deepEqual(both(alone), ["edited there", true, "edited there", true]);
  alone.close();
});

test("a disk without executable bits removes none, even if the process ended right after a replacement", async () => {
  const alone = await withFile(new Alone({ missingFeatures: ["executable bits"], devices: 1, isLastWhole: false }));
  setOnServer(alone, true);
  alone.writeOnServer("run.sh", "edited there");
  await endsAfter(alone, "exchange");
  assert.ok((await alone.once()).inSync);
  assert.deepEqual(both(alone), ["edited there", false, "edited there", true]);
  alone.close();
});

for (const missingFeatures of [[], ["exchange"], ["exchange", "hard links"]] as const) {
  const without = missingFeatures.length === 0 ? "" : `, on a disk without ${missingFeatures.join(" and ")}`;
  test(`a bit flipped while another device's edit replaces the file survives${without}`, async () => {
    const alone = await withFile(new Alone({ missingFeatures, devices: 1, isLastWhole: false }));
    alone.writeOnServer("run.sh", "edited there");
    const disk = alone.disk();
    let isFirst = true;
    const before = (...paths: readonly string[]): void => {
      if (isFirst && paths.includes("run.sh")) {
        isFirst = false;
        flip(alone);
      }
    };
    const flipping: LocalDisk = {
      ...disk,
      exchange: (one, other) => (before(one, other), disk.exchange(one, other)),
      link: (from, to) => (before(from, to), disk.link(from, to)),
      rename: (from, to) => (before(from, to), disk.rename(from, to)),
    };
    assert.ok((await alone.once({ disk: flipping })).inSync);
    assert.deepEqual(both(alone), ["edited there", true, "edited there", true]);
    alone.close();
  });
}

for (const isDeleted of [false, true]) {
  const then = isDeleted ? "is deleted" : "keeps its own";
  test(`another device's executable bit affects one of two names of a file here, and the other ${then}`, async () => {
    const alone = await withFile();
    alone.root.link("run.sh", "other.sh", true);
    assert.ok((await alone.once()).inSync);
    setOnServer(alone, true);
    if (isDeleted) alone.onServer({ op: "delete", operation_id: "gone", file_id: alone.serverId("other.sh") });
    assert.ok((await alone.once()).inSync);
    assert.deepEqual(both(alone), ["old", true, "old", true]);
    assert.deepEqual(alone.diskPaths(), isDeleted ? ["run.sh"] : ["other.sh", "run.sh"]);
    if (!isDeleted) assert.deepEqual(both(alone, "other.sh"), ["old", false, "old", false]);
    alone.close();
  });
}

test("a copy whose executable bit was flipped here is not freed for its space", async () => {
  const alone = await withFile();
  flip(alone);
  const engine = alone.make();
  engine.exclude(["run.sh"], { freeSpace: true });
  const { scheduler } = alone.world;
  await scheduler.runUntil(scheduler.nowMicros + 1_000_000, () => false);
  const { problems } = await alone.pass(engine.runOnce());
  assert.deepEqual(
    problems.map(({ path, code }) => [path, code]),
    [["run.sh", "kept"]],
  );
  assert.deepEqual(both(alone), ["old", true, "old", false]);
  alone.close();
});

test("a file made executable while another device's deletion removes it comes back", async () => {
  const alone = await withFile();
  alone.onServer({ op: "delete", operation_id: "gone", file_id: alone.serverId("run.sh") });
  const disk = alone.disk();
  const rename: LocalDisk["rename"] = (from, to) => {
    if (from === "run.sh") flip(alone);
    return disk.rename(from, to);
  };
  assert.ok((await alone.once({ disk: { ...disk, rename } })).inSync);
  assert.deepEqual(both(alone), ["old", true, "old", true]);
  alone.close();
});
