import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test, type TestContext } from "node:test";
import { eventually } from "@holdfast/server/acceptance/testing";
import type { Cable } from "./cable.ts";
import { Home } from "./home.ts";

const mib = 1024 * 1024;
const sizeBytes = 24 * mib;
/** Less than what is under way at once. */
const cutEveryBytes = 6 * mib;
const waitMs = 120_000;

let home: Home;
before(async () => {
  home = await Home.open("weak-link");
});
after(() => home.close());

test("over a link that breaks every few MiB a large file arrives, and most of it travels once", async (t) => {
  const anna = await home.addDevice("anna");
  const bytes = randomBytes(sizeBytes);
  assert.equal((await home.api.put("/large", bytes)).status, 201);
  const cuts = weaken(anna.cable, t);
  anna.start();
  await eventually("it arrives", waitMs, () => existsSync(join(anna.folder, "large")) || undefined);
  assert.deepEqual(readFileSync(join(anna.folder, "large")), bytes);
  const received = anna.cable.carried.down;
  assert.ok(cuts.count >= 2, `it broke ${cuts.count} times`);
  assert.ok(received < 2 * sizeBytes, `${received} bytes were received for ${sizeBytes}`);
});

/** Every connection is reset again and again, until the test is over. */
function weaken(cable: Cable, t: TestContext): { count: number } {
  const cuts = { count: 0 };
  let last = cable.carried.down;
  const timer = setInterval(() => {
    if (cable.carried.down - last < cutEveryBytes) return;
    cable.drop();
    cable.mend();
    cuts.count += 1;
    last = cable.carried.down;
  }, 5);
  t.after(() => clearInterval(timer));
  return cuts;
}
