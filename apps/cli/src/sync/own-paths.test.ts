import assert from "node:assert/strict";
import { mkdirSync, symlinkSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { makeFolder, removeFolder } from "@holdfast/server/acceptance/testing";
import { isHomeFolder, ownPathsIn } from "./own-paths.ts";

test("Holdfast's own paths are found in a folder through its links too, and before they exist", (t) => {
  const folder = makeFolder("own-paths");
  t.after(() => removeFolder(folder));
  mkdirSync(join(folder, "root"));
  symlinkSync(join(folder, "root"), join(folder, "link"));
  const root = join(folder, "root");
  const environment = {
    HOLDFAST_CONFIG_DIR: join(folder, "link/mine"),
    XDG_CONFIG_HOME: join(root, "settings"),
    HOLDFAST_CONFIG: join(root, "server.json"),
    HOLDFAST_DATA: join(root, "deep/data"),
  };
  const own = ["deep/data", "mine", "server.json", "settings/holdfast"];
  assert.deepEqual(ownPathsIn(root, environment), own);
  assert.deepEqual(ownPathsIn(join(folder, "link"), environment), own);
  assert.deepEqual(ownPathsIn(join(root, "deep"), environment), ["data"]);
  assert.deepEqual(ownPathsIn(join(folder, "elsewhere"), environment), []);
  assert.deepEqual([isHomeFolder(homedir()), isHomeFolder(root)], [true, false]);
});
