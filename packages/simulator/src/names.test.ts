import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import { HoldfastError } from "@holdfast/core/errors";
import type { NodeId } from "@holdfast/core/ids";
import type { LocalDisk } from "@holdfast/sync-ports/ports";
import { SyncState } from "@holdfast/sync/state/sync-state";
import { Alone } from "./alone.ts";
import type { WorldOptions } from "./world-state.ts";

/** Creates two server nodes whose names are equal on this disk; the first one is older. */
async function pair(kind: "file" | "folder" | "symlink" = "file", options: Partial<WorldOptions> = {}): Promise<Alone> {
  const alone = new Alone({ foldsCase: "all", ...options });
  const { rootId } = alone.world.model;
  for (const [id, name] of [["x-1", "readme.md"] as const, ["x-2", "README.md"] as const]) {
    const where = { operation_id: id, parent_id: rootId, id, name };
    if (kind === "folder") alone.onServer({ op: "mkdir", ...where });
    else if (kind === "symlink") alone.onServer({ op: "symlink", ...where, target: name });
    else alone.onServer({ op: "put", ...where, size: 0, blocks: [] });
  }
  await rest(alone);
  return alone;
}

async function rest(alone: Alone): Promise<void> {
  const { inSync } = await alone.once();
  assert.equal(inSync, true);
}

const aliased = "README (case conflict).md";

for (const kind of ["file", "folder", "symlink"] as const) {
  test(`the later ${kind} of two names that differ in case gets an alias, which never reaches the server`, async () => {
    const alone = await pair(kind);
    assert.deepEqual(alone.diskPaths(), [aliased, "readme.md"]);
    const before = alone.world.model.seq;
    const { problems } = await alone.once();
    assert.deepEqual(
      problems.map(({ path, code }) => [path, code]),
      [[aliased, "alias"]],
    );
    assert.equal(alone.world.model.seq, before);
    assert.deepEqual(alone.serverPaths(), ["README.md", "readme.md"]);
    alone.close();
  });
}

test("an edit under the alias is one of the file on the server", async () => {
  const alone = await pair();
  alone.write(aliased, "mine");
  await rest(alone);
  assert.deepEqual(
    alone.serverContents(),
    new Map([
      ["README.md", "mine"],
      ["readme.md", ""],
    ]),
  );
  alone.close();
});

test("deleting the item with the alias deletes it on the server", async () => {
  const alone = await pair();
  alone.remove(aliased);
  await rest(alone);
  assert.deepEqual(alone.serverPaths(), ["readme.md"]);
  alone.close();
});

test("when the other item is gone the alias ends", async () => {
  const alone = await pair();
  alone.remove("readme.md");
  await rest(alone);
  assert.deepEqual([alone.serverPaths(), alone.diskPaths()], [["README.md"], ["README.md"]]);
  alone.close();
});

test("renaming the item with the alias renames it everywhere", async () => {
  const alone = await pair();
  alone.move(aliased, "other.md");
  await rest(alone);
  assert.deepEqual(alone.serverPaths(), ["other.md", "readme.md"]);
  assert.equal(alone.serverId("other.md"), "x-2");
  alone.close();
});

test("a move into another folder keeps the name on the server", async () => {
  const alone = await pair();
  alone.mkdir("docs");
  alone.move(aliased, `docs/${aliased}`);
  await rest(alone);
  assert.deepEqual(alone.serverPaths(), ["docs", "docs/README.md", "readme.md"]);
  assert.deepEqual(alone.diskPaths(), ["docs", "docs/README.md", "readme.md"]);
  assert.equal(alone.serverId("docs/README.md"), "x-2");
  alone.close();
});

test("the content of a folder under an alias is still synced", async () => {
  const alone = await pair("folder");
  alone.write(`${aliased}/note`, "in the second");
  alone.write("readme.md/note", "in the first");
  await rest(alone);
  const contents = alone.serverContents();
  assert.deepEqual([contents.get("README.md/note"), contents.get("readme.md/note")], ["in the second", "in the first"]);
  alone.close();
});

test("a new file here and one of another device in other letter case do not conflict: one gets an alias", async () => {
  const alone = new Alone({ foldsCase: "all" });
  alone.onServer({
    op: "put",
    operation_id: "1",
    parent_id: alone.world.model.rootId,
    id: "aa",
    name: "readme.md",
    size: 0,
    blocks: [],
  });
  alone.write("README.md", "mine");
  await rest(alone);
  hasBoth(alone);
  alone.close();
});

/** Everything fails once the alias was given. @param then act of a person at that moment */
async function failedAtAlias(then: (alone: Alone) => void): Promise<Alone> {
  const alone = new Alone({ foldsCase: "all" });
  const { rootId } = alone.world.model;
  for (const [id, name] of [["x-1", "other.md"] as const, ["x-2", "README.md"] as const])
    alone.onServer({ op: "put", operation_id: id, parent_id: rootId, id, name, size: 0, blocks: [] });
  await rest(alone);
  alone.onServer({ op: "move", operation_id: "3", file_id: "x-1", parent_id: rootId, name: "readme.md" });
  const disk = alone.disk();
  let isOver = false;
  const rename: typeof disk.rename = async (from, to) => {
    await disk.rename(from, to);
    if (to !== aliased || isOver) return;
    isOver = true;
    then(alone);
    throw new HoldfastError("unavailable", "The power went.");
  };
  await alone.once({ disk: { ...disk, rename } });
  assert.ok(isOver);
  return alone;
}

test("an item that gets its alias while everything fails, and is then edited, keeps its name on the server", async () => {
  const alone = await failedAtAlias((at) => at.write(aliased, "mine"));
  await rest(alone);
  const contents = new Map([
    ["README.md", "mine"],
    ["readme.md", ""],
  ]);
  assert.deepEqual(alone.serverContents(), contents);
  assert.deepEqual(alone.diskPaths(), [aliased, "readme.md"]);
  alone.close();
});

test("an item that a power loss returns to its alias keeps its name on the server", async () => {
  const alone = await pair("file", { isVolatile: true });
  const { inSync } = await alone.once({ disk: movingUnsynced(alone) });
  assert.equal(inSync, false);
  assert.deepEqual(alone.diskPaths(), ["other.md", "readme.md"]);
  alone.root.crash(() => 1);
  assert.deepEqual(alone.diskPaths(), [aliased, "readme.md"]);
  await rest(alone);
  assert.deepEqual(alone.serverPaths(), ["README.md", "readme.md"]);
  assert.deepEqual(alone.diskPaths(), [aliased, "readme.md"]);
  alone.close();
});

/** Lets a person move the aliased file when the scan starts. From then on no folder can be synced. */
function movingUnsynced(alone: Alone): LocalDisk {
  const disk = alone.disk();
  let hasBegun = false;
  const now: LocalDisk["now"] = (path) => {
    if (!hasBegun) alone.move(aliased, "other.md");
    hasBegun = true;
    return disk.now(path);
  };
  const syncFolder: LocalDisk["syncFolder"] = (path) =>
    hasBegun ? Promise.reject(new HoldfastError("unavailable", "EIO")) : disk.syncFolder(path);
  return { ...disk, now, syncFolder };
}

test("a rename that only changes case is synced, and not undone", async () => {
  const alone = new Alone({ foldsCase: "all" });
  alone.write("readme.md", "1");
  alone.mkdir("docs");
  await rest(alone);
  const ids = [alone.serverId("readme.md"), alone.serverId("docs")];
  alone.move("readme.md", "README.md");
  alone.move("docs", "Docs");
  await rest(alone);
  assert.deepEqual(
    [alone.serverPaths(), alone.diskPaths()],
    [
      ["Docs", "README.md"],
      ["Docs", "README.md"],
    ],
  );
  assert.deepEqual([alone.serverId("README.md"), alone.serverId("Docs")], ids);
  alone.close();
});

test("after a loss of the state the alias is not uploaded", async () => {
  const alone = await pair();
  alone.write(aliased, "mine");
  await rest(alone);
  const state = new SyncState(new DatabaseSync(":memory:"), alone.world.model.rootId as NodeId);
  await alone.once({ state });
  hasBoth(alone);
  alone.close();
});

test("a server's folder with the engine's folder name in other letter case gets an alias, and stays separate", async () => {
  const alone = new Alone({ foldsCase: "all" });
  alone.onServer({ op: "mkdir", operation_id: "1", parent_id: alone.world.model.rootId, id: "aa", name: ".Holdfast" });
  await rest(alone);
  alone.move(".holdfast", ".HOLDFAST");
  await rest(alone);
  assert.deepEqual(alone.serverPaths(), [".Holdfast"]);
  assert.ok(alone.diskPaths().includes(".Holdfast (case conflict)"));
  alone.close();
});

test("the later of two names that differ only in Unicode form is changed, and both are everywhere", async () => {
  const alone = new Alone();
  const [composed, decomposed] = ["\u00e9.txt", "e\u0301.txt"];
  alone.write(composed, "first");
  await rest(alone);
  alone.write(decomposed, "second");
  await rest(alone);
  assert.deepEqual([...alone.serverContents().values()].toSorted(), ["first", "second"]);
  assert.ok(alone.serverPaths().some((path) => path === "e\u0301 (Unicode conflict).txt"));
  assert.deepEqual(alone.diskPaths(), alone.serverPaths());
  alone.close();
});

function hasBoth(alone: Alone): void {
  assert.deepEqual(
    alone.serverContents(),
    new Map([
      ["README.md", "mine"],
      ["readme.md", ""],
    ]),
  );
  assert.deepEqual(alone.diskPaths(), [aliased, "readme.md"]);
}

for (const cannotBeSeen of [false, true]) {
  test(`an item that gets its alias while everything fails${cannotBeSeen ? ", and is unreadable afterwards," : ""} is not confused with a person's new one of its name`, async () => {
    const alone = await failedAtAlias((at) => {
      at.write("README.md", "mine");
      if (cannotBeSeen) at.fails(aliased);
    });
    alone.fails(undefined);
    await rest(alone);
    const copy = alone.diskPaths().find((path) => path.includes("conflicted copy")) ?? "no copy";
    const contents = new Map([
      ["README.md", ""],
      [copy, "mine"],
      ["readme.md", ""],
    ]);
    assert.deepEqual(alone.serverContents(), contents);
    assert.deepEqual(alone.diskPaths(), [copy, aliased, "readme.md"]);
    alone.close();
  });
}
