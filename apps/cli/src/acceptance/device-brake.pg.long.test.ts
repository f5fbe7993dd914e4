import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { Api, eventually, ok } from "@holdfast/server/acceptance/testing";
import type { Device } from "./device.ts";
import { Home } from "./home.ts";

const filesCount = 600;
const timeoutMs = 120_000;
const account = { email: "anna@example.com", password: "the password of anna", name: "Anna" };

let home: Home;
let owner: Api;
let taken: Device;
let other: Device;
before(async () => {
  home = await Home.open("device-brake");
  const admin = await Api.signIn(home.server.url);
  await ok(admin, "POST", "/admin/users", account);
  owner = await Api.signIn(home.server.url, account);
  taken = await home.addDevice("taken", { account });
  other = await home.addDevice("other", { account });
  for (const device of [taken, other]) device.start();
});
after(() => home.close());

test("a device that rewrites 600 files is suspended midway, and continues once allowed", async () => {
  mkdirSync(join(other.folder, "work"));
  for (let index = 0; index < filesCount; index += 1) write(other, `file ${index}`, `the text of file ${index}`);
  await eventually("both have all", timeoutMs, () => sameOn(taken, other));
  const whole = contents(other);

  for (let index = 0; index < filesCount; index += 1) write(taken, `file ${index}`, randomBytes(64));
  const suspended = await eventually("the device is suspended", timeoutMs, async () => {
    const { items } = await ok(owner, "GET", "/devices");
    return items.find((device: { name: string }) => device.name === "taken").suspended ?? undefined;
  });
  assert.deepEqual([suspended.reason, suspended.rewritten, suspended.deleted], ["rewritten", 499, 0]);
  const report = await taken.reaches("stopped", ({ problems }) => problems.some(isOfDevice), timeoutMs);
  assert.equal(report.problems.filter(isOfDevice).length, 1, "it is one problem, and not one of each file");
  assert.match(report.problems.find(isOfDevice)?.message ?? "", /devices resume/);
  const scrambled = () => [...contents(other)].filter(([name, hash]) => whole.get(name) !== hash).length;
  await eventually("the other device has what went before", timeoutMs, () => scrambled() === 499 || undefined);

  write(taken, "new there", "new");
  write(other, "from elsewhere", "still comes");
  await eventually(
    "what others do comes",
    timeoutMs,
    () => existsSync(join(taken.folder, "work/from elsewhere")) || undefined,
  );
  await told(suspended.moment, suspended.command);

  const { code, stderr } = await other.run(suspended.command.split(" ").slice(1));
  assert.equal(code, 0, stderr);
  await eventually("the other device is whole", timeoutMs, () => scrambled() === 0 || undefined);
  assert.ok(!existsSync(join(other.folder, "work/new there")));
  assert.deepEqual(readFileSync(join(taken.folder, "work/new there"), "utf8"), "new");

  const { items } = await ok(owner, "GET", "/devices");
  const { id } = items.find((device: { name: string }) => device.name === "taken");
  const own = await taken.run(["devices", "resume", id]);
  assert.deepEqual([own.code, /another device/.test(own.stderr)], [3, true]);
  const resumed = await other.run(["devices", "resume", id]);
  assert.equal(resumed.code, 0, resumed.stderr);
  await eventually(
    "the device goes on",
    timeoutMs,
    () => existsSync(join(other.folder, "work/new there")) || undefined,
  );
  await eventually("both have the same", timeoutMs, () => sameOn(taken, other));
  assert.equal((await taken.idle()).problems.length, 0);
});

test("approved deletions do not suspend the device, and no other device asks again", async () => {
  const carl = { email: "carl@example.com", password: "the password of carl", name: "Carl" };
  await ok(await Api.signIn(home.server.url), "POST", "/admin/users", carl);
  const api = await Api.signIn(home.server.url, carl);
  const asked = await home.addDevice("asked", { account: carl });
  const maker = await home.addDevice("maker", { account: carl });
  asked.start("--brake", "3");
  maker.start("--brake", "3");
  mkdirSync(join(maker.folder, "work"));
  for (let index = 0; index < 300; index += 1) write(maker, `file ${index}`, `the text of file ${index}`);
  await eventually("the other has all", timeoutMs, () => contents(asked).size === 300 || undefined);
  await asked.idle();
  for (let index = 0; index < 200; index += 1) rmSync(join(asked.folder, "work", `file ${index}`));
  await eventually("they wait", timeoutMs, async () => {
    const { stdout } = await asked.run(["deletes", "ls", "--json"]);
    return JSON.parse(stdout).items.length === 200 || undefined;
  });
  assert.equal((await asked.run(["deletes", "approve"])).code, 0);
  await eventually("they go", timeoutMs, () => contents(maker).size === 100 || undefined);
  const { items } = await ok(api, "GET", "/devices");
  assert.deepEqual(
    items.map(({ suspended }: { suspended: unknown }) => suspended ?? null),
    items.map(() => null),
  );
});

test("a put that gets its device suspended ends immediately with one message, and completes after resume", async () => {
  const dora = { email: "dora@example.com", password: "the password of dora", name: "Dora" };
  await ok(await Api.signIn(home.server.url), "POST", "/admin/users", dora);
  const first = await home.addDevice("first", { account: dora });
  const second = await home.addDevice("second", { account: dora });
  const folder = join(home.folder, "photos");
  mkdirSync(folder);
  const fill = () => {
    for (let index = 0; index < filesCount; index += 1) writeFileSync(join(folder, `file ${index}`), randomBytes(64));
  };
  fill();
  assert.equal((await first.run(["put", folder, "/"])).code, 0);
  fill();
  const stopped = await second.run(["put", folder, "/"]);
  assert.equal(stopped.code, 3, stopped.stderr);
  assert.equal(stopped.stderr.match(/devices resume/g)?.length, 1, stopped.stderr);
  const listed = (await first.run(["devices"])).stdout;
  assert.match(
    listed,
    /second has been suspended since .*: 499 files rewritten and 0 files and folders deleted within an hour/,
  );
  const [, id = ""] = /devices resume (\S+)/.exec(listed) ?? [];
  assert.equal((await first.run(["devices", "resume", id])).code, 0);
  assert.equal((await second.run(["put", folder, "/"])).code, 0);
});

/** The account gets the time and the command. Administrators get the account and numbers, but no file names. */
async function told(moment: string, command: string): Promise<void> {
  const mine = await noticeOf(owner);
  assert.deepEqual([mine.detail.moment, mine.detail.command, mine.detail.name], [moment, command, "taken"]);
  const admin = await Api.signIn(home.server.url);
  const theirs = await noticeOf(admin);
  assert.equal(theirs.detail.account.email, account.email);
  assert.doesNotMatch(JSON.stringify(theirs), /work|file \d/);
  const { items } = await ok(admin, "GET", "/admin/audit?limit=1000");
  const kept = items.filter((entry: { action: string }) => entry.action === "device.suspend");
  assert.equal(kept.length, 1);
  const metrics = await fetch(`${home.server.url}/metrics`);
  assert.match(await metrics.text(), /^suspended_devices 1$/m);
}

function noticeOf(api: Api) {
  return eventually("it is told", timeoutMs, async () => {
    const { items } = await ok(api, "GET", "/notifications");
    return items.find((notice: { kind: string; detail: { suspended?: true } }) => notice.detail.suspended === true);
  });
}

function isOfDevice({ code }: { readonly code: string }): boolean {
  return code === "device_suspended";
}

function write(device: Device, name: string, content: string | Uint8Array): void {
  writeFileSync(join(device.folder, "work", name), content);
}

function contents(device: Device): ReadonlyMap<string, string> {
  const folder = join(device.folder, "work");
  const names = existsSync(folder) ? readdirSync(folder).toSorted() : [];
  return new Map(names.flatMap((name) => hashOf(name, join(folder, name))));
}

function hashOf(name: string, path: string): [string, string][] {
  try {
    return [[name, createHash("sha256").update(readFileSync(path)).digest("hex")]];
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
}

function sameOn(one: Device, two: Device): true | undefined {
  const [left, right] = [contents(one), contents(two)];
  const isSame =
    left.size >= filesCount && left.size === right.size && [...left].every(([name, hash]) => right.get(name) === hash);
  return isSame ? true : undefined;
}
