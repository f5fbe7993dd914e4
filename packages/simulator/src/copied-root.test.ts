import assert from "node:assert/strict";
import { test } from "node:test";
import { Alone } from "./alone.ts";

/** Acts like `cp -a` and a restored backup: the same content in another file. */
function copyMarker(alone: Alone): void {
  const path = ".holdfast/root.json";
  const { bytes } = alone.root.mustBeAt(path).now;
  alone.root.remove(path, true);
  alone.root.write(alone.root.create(path, "file", true), { bytes }, true);
}

test("a folder restored from an old backup deletes nothing and overwrites nothing", async () => {
  const alone = new Alone();
  alone.write("kept", "as it was");
  alone.write("edited", "old");
  assert.ok((await alone.once()).inSync);
  alone.write("edited", "new");
  alone.write("later", "made after the backup");
  assert.ok((await alone.once()).inSync);
  alone.write("edited", "old");
  alone.root.remove("later", true);
  copyMarker(alone);
  const { inSync, problems } = await alone.once();
  assert.deepEqual([inSync, problems.map(({ path, code }) => [path, code])], [true, [["", "merged_again"]]]);
  assert.match(problems[0]?.message ?? "", /^On 20\S+, this folder did not match its sync records: .* reappear/u);
  const contents = alone.serverContents();
  assert.deepEqual([contents.get("edited"), contents.get("later")], ["new", "made after the backup"]);
  // The old bytes remain available as a version of the file.
  const copies = [...contents].filter(([path]) => path.includes("conflicted copy"));
  assert.deepEqual(copies, []);
  const { versions, blocks } = alone.world.model;
  const texts = [...versions.values()].map((entries) =>
    Buffer.concat(entries.map(({ hash }) => blocks.get(hash) ?? Buffer.alloc(0))),
  );
  assert.ok(texts.some((text) => text.toString() === "old"));
  assert.deepEqual(alone.diskPaths(), alone.serverPaths());
  alone.close();
});

test("the preview of a folder restored from a backup deletes nothing", async () => {
  const alone = new Alone();
  for (const path of ["kept", "later"]) alone.write(path, path);
  assert.ok((await alone.once()).inSync);
  alone.root.remove("later", true);
  copyMarker(alone);
  const { changes } = await alone.pass(alone.make().preview());
  assert.deepEqual(
    changes.map(({ side, what, path }) => `${side} ${what} ${path}`),
    ["here create later"],
  );
  alone.close();
});
