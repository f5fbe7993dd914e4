import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { eventually } from "@holdfast/server/acceptance/testing";
import type { Device } from "./device.ts";
import { Home } from "./home.ts";

const sizeBytes = 1_000_000;
const bytesPerSecond = 250_000;
const headBytes = 100_000;
/** Covers a burst after a rest, and the system's own buffers. */
const tolerance = 1.25;
const waitMs = 120_000;

let home: Home;
before(async () => {
  home = await Home.open("limits");
});
after(() => home.close());

test("--limit-up and --limit-down limit uploads and downloads independently", async () => {
  const [anna, bert] = [await home.addDevice("anna"), await home.addDevice("bert")];
  assert.equal((await anna.run(["mkdir", "/down"])).code, 0);
  anna.start("--remote", "/up", "--limit-up", "250K");
  bert.start("--remote", "/down", "--limit-down", "0.25M");
  // On a busy machine this process may notice transferred bytes late, so that they seem to arrive as a burst.
  const least = { up: Infinity, down: Infinity };
  for (let round = 1; round <= 3; round += 1) {
    const name = `file-${round}`;
    const [sent, received] = [randomBytes(sizeBytes), randomBytes(sizeBytes)];
    const rates = Promise.all([
      rateOf(anna, "up", async () => (await home.api.call("GET", `/metadata?path=/up/${name}`)).status === 200),
      rateOf(bert, "down", () => existsSync(join(bert.folder, name))),
    ]);
    writeFileSync(join(anna.folder, name), sent);
    assert.equal((await home.api.put(`/down/${name}`, received)).status, 201);
    const [up, down] = await rates;
    Object.assign(least, { up: Math.min(least.up, up), down: Math.min(least.down, down) });
    assert.deepEqual((await home.api.download(`/up/${name}`)).body, sent);
    assert.deepEqual(readFileSync(join(bert.folder, name)), received);
    if (Math.max(least.up, least.down) < bytesPerSecond * tolerance) break;
  }
  assert.ok(least.up < bytesPerSecond * tolerance, `${least.up} bytes a second were sent`);
  assert.ok(least.down < bytesPerSecond * tolerance, `${least.down} bytes a second were received`);
});

test("an invalid rate is rejected before anything is done", async () => {
  const cleo = await home.addDevice("cleo");
  for (const rate of ["fast", "10"]) {
    const { code, stderr } = await cleo.run(["sync", cleo.folder, "--once", `--limit-up=${rate}`]);
    assert.equal(code, 2, rate);
    assert.match(stderr, /--limit-up is/);
  }
});

/** @returns bytes per second, from the start of the content to its end */
async function rateOf(device: Device, way: "up" | "down", isThere: () => boolean | Promise<boolean>): Promise<number> {
  const carriedBefore = device.cable.carried[way];
  let begunMs = performance.now();
  await eventually(`${device.name} transfers`, waitMs, () => {
    if (device.cable.carried[way] > carriedBefore + headBytes) return true;
    begunMs = performance.now();
    return undefined;
  });
  await eventually(`what ${device.name} transfers is there`, waitMs, async () => (await isThere()) || undefined);
  const bytes = device.cable.carried[way] - carriedBefore;
  assert.ok(bytes > sizeBytes, `${bytes} bytes passed`);
  return (bytes - headBytes) / ((performance.now() - begunMs) / 1000);
}
