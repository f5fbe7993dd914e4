import assert from "node:assert/strict";
import { chmodSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { makeFolder, removeFolder, type RunningServer, startServer } from "@holdfast/server/acceptance/testing";
import { inSync, killClients, makeDevice, tree, write } from "./sync-devices.ts";

const home = makeFolder("sync-executable");
let server: RunningServer;

before(async () => {
  server = await startServer({ dataFolder: join(home, "data") });
});

after(async () => {
  killClients();
  await server.stop();
  removeFolder(home);
});

test("an executable bit set offline and the other device's edit of the file both survive", async () => {
  const [ada, bob] = [await makeDevice(home, server.url, "ada-bit"), await makeDevice(home, server.url, "bob-bit")];
  mkdirSync(ada.root);
  for (const name of ["one.sh", "other.sh"]) write(ada, name, "#!/bin/sh\n");
  await inSync(ada, "--remote", "/bit");
  await inSync(bob, "--remote", "/bit");
  chmodSync(join(ada.root, "one.sh"), 0o755);
  write(bob, "one.sh", "#!/bin/sh\necho one\n");
  write(ada, "other.sh", "#!/bin/sh\necho other\n");
  chmodSync(join(bob.root, "other.sh"), 0o755);
  for (const device of [ada, bob, ada, bob]) await inSync(device, "--remote", "/bit");
  const wanted = { "one.sh": "x #!/bin/sh\necho one\n", "other.sh": "x #!/bin/sh\necho other\n" };
  assert.deepEqual([tree(ada.root), tree(bob.root)], [wanted, wanted]);
});
