import assert from "node:assert/strict";
import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { makeFolder, removeFolder, type RunningServer, startServer } from "@holdfast/server/acceptance/testing";
import * as devices from "./sync-devices.ts";
import { type Device, inSync, run, status, tree, write } from "./sync-devices.ts";

const home = makeFolder("sync-conflicts");
let server: RunningServer;
const makeDevice = (name: string): Promise<Device> => devices.makeDevice(home, server.url, name);

before(async () => {
  server = await startServer({ dataFolder: join(home, "data") });
});

after(async () => {
  await server?.stop();
  removeFolder(home);
});

test("conflicts shows both versions of each copy, and one command resolves several without a running client", async () => {
  const [ada, bob] = [await makeDevice("ada"), await makeDevice("bob")];
  for (const { root } of [ada, bob]) mkdirSync(root);
  const names = ["a.txt", "b.txt", "c.txt"];
  for (const name of names) write(ada, name, "old");
  for (const device of [ada, bob]) await inSync(device);
  assert.deepEqual(await run(bob, "conflicts"), { code: 0, stdout: "", stderr: "No conflicted copies.\n" });
  for (const name of names) {
    write(ada, name, "by ada");
    write(bob, name, "by bob too");
  }
  for (const device of [ada, bob, ada]) await inSync(device);
  const { stdout, stderr } = await run(bob, "conflicts");
  const copies = stdout.trimEnd().split("\n");
  assert.equal(copies.length, 3, "a path in each line");
  assert.match(
    stderr,
    /^a \(bob's conflicted copy \S+\)\.txt: copy: from bob, 10 B, changed \S+ \S+Z; original: a\.txt, 6 B, changed \S+ \S+Z\n/,
  );
  const [a = "", b = "", c = ""] = copies;
  const kept = await run(bob, "conflicts", "keep", "copy", a, b);
  assert.equal(kept.code, 0, kept.stderr);
  const trash = `${bob.root}/.holdfast/trash/`;
  const [first, second, third, ...others] = kept.stdout.split("\n");
  assert.equal(first, `Kept the copy: ${bob.root}/a.txt now has its content.`);
  assert.ok(second?.startsWith(`  The previous content is in ${trash}`));
  const back = /^ {2}To get it back: cp (\S+) (\S+)$/.exec(third ?? "");
  assert.deepEqual([readFileSync(back?.[1] ?? "", "utf8"), back?.[2]], ["by ada", `${bob.root}/a.txt`]);
  assert.equal(others.length, 4);
  assert.match(kept.stderr, /^The sync of \S+ is not running\. The next run sends the change: [^\n]+ --once\n$/);
  const original = await run(bob, "conflicts", "keep", "original", `${bob.root}/c.txt`);
  assert.match(original.stdout, new RegExp(`^Kept the original: ${bob.root}/c\\.txt \\(not changed\\)\\.\n`));
  assert.equal((await run(bob, "conflicts", "keep", "original", c)).code, 4, "it has ended");
  assert.deepEqual((await status(bob)).conflicts, []);
  for (const device of [bob, ada]) await inSync(device);
  for (const { root } of [ada, bob])
    assert.deepEqual(contents(root), { "a.txt": "by bob too", "b.txt": "by bob too", "c.txt": "by ada" });
});

function contents(root: string): Record<string, string> {
  return Object.fromEntries(Object.keys(tree(root)).map((path) => [path, readFileSync(join(root, path), "utf8")]));
}
