import assert from "node:assert/strict";
import { test } from "node:test";
import { Alone } from "./alone.ts";

test("where another filesystem is mounted nothing is synced, and nothing counts as deleted, then and afterwards", async () => {
  const alone = new Alone();
  alone.mkdir("usb");
  alone.write("usb/a", "a");
  alone.write("b", "b");
  assert.ok((await alone.once()).inSync);
  // The mount hides what stood there, and shows what it holds itself.
  const folder = alone.root.mustBeAt("usb");
  alone.root.mounts.set(folder.number, 2n);
  alone.root.remove("usb/a", true);
  alone.root.create("usb/other", "file", true);
  const mounted = await alone.once();
  assert.deepEqual(
    [mounted.inSync, mounted.problems.map(({ path, code }) => [path, code])],
    [true, [["usb", "boundary"]]],
  );
  assert.deepEqual(alone.serverPaths(), ["b", "usb", "usb/a"]);
  alone.root.mounts.clear();
  alone.root.remove("usb/other", true);
  alone.write("c", "c");
  assert.ok((await alone.once()).inSync);
  assert.deepEqual(alone.serverPaths(), ["b", "c", "usb", "usb/a"]);
  const engine = alone.make();
  engine.include(["usb"]);
  const included = await alone.pass(engine.runOnce());
  assert.deepEqual([included.inSync, included.problems], [true, []]);
  assert.deepEqual(
    [alone.diskPaths(), alone.serverPaths()],
    [
      ["b", "c", "usb", "usb/a"],
      ["b", "c", "usb", "usb/a"],
    ],
  );
  alone.close();
});
