import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { eventually } from "@holdfast/server/acceptance/testing";
import type { Device } from "./device.ts";
import { Home } from "./home.ts";

/** Four seconds at the rate below. */
const sizeBytes = 1_000_000;
const bytesPerSecond = 250_000;
/** Questions and answers are over when so much has passed. */
const headBytes = 100_000;
/** What may pass at once after a rest, and what the system's own buffers hold back and let go. */
const tolerance = 1.25;
const waitMs = 60_000;

let home: Home;
before(async () => {
  home = await Home.open("limits");
});
after(() => home.close());

test("--limit-up holds what is sent to its rate, and --limit-down what is received, each beside the other", async () => {
  const [anna, bert] = [await home.addDevice("anna"), await home.addDevice("bert")];
  const [sent, received] = [randomBytes(sizeBytes), randomBytes(sizeBytes)];
  assert.equal((await anna.run(["mkdir", "/down"])).code, 0);
  assert.equal((await home.api.put("/down/file", received)).status, 201);
  writeFileSync(join(anna.folder, "file"), sent);
  anna.start("--remote", "/up", "--limit-up", "250K");
  bert.start("--remote", "/down", "--limit-down", "0.25M");
  const [up, down] = await Promise.all([
    rateOf(anna, "up", async () => (await home.api.call("GET", "/metadata?path=/up/file")).status === 200),
    rateOf(bert, "down", () => existsSync(join(bert.folder, "file"))),
  ]);
  assert.deepEqual((await home.api.download("/up/file")).body, sent);
  assert.deepEqual(readFileSync(join(bert.folder, "file")), received);
  assert.ok(up < bytesPerSecond * tolerance, `${up} bytes a second were sent`);
  assert.ok(down < bytesPerSecond * tolerance, `${down} bytes a second were received`);
});

test("a rate that is none is refused, before anything is done", async () => {
  const cleo = await home.addDevice("cleo");
  for (const rate of ["fast", "10"]) {
    const { code, stderr } = await cleo.run(["sync", cleo.folder, "--once", `--limit-up=${rate}`]);
    assert.equal(code, 2, rate);
    assert.match(stderr, /--limit-up is/);
  }
});

/** @returns bytes a second, from when the content began to pass until it was there */
async function rateOf(device: Device, way: "up" | "down", isThere: () => boolean | Promise<boolean>): Promise<number> {
  let begunMs = performance.now();
  await eventually(`${device.name} transfers`, waitMs, () => {
    if (device.cable.carried[way] > headBytes) return true;
    begunMs = performance.now();
    return undefined;
  });
  await eventually(`what ${device.name} transfers is there`, waitMs, async () => (await isThere()) || undefined);
  const bytes = device.cable.carried[way];
  assert.ok(bytes > sizeBytes, `${bytes} bytes passed`);
  return (bytes - headBytes) / ((performance.now() - begunMs) / 1000);
}
