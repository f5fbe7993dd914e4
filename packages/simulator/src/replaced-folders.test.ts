import assert from "node:assert/strict";
import { test } from "node:test";
import type { Engine } from "@holdfast/sync/loop/engine/engine";
import { Alone } from "./alone.ts";
import { Shared } from "./shared.ts";

const inside = ["1", "2", "deep", "deep/3"];

/** Creates a synced folder of three files, which another item replaces, as after a move to another disk. */
async function begin(
  folder: string,
  put: (alone: Alone, path: string) => void,
): Promise<{ alone: Alone; engine: Engine; ids: readonly string[] }> {
  const alone = new Alone();
  const above = folder.split("/").slice(0, -1);
  for (const path of [...above, folder, `${folder}/deep`]) alone.mkdir(path);
  for (const path of ["1", "2", "deep/3"]) alone.write(`${folder}/${path}`, path);
  assert.ok((await alone.once()).inSync);
  const ids = idsOf(alone, folder);
  alone.move(folder, ".holdfast/elsewhere");
  put(alone, folder);
  return { alone, engine: alone.make({ brake: undefined }), ids };
}

const link = (alone: Alone, path: string): void => void alone.root.create(path, "symlink", true, "/mnt/big/photos");

function idsOf(alone: Alone, folder: string): string[] {
  return [folder, ...inside.map((path) => `${folder}/${path}`)].map((path) => alone.serverId(path));
}

const all = (engine: Engine): string[] => engine.waitingDeletions().map(({ id }) => id);

const replacements: Readonly<Record<string, { folder: string; put: (alone: Alone, path: string) => void }>> = {
  "a link": { folder: "photos", put: link },
  "a link in a folder": { folder: "my/photos", put: link },
  "a file": { folder: "photos", put: (alone, path) => alone.write(path, "a file") },
};

for (const [what, { folder, put }] of Object.entries(replacements)) {
  test(`a folder replaced by ${what} waits, and an undo restores the same nodes`, async () => {
    const { alone, engine, ids } = await begin(folder, put);
    const { deletionsWaiting, problems } = await alone.pass(engine.runOnce());
    assert.equal(deletionsWaiting, 5);
    assert.deepEqual(
      problems.map(({ path, code }) => `${code} ${path}`),
      [`replaced ${folder}`],
    );
    assert.match(problems[0]?.message ?? "", /3 files/u);
    assert.deepEqual(
      new Set(engine.waitingDeletions().map(({ why, side }) => `${why} ${side}`)),
      new Set(["replaced server"]),
    );
    assert.deepEqual(idsOf(alone, folder), ids);
    engine.undoDeletions(all(engine));
    assert.deepEqual(await alone.pass(engine.runOnce()), { inSync: true, problems: [], deletionsWaiting: 0 });
    assert.deepEqual(idsOf(alone, folder), ids);
    assert.equal(alone.read(`${folder}/deep/3`), "deep/3");
    assert.ok(alone.serverPaths().some((path) => path.startsWith(`${folder} (`)));
    assert.deepEqual(alone.diskPaths(), alone.serverPaths());
    alone.close();
  });
}

test("a folder replaced by a link is deleted on the server after approval, and the link uploaded", async () => {
  const { alone, engine } = await begin("photos", link);
  assert.equal((await alone.pass(engine.runOnce())).deletionsWaiting, 5);
  engine.approveDeletions(all(engine));
  assert.deepEqual(await alone.pass(engine.runOnce()), { inSync: true, problems: [], deletionsWaiting: 0 });
  assert.deepEqual(alone.serverPaths(), ["photos"]);
  assert.equal(alone.world.model.nodes.get(alone.serverId("photos"))?.target, "/mnt/big/photos");
  alone.close();
});

test("a folder moved back piece by piece in place of the link has the same nodes, and the rest waits", async () => {
  const { alone, ids } = await begin("photos", link);
  assert.equal((await alone.once({ brake: undefined })).deletionsWaiting, 5);
  alone.remove("photos");
  assert.equal((await alone.once({ brake: undefined })).deletionsWaiting, 5);
  alone.mkdir("photos");
  alone.write("photos/1", "1");
  assert.equal((await alone.once({ brake: undefined })).deletionsWaiting, 3);
  alone.mkdir("photos/deep");
  alone.write("photos/2", "edited there");
  alone.write("photos/deep/3", "deep/3");
  assert.deepEqual(await alone.once({ brake: undefined }), { inSync: true, problems: [], deletionsWaiting: 0 });
  assert.deepEqual(idsOf(alone, "photos"), ids);
  assert.equal(alone.serverContents().get("photos/2"), "edited there");
  alone.close();
});

test("a folder moved here with a link in its place is moved with everything in it, and nothing waits", async () => {
  const alone = new Alone();
  for (const path of ["archive", "photos"]) alone.mkdir(path);
  alone.write("photos/1", "1");
  await alone.once();
  const id = alone.serverId("photos");
  alone.move("photos", "archive/photos");
  alone.root.create("photos", "symlink", true, "archive/photos");
  assert.deepEqual(await alone.once({ brake: undefined }), { inSync: true, problems: [], deletionsWaiting: 0 });
  assert.equal(alone.serverId("archive/photos"), id);
  alone.close();
});

test("a share replaced by a link is not left before approval", async () => {
  for (const answer of ["undo", "approve"] as const) {
    const world = new Shared("editor");
    await world.once();
    world.move("docs", ".holdfast/elsewhere");
    link(world, "docs");
    const engine = world.make({ brake: undefined });
    assert.equal((await world.pass(engine.runOnce())).deletionsWaiting, 1);
    assert.equal(world.serverId("docs", "bob"), world.mountId);
    if (answer === "undo") engine.undoDeletions(all(engine));
    else engine.approveDeletions(all(engine));
    assert.ok((await world.pass(engine.runOnce())).inSync);
    assert.equal(world.serverId("docs", "bob") === world.mountId, answer === "undo");
    assert.deepEqual(world.space("ada"), { docs: "/", "docs/a.txt": "first" });
    world.close();
  }
});
