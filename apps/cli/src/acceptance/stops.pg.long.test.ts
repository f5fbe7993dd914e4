import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { eventually } from "@holdfast/server/acceptance/testing";
import type { Device } from "./device.ts";
import { Home } from "./home.ts";
import { hashOf } from "./tree.ts";

const mib = 1024 * 1024;
const sizeBytes = 40 * mib;
/** Slow enough to catch the middle of a transfer. */
const rate = "12M";
const stopMsMax = 5000;
const waitMs = 180_000;

let home: Home;
before(async () => {
  home = await Home.open("stops");
});
after(() => home.close());

test("SIGTERM during a large upload stops in time, shows nothing on the server, and the next start continues", async () => {
  const anna = await home.addDevice("anna", { args: ["--remote", "/up"] });
  const bytes = randomBytes(sizeBytes);
  writeFileSync(join(anna.folder, "large"), bytes);
  writeFileSync(join(anna.folder, "small"), "small");
  anna.start("--limit-up", rate);
  await middle(anna, "up");
  await stopsInTime(anna);
  assert.deepEqual(listed(anna), ["large", "small"]);
  const shown = JSON.parse((await anna.run(["ls", "/up", "--json"])).stdout).items;
  assert.ok(!shown.some((item: { name: string }) => item.name === "large"), JSON.stringify(shown));
  const begun = anna.cable.carried.up;
  anna.start();
  await anna.idle(waitMs);
  assert.equal(hashOf((await home.api.download("/up/large")).body), hashOf(bytes));
  const again = anna.cable.carried.up - begun;
  assert.ok(again < sizeBytes - 8 * mib, `what the server had was sent again: ${again} bytes`);
  await anna.stop();
});

test("SIGTERM during a large download stops in time, and no partial file is ever visible", async () => {
  const bytes = randomBytes(sizeBytes);
  const bert = await home.addDevice("bert", { args: ["--remote", "/down"] });
  assert.equal((await bert.run(["mkdir", "/down"])).code, 0);
  assert.equal((await home.api.put("/down/large", bytes)).status, 201);
  bert.start("--limit-down", rate);
  await middle(bert, "down");
  await stopsInTime(bert);
  assert.deepEqual(listed(bert), []);
  bert.start();
  await eventually("it arrives", waitMs, () => listed(bert).includes("large") || undefined);
  await bert.idle(waitMs);
  assert.deepEqual((await home.serverTree()).get("down/large"), `file ${hashOf(bytes)}`);
  assert.deepEqual(listed(bert), ["large"]);
  await bert.stop();
});

test("SIGTERM on a stalled network stops in time, during uploads and downloads", async () => {
  const cleo = await home.addDevice("cleo", { args: ["--remote", "/stalled"] });
  writeFileSync(join(cleo.folder, "large"), randomBytes(sizeBytes));
  cleo.start("--limit-up", rate);
  await middle(cleo, "up");
  cleo.cable.stall();
  await stopsInTime(cleo);
  cleo.cable.mend();
});

for (const isReplaced of [false, true]) {
  const then = isReplaced ? "which is then replaced: only the new one arrives" : "continues at the next start";
  test(`kill -9 during the streamed upload of a large new file, ${then}`, async () => {
    const name = isReplaced ? "replaced" : "read";
    const args = ["--remote", `/${name}`];
    const dora = await home.addDevice(`dora-${name}`, { args });
    let bytes = randomBytes(sizeBytes);
    writeFileSync(join(dora.folder, "large"), bytes);
    dora.start("--limit-up", rate);
    await middle(dora, "up");
    await dora.kill();
    assert.equal(await dora.hasLookedAt("large"), false, "it was read to its end");
    assert.ok(!(await home.serverTree()).has(`${name}/large`));
    if (isReplaced) writeFileSync(join(dora.folder, "large"), (bytes = randomBytes(sizeBytes)));
    const begun = dora.cable.carried.up;
    const emil = await home.addDevice(`emil-${name}`, { args });
    for (const device of [dora, emil]) device.start();
    await eventually("it arrives", waitMs, () => listed(emil).includes("large") || undefined);
    for (const device of [dora, emil]) await device.idle(waitMs);
    const again = dora.cable.carried.up - begun;
    if (!isReplaced) assert.ok(again < sizeBytes - 8 * mib, `what the server had was sent again: ${again} bytes`);
    for (const device of [dora, emil]) {
      assert.deepEqual(listed(device), ["large"]);
      assert.ok(readFileSync(join(device.folder, "large")).equals(bytes));
    }
    assert.equal((await home.serverTree()).get(`${name}/large`), `file ${hashOf(bytes)}`);
    for (const device of [dora, emil]) await device.stop();
  });
}

async function middle(device: Device, way: "up" | "down"): Promise<void> {
  const begun = device.cable.carried[way];
  await eventually(
    `${device.name} is in the middle`,
    waitMs,
    () => device.cable.carried[way] - begun > sizeBytes / 2 || undefined,
  );
}

async function stopsInTime(device: Device): Promise<void> {
  const startedMs = performance.now();
  assert.equal(await device.stop(), 0, device.lastWords());
  const tookMs = performance.now() - startedMs;
  assert.ok(tookMs < stopMsMax, `it took ${tookMs} ms`);
}

function listed(device: Device): string[] {
  return readdirSync(device.folder)
    .filter((name) => name !== ".holdfast")
    .toSorted();
}
