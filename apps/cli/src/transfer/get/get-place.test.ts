import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";

test("a dry run into a folder that cannot be written fails as the run does", (t) => {
  const home = mkdtempSync(join(tmpdir(), "holdfast-get-place-"));
  chmodSync(home, 0o755);
  const closed = join(home, "closed");
  t.after(() => {
    chmodSync(closed, 0o755);
    rmSync(home, { recursive: true });
  });
  const open = join(closed, "open");
  mkdirSync(open, { recursive: true });
  chmodSync(open, 0o777);
  chmodSync(closed, 0o555);
  const url = (path: string): string => JSON.stringify(new URL(path, import.meta.url).href);
  // Root can write everywhere, so the script changes its user.
  const script = `
    import { nodeDisk } from "@holdfast/disk/node-disk";
    import { asNamed } from "@holdfast/disk/places";
    import { foldsNames, placeOf } from ${url("get-place.ts")};
    import { blockingDiskAt } from ${url("local-disk.ts")};
    if (process.getuid() === 0) process.setuid(65534);
    const dry = (path, node) => placeOf(undefined, path, node);
    const run = async (path, node) => foldsNames(blockingDiskAt(asNamed), (await placeOf(nodeDisk, path, node)).writtenPath, "test");
    const told = (promise) => promise.then(() => "done", ({ code, message }) => code + " " + message);
    const both = [];
    for (const path of ${JSON.stringify(["/", "/new", "/new/", "/new/below/", "/open"].map((path) => closed + path))}) {
      const node = { kind: path.endsWith("/open") ? "folder" : "file", name: "a" };
      both.push([await told(dry(path, node)), await told(run(path, node))]);
    }
    console.log(JSON.stringify(both));`;
  const options = { encoding: "utf8", cwd: import.meta.dirname } as const;
  const both = JSON.parse(execFileSync(process.execPath, ["--input-type=module", "-e", script], options)) as string[][];
  const write = `failed Cannot write to ${closed} (EACCES).`;
  const create = `failed Could not create the folder ${closed}/new (EACCES).`;
  for (const [index, expected] of [write, write, create, create].entries()) {
    const [dry = "", run = ""] = both[index] ?? [];
    assert.equal(dry, run);
    assert.ok(run.startsWith(expected), run);
  }
  assert.deepEqual(both[4], ["done", "done"], "a folder is merged into one that is there, whatever is above it");
});
