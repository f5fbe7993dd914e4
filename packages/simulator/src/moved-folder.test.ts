import assert from "node:assert/strict";
import { test } from "node:test";
import type { NodeId } from "@holdfast/core/ids";
import { scan } from "@holdfast/sync/scan/scan";
import type { ScanResult } from "@holdfast/sync/scan/scan-types";
import { SyncState } from "@holdfast/sync/state/sync-state";
import type { LocalDisk } from "@holdfast/sync-ports/ports";
import { Alone } from "./alone.ts";

async function begin(): Promise<{ alone: Alone; state: SyncState; ids: ReadonlyMap<string, NodeId> }> {
  const alone = new Alone();
  for (const folder of ["a", "a/b", "a/b/deep", "c"]) alone.mkdir(folder);
  for (let index = 0; index < 40; index += 1) {
    alone.write(`a/b/${index}`, `${index}`);
    alone.write(`a/b/deep/${index}`, `deep ${index}`);
  }
  await alone.once();
  const [device] = alone.world.devices;
  assert.ok(device !== undefined);
  const state = new SyncState(device.database, alone.world.model.rootId as NodeId);
  const ids = new Map(["a/b", "a/b/deep", "a/b/deep/7"].map((path) => [path, alone.serverId(path) as NodeId]));
  return { alone, state, ids };
}

async function look(
  alone: Alone,
  state: SyncState,
  dirtyPaths: readonly string[],
  isFree = true,
  changes: { readonly disk?: LocalDisk; readonly moreDirtyPaths?: () => Promise<ReadonlySet<string>> } = {},
): Promise<ScanResult & { readonly looks: number }> {
  let looks = 0;
  const { disk = alone.disk(), moreDirtyPaths = async () => new Set<string>() } = changes;
  const counting: LocalDisk = {
    ...disk,
    stat: (path) => {
      looks += 1;
      return disk.stat(path);
    },
  };
  const result = await alone.pass(
    scan(counting, {
      tree: state,
      rows: state.local,
      bases: state.synced,
      isHidden: () => false,
      rootSigns: { isCopied: async () => false, isSyncedHere: () => false },
      isPassedOver: () => false,
      isTransient: () => false,
      isFree: () => isFree,
      intents: state.intents,
      dirtyPaths: new Set(dirtyPaths),
      entriesMax: Infinity,
      moreDirtyPaths,
      slotKey: (name) => name,
      missingFeatures: new Set(),
      makeNodeId: () => "new" as NodeId,
      manifests: { keep: () => undefined, blocksOf: () => undefined },
    }),
  );
  return { ...result, looks };
}

function changedIn({ changes }: ScanResult, state: SyncState): NodeId[] {
  return [...changes].flatMap(([id, row]) => {
    const known = state.local.get(id);
    const isSame = known?.name === row?.name && known?.parent === row?.parent && known?.content === row?.content;
    return isSame ? [] : [id];
  });
}

test("a moved folder is moved as a whole, and nothing in it is scanned", async () => {
  const { alone, state, ids } = await begin();
  alone.root.rename("a/b", "c/moved", { over: false, isPersons: true });
  const seen = await look(alone, state, ["a", "c"]);
  const id = ids.get("a/b");
  assert.ok(id !== undefined);
  assert.deepEqual(changedIn(seen, state), [id]);
  assert.deepEqual([seen.changes.get(id)?.name, seen.isComplete], ["moved", true]);
  assert.ok(seen.looks < 10, `${seen.looks} looks`);
  alone.close();
});

test("a change in a folder is found even if its parent was just created and is scanned again", async () => {
  const { alone, state, ids } = await begin();
  const above = alone.serverId("a") as NodeId;
  const row = state.local.get(above);
  assert.ok(row !== undefined);
  state.commit({ local: [[above, { ...row, readState: "racy" }]] });
  alone.write("a/b/deep/7", "changed");
  const seen = await look(alone, state, ["", "a", "a/b/deep"]);
  assert.deepEqual(changedIn(seen, state), [ids.get("a/b/deep/7")]);
  assert.equal(seen.changes.get(above)?.readState, "known");
  alone.close();
});

test("a change in a moved folder is found under its old path and under its new one", async () => {
  for (const suspect of ["a/b/deep", "c/moved/deep", "c/moved/deep/7", "c/moved"]) {
    const { alone, state, ids } = await begin();
    alone.write("a/b/deep/7", "changed");
    alone.root.rename("a/b", "c/moved", { over: false, isPersons: true });
    const seen = await look(alone, state, ["a", "c", suspect]);
    const inside = suspect === "c/moved" ? [] : [ids.get("a/b/deep/7")];
    assert.deepEqual(new Set(changedIn(seen, state)), new Set([ids.get("a/b"), ...inside]));
    assert.ok(seen.looks < 60, `${seen.looks} looks`);
    alone.close();
  }
});

test("a folder moved out of a moved folder is found, with its content", async () => {
  const { alone, state, ids } = await begin();
  alone.root.rename("a/b/deep", "c/deep", { over: false, isPersons: true });
  alone.root.rename("a/b", "b", { over: false, isPersons: true });
  const seen = await look(alone, state, ["", "a", "a/b", "c"]);
  assert.deepEqual(new Set(changedIn(seen, state)), new Set([ids.get("a/b"), ids.get("a/b/deep")]));
  alone.close();
});

test("two folders that swapped places are not confused, even with a hint in one of them", async () => {
  for (const suspect of ["a/b", "a/b/deep", "a/b/deep/7"]) {
    const { alone, state, ids } = await begin();
    for (const folder of ["a/other", "a/other/deep"]) alone.mkdir(folder);
    for (const file of ["a/other/7", "a/other/deep/7"]) alone.write(file, "of the other one");
    await alone.once({ state });
    const [before, other] = [ids.get("a/b"), alone.serverId("a/other")];
    alone.move("a/b", "aside");
    alone.move("a/other", "a/b");
    alone.move("aside", "a/other");
    const seen = await look(alone, state, ["", "a", suspect]);
    assert.deepEqual(new Set(changedIn(seen, state)), new Set([before, other]));
    alone.close();
  }
});

test("a folder at a place only in the second scan, and moved on by then, is found by a third one", async () => {
  const { alone, state, ids } = await begin();
  alone.move("a/b/deep", "c/deep");
  const disk = alone.disk();
  const hints = [new Set(["c"]), new Set([""])];
  const list: LocalDisk["list"] = (path) => {
    if (path === "c" && hints.length === 1) alone.move("c/deep", "deep");
    return disk.list(path);
  };
  const moreDirtyPaths = async (): Promise<ReadonlySet<string>> => hints.shift() ?? new Set();
  const seen = await look(alone, state, ["a/b"], true, { disk: { ...disk, list }, moreDirtyPaths });
  assert.deepEqual(changedIn(seen, state), [ids.get("a/b/deep")]);
  assert.equal(seen.changes.get(ids.get("a/b/deep") as NodeId)?.parent, state.rootId);
  alone.close();
});

test("a folder is scanned completely if all its items changed, or if something in it depends on its path", async () => {
  const { alone, state, ids } = await begin();
  alone.root.rename("a/b", "c/moved", { over: false, isPersons: true });
  const bound = await look(alone, state, ["a", "c"], false);
  assert.deepEqual(changedIn(bound, state), [ids.get("a/b")]);
  assert.ok(bound.looks > 80, `${bound.looks} looks`);
  const others = [...state.local].filter(([, { parent }]) => parent === ids.get("a/b"));
  state.commit({
    local: others.map(([id, row]) => [id, { ...row, fingerprint: { ...row.fingerprint, inode: 77_777n } }] as const),
  });
  assert.ok((await look(alone, state, ["a", "c"])).looks > 80);
  alone.close();
});

const departures: Readonly<Record<string, readonly [leave: (alone: Alone) => void, left: readonly string[]]>> = {
  "a deletion in": [(alone) => alone.remove("top/folder/gone"), []],
  "a move out of": [(alone) => alone.move("top/folder/gone", "gone"), ["gone"]],
};

for (const [what, [leave, left]] of Object.entries(departures)) {
  test(`${what} a folder that is moved away unseen in that moment is synced once the folder is found`, async () => {
    const alone = new Alone();
    for (const path of ["top", "top/folder"]) alone.mkdir(path);
    for (const path of ["top/folder/gone", "top/folder/left"]) alone.write(path, path);
    await alone.once();
    leave(alone);
    const disk = alone.disk();
    let isMoved = false;
    const syncFolder: LocalDisk["syncFolder"] = async (path) => {
      if (path === "top/folder" && !isMoved) {
        isMoved = true;
        alone.move("top/folder", "top/moved");
      }
      return disk.syncFolder(path);
    };
    const engine = alone.make({ disk: { ...disk, syncFolder } });
    const run = engine.run();
    const { scheduler } = alone.world;
    await scheduler.runUntil(scheduler.nowMicros + 60_000_000, () => false);
    assert.deepEqual(
      [alone.serverPaths(), engine.status().activity],
      [[...left, "top", "top/moved", "top/moved/left"], "idle"],
    );
    engine.stop();
    await alone.pass(run);
    alone.close();
  });
}
