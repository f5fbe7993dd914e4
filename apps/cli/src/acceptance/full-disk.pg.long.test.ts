import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdirSync, readdirSync, rmSync, statfsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { Api, eventually, holdfast, makeFolder, removeFolder, startServer } from "@holdfast/server/acceptance/testing";
import { Device } from "./device.ts";
import { mountSmallDisk, unmount } from "./small-disk.ts";

const mib = 2 ** 20;
/** Far below the 30 s that the server asks to wait, and above the time of one command on a busy machine. */
const soonMs = 25_000;
const whatToDo = /The server is full[^]*Nothing is lost[^]*free some space/;

test("put and sync report a full store immediately with advice, and sync continues automatically once there is space", (t) =>
  withHome("full-store", async (home, ends) => {
    const store = join(home, "store");
    if (!mountSmallDisk(t, store, 48 * mib)) return;
    ends.push(() => unmount(store));
    const server = await startServer({ dataFolder: join(home, "data"), args: ["--store", join(store, "packs")] });
    ends.push(() => server.stop());
    writeFileSync(join(store, "ballast"), randomBytes(24 * mib));
    const { token = "" } = await Api.signIn(server.url);
    const env = { HOLDFAST_CONFIG_DIR: join(home, "config"), HOLDFAST_SERVER: server.url, HOLDFAST_TOKEN: token };
    for (const [name, sizeBytes] of [
      ["small", 10],
      ["large", 40 * mib],
    ] as const)
      writeFileSync(join(home, name), randomBytes(sizeBytes));
    assert.equal((await holdfast(["put", join(home, "small"), "/small"], { env })).code, 0);

    const large = await timed(() => holdfast(["put", join(home, "large"), "/large", "--json"], { env }));
    assert.equal(large.code, 1, large.stderr);
    assert.match(large.stderr, whatToDo);
    assert.equal((JSON.parse(large.stdout) as { error: { code: string } }).error.code, "store_full");
    const tree = join(home, "tree");
    mkdirSync(tree);
    for (let file = 0; file < 40; file += 1) writeFileSync(join(tree, `${file}`), randomBytes(mib));
    const many = await timed(() => holdfast(["put", tree, "/tree"], { env }));
    assert.equal(many.code, 1, many.stderr);
    assert.match(many.stderr, whatToDo);
    assert.ok(many.stderr.split("\n").length < 10, many.stderr);
    const got = await timed(() => holdfast(["get", "/small", join(home, "got")], { env }));
    assert.equal(got.code, 0, got.stderr);

    const folder = join(home, "once");
    mkdirSync(folder);
    writeFileSync(join(folder, "large"), randomBytes(40 * mib));
    const once = await timed(() => holdfast(["sync", folder, "--remote", "/once", "--once"], { env }));
    assert.equal(once.code, 1, once.stderr);
    assert.match(once.stderr, whatToDo);

    const device = await Device.signIn({ name: "anna", home, port: server.port, args: ["--remote", "/anna"] });
    writeFileSync(join(device.folder, "large"), randomBytes(20 * mib));
    device.start();
    ends.push(() => device.close());
    const problem = await eventually("the reason is in the status", soonMs + 15_000, async () =>
      (await device.status())?.problems.find(({ code }) => code === "store_full"),
    );
    assert.match(problem.message, whatToDo);
    rmSync(join(store, "ballast"));
    await eventually("it is sent once there is room", 120_000, async () => {
      const status = await device.status();
      return status?.state === "idle" && status.problems.length === 0 ? true : undefined;
    });
  }));

test("get reports a disk that is too small, fetches what fits, and leaves free space for other programs", (t) =>
  withHome("full-here", async (home, ends) => {
    const here = join(home, "here");
    if (!mountSmallDisk(t, here, 16 * mib)) return;
    ends.push(() => unmount(here));
    const server = await startServer({ dataFolder: join(home, "data") });
    ends.push(() => server.stop());
    const { token = "" } = await Api.signIn(server.url);
    const env = { HOLDFAST_CONFIG_DIR: join(home, "config"), HOLDFAST_SERVER: server.url, HOLDFAST_TOKEN: token };
    const tree = join(home, "tree");
    mkdirSync(tree);
    for (let file = 0; file < 60; file += 1) writeFileSync(join(tree, `${file}`), randomBytes(mib / 2));
    writeFileSync(join(tree, "large"), randomBytes(24 * mib));
    writeFileSync(join(tree, "small"), "small");
    assert.equal((await holdfast(["put", tree, "/tree"], { env })).code, 0);

    const dry = await holdfast(["get", "/tree", join(here, "tree"), "--dry-run", "--json"], { env });
    assert.equal(dry.code, 1, dry.stderr);
    assert.match(dry.stderr, /This needs 54 MiB, but only 1[56](?:\.\d)? MiB can be used there/);
    assert.deepEqual(readdirSync(here), []);

    const full = await timed(() => holdfast(["get", "/tree", join(here, "tree"), "--json"], { env }));
    assert.equal(full.code, 1, full.stderr);
    assert.match(full.stderr, /does not fit: it needs [^]*can be used there\. Free some space on that disk/);
    assert.ok(full.stderr.split("\n").length < 10, full.stderr);
    const result = JSON.parse(full.stdout) as { files_received: number; problems: { code: string; path: string }[] };
    assert.deepEqual(new Set(result.problems.map(({ code }) => code)), new Set(["store_full"]));
    const names = readdirSync(join(here, "tree"));
    assert.equal(names.length, result.files_received);
    assert.ok(names.includes("small") && !names.includes("large") && names.length > 25, names.join(" "));
    assert.deepEqual(
      names.filter((name) => name.startsWith(".holdfast-part-")),
      [],
    );
    assert.ok(statfsSync(here).bavail > 0, "nobody else has any room left");
    const again = await holdfast(["get", "/tree/small", join(here, "tree") + "/", "--json"], { env });
    assert.equal(again.code, 0, again.stderr);
    const one = await holdfast(["get", "/tree/large", join(here, "large"), "--json"], { env });
    assert.equal(one.code, 1, one.stderr);
    assert.equal((JSON.parse(one.stdout) as { error: { code: string } }).error.code, "store_full");
    assert.deepEqual(readdirSync(here), ["tree"]);
  }));

test("on a disk that is too small, sync leaves space for other programs, reports it once and later continues", (t) =>
  withHome("full-synced", async (home, ends) => {
    const server = await startServer({ dataFolder: join(home, "data") });
    ends.push(() => server.stop());
    const api = await Api.signIn(server.url);
    const env = {
      HOLDFAST_CONFIG_DIR: join(home, "config"),
      HOLDFAST_SERVER: server.url,
      HOLDFAST_TOKEN: api.token ?? "",
    };
    const tree = join(home, "tree");
    mkdirSync(tree);
    for (let file = 0; file < 40; file += 1) writeFileSync(join(tree, `${file}`), randomBytes(mib / 2));
    assert.equal((await holdfast(["put", tree, "/anna"], { env })).code, 0);
    const disk = join(home, "anna");
    if (!mountSmallDisk(t, disk, 16 * mib)) return;
    ends.push(() => unmount(disk));
    const folder = join(disk, "synced");
    mkdirSync(folder);
    const once = await holdfast(["sync", folder, "--remote", "/anna", "--once"], { env });
    assert.equal(once.code, 1, once.stderr);
    assert.match(once.stderr, /needs? [\d.]+ MiB, but only [\d.]+ \w+ can be used there\. They wait until/);
    assert.match(
      once.stderr,
      /run holdfast sync \S+\/synced --exclude FOLDER --free-space --once \(then empty \S+\/trash,/,
    );
    assert.equal(once.stderr.match(/disk of this folder is full/g)?.length, 1, once.stderr);
    assert.ok(statfsSync(disk).bavail > 0, "nobody else has any room left");
    const names = readdirSync(folder).filter((name) => !name.startsWith("."));
    assert.ok(names.length > 20, names.join(" "));
    execFileSync("mount", ["-o", `remount,size=${64 * mib}`, disk], { stdio: "pipe" });
    const more = await holdfast(["sync", folder, "--once"], { env });
    assert.equal(more.code, 0, more.stderr);
    assert.equal(readdirSync(folder).filter((name) => !name.startsWith(".")).length, 40);
  }));

test("put reports a full space immediately with advice", () =>
  withHome("full-quota", async (home, ends) => {
    const server = await startServer({ dataFolder: join(home, "data") });
    ends.push(() => server.stop());
    const api = await Api.signIn(server.url);
    const env = {
      HOLDFAST_CONFIG_DIR: join(home, "config"),
      HOLDFAST_SERVER: server.url,
      HOLDFAST_TOKEN: api.token ?? "",
    };
    const quota = await holdfast(
      ["admin", "users", "quota", "admin@example.com", "1M", "--data", join(home, "data")],
      {},
    );
    assert.equal(quota.code, 0, quota.stderr);
    writeFileSync(join(home, "large"), randomBytes(4 * mib));
    const put = await timed(() => holdfast(["put", join(home, "large"), "/large"], { env }));
    assert.equal(put.code, 6, put.stderr);
    assert.match(
      put.stderr,
      /This needs 4\.0 MiB, and [\d.]+ [KM]iB is free in your quota\. The trash is empty: delete files.* An administrator can raise the quota/,
    );
  }));

/** Cleans up in reverse order, because a disk can be unmounted only when nobody uses it. */
async function withHome(name: string, work: (home: string, ends: (() => unknown)[]) => Promise<void>): Promise<void> {
  const home = makeFolder(name);
  const ends: (() => unknown)[] = [() => removeFolder(home)];
  try {
    await work(home, ends);
  } finally {
    for (const end of ends.toReversed()) await end();
  }
}

async function timed<Result>(work: () => Promise<Result>): Promise<Result> {
  const startedMs = performance.now();
  const result = await work();
  const tookMs = performance.now() - startedMs;
  assert.ok(tookMs < soonMs, `it took ${Math.round(tookMs)} ms`);
  return result;
}
