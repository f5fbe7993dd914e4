import assert from "node:assert/strict";
import { chmodSync, mkdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { makeFolder, removeFolder, type RunningServer, startServer } from "@holdfast/server/acceptance/testing";
import { inSync, killClients, makeDevice, run, write } from "./sync-devices.ts";

const home = makeFolder("sync-private");
let server: RunningServer;

before(async () => {
  server = await startServer({ dataFolder: join(home, "data") });
});

after(async () => {
  killClients();
  await server.stop();
  removeFolder(home);
});

test("private files and folders are private on the other device and after get, also after a later chmod", async () => {
  const [ada, bob] = [await makeDevice(home, server.url, "ada-mode"), await makeDevice(home, server.url, "bob-mode")];
  const sync = async (): Promise<void> => {
    for (const device of [ada, bob, ada]) await inSync(device, "--remote", "/mode");
  };
  const modes = (root: string) =>
    ["key", "keys", "keys/id", "plain"].map((name) => statSync(join(root, name)).mode & 0o777);
  mkdirSync(join(ada.root, "keys"), { recursive: true });
  for (const name of ["key", "keys/id", "plain"]) write(ada, name, name);
  chmodSync(join(ada.root, "key"), 0o600);
  chmodSync(join(ada.root, "keys"), 0o700);
  await sync();
  const first = [0o600, 0o700, 0o644, 0o644];
  assert.deepEqual([modes(ada.root), modes(bob.root)], [first, first]);
  chmodSync(join(bob.root, "plain"), 0o600);
  chmodSync(join(bob.root, "key"), 0o640);
  await sync();
  assert.deepEqual(
    [modes(ada.root), modes(bob.root)],
    [
      [0o644, 0o700, 0o644, 0o600],
      [0o640, 0o700, 0o644, 0o600],
    ],
  );
  write(ada, "plain", "edited");
  await sync();
  assert.equal(modes(bob.root)[3], 0o600);
  const got = join(home, "got");
  const { code, stderr } = await run(ada, "get", "/mode", got);
  assert.equal(code, 0, stderr);
  assert.deepEqual(modes(got), [0o644, 0o700, 0o644, 0o600]);
});
