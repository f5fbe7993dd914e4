import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { eventually } from "@holdfast/server/acceptance/testing";
import type { Device } from "./device.ts";
import { Home } from "./home.ts";

const isLong = process.env["HOLDFAST_LONG"] === "1";
const mib = 1024 * 1024;
const sizeBytes = (isLong ? 64 : 16) * mib;
const [smallFiles, smallBytes] = [30, 200 * 1024];
const waitMs = 300_000;

let home: Home;
before(async () => {
  home = await Home.open("weak-link");
});
after(() => home.close());

async function weakDevice(name: string, breaksAfterMib: number): Promise<Device> {
  const device = await home.addDevice(name, { args: ["--remote", `/${name}`] });
  device.cable.cutEachAfter(breaksAfterMib * mib);
  return device;
}

async function arrivesAt(path: string, bytes: Buffer): Promise<void> {
  await eventually(`${path} arrives`, waitMs, async () => {
    const { status } = await home.api.call("GET", `/metadata?path=${encodeURIComponent(path)}`);
    return status === 200 || undefined;
  });
  assert.ok(bytes.equals((await home.api.download(path)).body));
}

test("put and get succeed over a link that breaks after every MiB, with little sent twice", async () => {
  const anna = await home.addDevice("anna");
  const folder = join(home.folder, "to put");
  mkdirSync(folder);
  const contents = [randomBytes(9 * mib), Buffer.from(randomBytes(2 * mib).toString("hex")), randomBytes(100)];
  for (let file = 0; file < smallFiles; file += 1) contents.push(randomBytes(smallBytes));
  for (const [index, bytes] of contents.entries()) writeFileSync(join(folder, `${index}`), bytes);
  const totalBytes = contents.reduce((sum, { length }) => sum + length, 0);
  anna.cable.cutEachAfter(mib);
  const put = await anna.run(["put", folder, "/put"]);
  assert.equal(put.code, 0, put.stderr);
  const { up } = anna.cable.carried;
  const got = join(home.folder, "got");
  const get = await anna.run(["get", "/put", got]);
  assert.equal(get.code, 0, get.stderr);
  for (const [index, bytes] of contents.entries()) assert.ok(readFileSync(join(got, `${index}`)).equals(bytes));
  assert.ok(anna.cable.cuts > 20, `it broke ${anna.cable.cuts} times`);
  const { down } = anna.cable.carried;
  for (const bytes of [up, down]) assert.ok(bytes < 2 * totalBytes, `${up} up and ${down} down for ${totalBytes}`);
});

for (const breaksAfterMib of isLong ? [1, 2, 3, 4] : [1, 3]) {
  test(`a large file and many small ones upload over a link that breaks after ${breaksAfterMib} MiB, with little sent twice`, async () => {
    const name = `up-${breaksAfterMib}`;
    const anna = await weakDevice(name, breaksAfterMib);
    const bytes = randomBytes(sizeBytes);
    writeFileSync(join(anna.folder, "large"), bytes);
    // Data of the size that one request carries on a good connection.
    const small = randomBytes(smallFiles * smallBytes);
    for (let file = 0; file < smallFiles; file += 1)
      writeFileSync(join(anna.folder, `small ${file}`), small.subarray(file * smallBytes, (file + 1) * smallBytes));
    anna.start();
    await arrivesAt(`/${name}/large`, bytes);
    for (let file = 0; file < smallFiles; file += 1)
      await arrivesAt(`/${name}/small ${file}`, small.subarray(file * smallBytes, (file + 1) * smallBytes));
    await anna.stop();
    const { up } = anna.cable.carried;
    assert.ok(anna.cable.cuts >= 2, `it broke ${anna.cable.cuts} times`);
    assert.ok(up < 2 * (bytes.length + small.length), `${up} bytes were sent for ${bytes.length + small.length}`);
  });

  test(`a large file downloads over a link that breaks after ${breaksAfterMib} MiB, with little sent twice`, async () => {
    const name = `down-${breaksAfterMib}`;
    const bytes = randomBytes(sizeBytes);
    assert.equal((await home.api.call("POST", "/metadata", { kind: "folder", path: `/${name}` })).status, 201);
    assert.equal((await home.api.put(`/${name}/large`, bytes)).status, 201);
    const anna = await weakDevice(name, breaksAfterMib);
    anna.start();
    const path = join(anna.folder, "large");
    await eventually("it arrives", waitMs, () => existsSync(path) || undefined);
    assert.ok(readFileSync(path).equals(bytes));
    await anna.stop();
    const { down } = anna.cable.carried;
    assert.ok(anna.cable.cuts >= 2, `it broke ${anna.cable.cuts} times`);
    assert.ok(down < 1.3 * sizeBytes, `${down} bytes were received for ${sizeBytes}`);
  });
}
