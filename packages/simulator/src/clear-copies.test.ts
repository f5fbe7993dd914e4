import assert from "node:assert/strict";
import { test } from "node:test";
import { Alone } from "./alone.ts";
import { contentOf } from "./small-blocks.ts";

const dayMicros = 86_400_000_000;

/** Returns everything visible in the folder with its bytes, without the days of the local trash. */
function sight(alone: Alone): Record<string, string> {
  const seen: Record<string, string> = {};
  const visit = (folder: string): void => {
    for (const { name } of alone.root.list(folder)) {
      const path = folder === "" ? name : `${folder}/${name}`;
      if (/^\.holdfast\/(root\.json|clock|generation-.*)$/.test(path)) continue;
      if (alone.root.mustBeAt(path).kind === "folder") visit(path);
      else seen[path.replace(/\/\d{4}-\d\d-\d\d\//, "/")] = alone.read(path);
    }
  };
  visit("");
  return seen;
}

function trashOnServer(alone: Alone, path: string): string {
  const file_id = alone.serverId(path);
  alone.onServer({ op: "delete", operation_id: `of ${path} ${file_id}`, file_id });
  return file_id;
}

function pathInTrash(alone: Alone, name: string): string {
  const [day] = alone.root.list(".holdfast/trash");
  return `.holdfast/trash/${day?.name}/${name}`;
}

test("a clearing also removes files in the local trash that the server deleted, even if purged since", async () => {
  const alone = new Alone();
  alone.mkdir("folder");
  for (const path of ["trashed", "purged", "folder/in it", "live"]) alone.write(path, `these are the bytes of ${path}`);
  await alone.once();
  const purged = trashOnServer(alone, "purged");
  trashOnServer(alone, "trashed");
  trashOnServer(alone, "folder");
  await alone.once();
  alone.world.model.purge("another", purged);
  await alone.once();
  assert.deepEqual(Object.keys(sight(alone)).toSorted(), [
    ".holdfast/trash/folder/in it",
    ".holdfast/trash/purged",
    ".holdfast/trash/trashed",
    "live",
  ]);
  const { removed, kept, isWhole } = await alone.clear();
  assert.deepEqual([removed, kept, isWhole], [4, 0, true]);
  assert.deepEqual(sight(alone), {});
  alone.close();
});

test("a clearing keeps files in the local trash that were edited, replaced or added there", async () => {
  const alone = new Alone();
  for (const path of ["edited in the trash", "replaced in the trash"]) alone.write(path, `the bytes of ${path}`);
  await alone.once();
  for (const path of ["edited in the trash", "replaced in the trash"]) trashOnServer(alone, path);
  await alone.once();
  alone.world.scheduler.nowMicros += 60_000_000;
  await alone.once();
  alone.write(pathInTrash(alone, "edited in the trash"), "edited");
  alone.remove(pathInTrash(alone, "replaced in the trash"));
  alone.write(pathInTrash(alone, "replaced in the trash"), "another file");
  alone.write(pathInTrash(alone, "mine"), "the bytes of edited in the trash");
  alone.write("never sent", "mine too");
  const only = sight(alone);
  const { kept, keptInTrash, keptPaths } = await alone.clear();
  assert.deepEqual([kept, keptInTrash, keptPaths[0]], [4, 3, "never sent"]);
  assert.deepEqual(sight(alone), only);
  alone.close();
});

test("a clearing removes other files in the local trash only if the server has their content", async () => {
  const alone = new Alone();
  await alone.once();
  alone.mkdir(".holdfast/trash/2026-01-01");
  for (const name of ["old version", "only here"])
    alone.write(`.holdfast/trash/2026-01-01/${name}`, `the bytes of ${name}`);
  alone.write("never sent", "the bytes of old version");
  alone.knownContents = [contentOf(Buffer.from("the bytes of old version"))];
  const { removed, kept, isWhole } = await alone.clear();
  assert.deepEqual([removed, kept, isWhole], [1, 2, true]);
  assert.deepEqual(Object.values(sight(alone)).toSorted(), ["the bytes of old version", "the bytes of only here"]);
  assert.ok("never sent" in sight(alone), "its place is known to nobody else");
  alone.close();
});

test("a clearing keeps undone rewrites, which were never sent, even if the server deletes the file right after", async () => {
  const alone = new Alone();
  const names = Array.from({ length: 520 }, (_, index) => `file ${index}`);
  for (const name of names) alone.write(name, `this is ${name}`);
  await alone.once({ brake: undefined });
  for (const name of names) alone.write(name, `rewritten ${name}`);
  const engine = alone.make({ brake: undefined });
  await alone.pass(engine.runOnce());
  engine.undoDeletions(engine.waitingDeletions().map(({ id }) => id));
  for (const name of names)
    alone.onServer({ op: "delete", operation_id: `of ${name}`, file_id: alone.serverId(name), approved: true });
  await alone.pass(engine.runOnce());
  await alone.clear();
  const left = Object.values(sight(alone)).toSorted();
  assert.deepEqual(left, names.map((name) => `rewritten ${name}`).toSorted());
  alone.close();
});

test("a clearing keeps a file in the local trash that a program opens during the request to the server", async () => {
  const alone = new Alone();
  await alone.once();
  alone.mkdir(".holdfast/trash/2026-01-01");
  alone.write(".holdfast/trash/2026-01-01/old version", "the bytes of old version");
  alone.knownContents = [contentOf(Buffer.from("the bytes of old version"))];
  const opened = alone.root.mustBeAt(".holdfast/trash/2026-01-01/old version");
  alone.onQuestion = () => void alone.root.writers.add(opened);
  const { removed, kept } = await alone.clear();
  assert.deepEqual([removed, kept], [0, 1]);
  assert.deepEqual(Object.values(sight(alone)), ["the bytes of old version"]);
  alone.close();
});

test("a clearing keeps bytes in the local trash that a restored server may lack", async () => {
  const alone = new Alone();
  await alone.once();
  const backup = alone.world.model.backUp();
  alone.write("lost by the restore", "these bytes");
  await alone.once();
  trashOnServer(alone, "lost by the restore");
  await alone.once();
  alone.world.model.restore(backup);
  await alone.once();
  assert.equal((await alone.clear()).kept, 1);
  assert.deepEqual(Object.values(sight(alone)), ["these bytes"]);
  alone.close();
});

test("a clearing keeps another file at the path of one from an emptied local trash", async () => {
  const alone = new Alone();
  alone.write("a", "a");
  await alone.once();
  trashOnServer(alone, "a");
  await alone.once();
  const path = pathInTrash(alone, "a");
  const engine = alone.make();
  const run = engine.run();
  const { scheduler } = alone.world;
  for (let day = 0; day < 33; day += 1) await scheduler.runUntil(scheduler.nowMicros + dayMicros, () => false);
  engine.stop();
  await alone.pass(run);
  assert.deepEqual(sight(alone), {});
  alone.mkdir(path.slice(0, path.lastIndexOf("/")));
  alone.write(path, "a");
  assert.equal((await alone.clear()).kept, 1);
  alone.close();
});

test("a clearing keeps files open for writing, in the folder and in the local trash, and removes the rest", async () => {
  const alone = new Alone();
  for (const path of ["log", "trashed log", "other"]) alone.write(path, `the bytes of ${path}`);
  await alone.once();
  trashOnServer(alone, "trashed log");
  await alone.once();
  alone.world.scheduler.nowMicros += dayMicros;
  await alone.once();
  for (const path of ["log", pathInTrash(alone, "trashed log")]) alone.root.writers.add(alone.root.mustBeAt(path));
  const { removed, isWhole, keptInTrash } = await alone.clear();
  assert.deepEqual([removed, isWhole, keptInTrash], [1, true, 2]);
  assert.deepEqual(sight(alone), {
    ".holdfast/trash/log": "the bytes of log",
    ".holdfast/trash/trashed log": "the bytes of trashed log",
  });
  alone.close();
});

test("a clearing removes nothing if the server was restored since the device's last contact", async () => {
  const alone = new Alone();
  alone.write("in the backup", "one");
  await alone.once();
  const backup = alone.world.model.backUp();
  alone.write("newer", "two");
  await alone.once();
  trashOnServer(alone, "in the backup");
  await alone.once();
  alone.world.model.restore(backup);
  const before = sight(alone);
  const { removed, kept, keptInTrash, isWhole } = await alone.clear();
  assert.deepEqual([removed, kept, keptInTrash, isWhole], [0, 2, 1, true]);
  assert.deepEqual(sight(alone), before);
  alone.close();
});

test("a clearing also removes copies in a folder of another generation, and a later sync deletes nothing", async () => {
  const alone = new Alone();
  alone.mkdir("folder");
  for (const path of ["folder/in it", "other", "changed", "missing"]) alone.write(path, `the bytes of ${path}`);
  await alone.once();
  const before = alone.serverPaths();
  alone.write("changed", "changed here");
  alone.root.remove("missing", true);
  const generation = alone.root.list(".holdfast").find(({ name }) => name.startsWith("generation-"));
  const older = { over: false, isPersons: false };
  alone.root.rename(`.holdfast/${generation?.name}`, ".holdfast/generation-of-a-backup", older);
  const { removed, kept, isWhole } = await alone.clear();
  assert.deepEqual([removed, kept, isWhole], [2, 1, true]);
  assert.deepEqual(sight(alone), { changed: "changed here" });
  assert.ok((await alone.once()).inSync);
  assert.deepEqual(
    alone.serverPaths().filter((path) => !path.includes("conflicted copy")),
    before,
  );
  alone.close();
});

test("a clearing also removes copies in a copied folder", async () => {
  const alone = new Alone();
  alone.mkdir("folder");
  alone.write("folder/in it", "these bytes");
  await alone.once();
  for (const path of [".holdfast/root.json", "folder/in it"]) {
    const { bytes } = alone.root.mustBeAt(path).now;
    alone.root.remove(path, true);
    if (path.startsWith("folder")) {
      alone.root.remove("folder", true);
      alone.mkdir("folder");
    }
    alone.root.write(alone.root.create(path, "file", true), { bytes }, true);
  }
  const { removed, kept, isWhole } = await alone.clear();
  assert.deepEqual([removed, kept, isWhole], [1, 0, true]);
  assert.deepEqual(alone.diskPaths(), []);
  alone.close();
});
