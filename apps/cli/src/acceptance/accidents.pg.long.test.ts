import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { test } from "node:test";
import { eventually } from "@holdfast/server/acceptance/testing";
import type { Device } from "./device.ts";
import { Home } from "./home.ts";
import { Place, type Sight } from "./scene.ts";
import { mountSmallDisk, unmount } from "./small-disk.ts";

const mib = 1024 * 1024;

test("deleting the folder under a running sync deletes nothing elsewhere", () =>
  withHome("root-deleted", async (home) => {
    const [anna, bert] = await filled(home);
    rmSync(anna.folder, { recursive: true });
    await untouched(home, bert);
    mkdirSync(anna.folder);
    await untouched(home, bert);
  }));

test("deleting everything in the folder, including its marker, deletes nothing elsewhere", () =>
  withHome("root-emptied", async (home) => {
    const [anna, bert] = await filled(home);
    for (const name of readdirSync(anna.folder)) rmSync(join(anna.folder, name), { recursive: true });
    await untouched(home, bert);
  }));

test("unmounting the folder's disk deletes nothing, and the sync continues after remounting", (t) =>
  withHome("unmounted", async (home) => {
    const [disk, mounted] = [join(home.folder, "disk"), join(home.folder, "mounted")];
    if (!mountSmallDisk(t, disk, 64 * mib)) return;
    // Unmounts before the home is removed. Otherwise the failed removal would hide the test's error.
    using _ = { [Symbol.dispose]: () => unmountAll([mounted, disk]) };
    mkdirSync(mounted);
    execFileSync("mount", ["--bind", disk, mounted]);
    const anna = await home.addDevice("anna", { folder: mounted });
    anna.start();
    const [bert] = await home.startDevices("bert");
    new Place(anna.folder).make(work);
    await home.rest();
    unmount(mounted);
    await untouched(home, bert!);
    await anna.stop();
    anna.start();
    assert.equal(await anna.ended(), 1, anna.lastWords());
    assert.match(anna.lastWords(), /is its disk mounted\? No files were changed/);
    assert.deepEqual(readdirSync(mounted), []);
    await untouched(home, bert!);
    execFileSync("mount", ["--bind", disk, mounted]);
    anna.start();
    await home.rest();
    assert.deepEqual(sightOf(anna), sightOf(bert!));
    assert.equal(sightOf(anna)["docs/one"], "1");
    await anna.stop();
  }));

test("a full disk on the receiver damages no file, and the rest is downloaded once there is space", (t) =>
  withHome("receiver-full", async (home) => {
    const mounted = join(home.folder, "small");
    if (!mountSmallDisk(t, mounted, 24 * mib)) return;
    const [anna] = await home.startDevices("anna");
    const bert = await home.addDevice("bert", { folder: mounted });
    bert.start();
    new Place(anna!.folder).make({ small: "before", edited: "before" });
    await home.rest();
    writeFileSync(join(anna!.folder, "large"), randomBytes(40 * mib));
    writeFileSync(join(anna!.folder, "edited"), "after");
    await home.rest(undefined, [anna!]);
    await eventually("the problem is listed", 60_000, async () => {
      const problems = (await bert.status())?.problems ?? [];
      return problems.some(({ path }) => path === "large") ? true : undefined;
    });
    assert.deepEqual(sightOf(bert)["small"], "before");
    assert.ok(!new Place(bert.folder).has("large"));
    execFileSync("mount", ["-o", `remount,size=${160 * mib}`, mounted]);
    await home.rest(240_000);
    assert.equal(sightOf(bert)["edited"], "after");
    await bert.stop();
    unmount(mounted);
  }));

test("with a full quota, files that do not fit wait and are listed, and the sync continues once there is space", () =>
  withHome("quota-full", async (home) => {
    const [anna, bert] = await home.startDevices("anna", "bert");
    const quota = async (bytes: string): Promise<void> => {
      const { code, stderr } = await anna!.run(["admin", "users", "quota", "admin@example.com", bytes]);
      assert.equal(code, 0, stderr);
    };
    await quota(String(2 * mib));
    const [at, seenBy] = [new Place(anna!.folder), new Place(bert!.folder)];
    at.make({ "fits.txt": "small" });
    writeFileSync(at.at("too large"), randomBytes(7 * mib));
    await eventually("the problem is listed", 60_000, async () => {
      const problems = (await anna!.status())?.problems ?? [];
      return problems.find(({ path, message }) => path === "too large" && message !== "");
    });
    await eventually("what fits arrives", 60_000, () => seenBy.has("fits.txt") || undefined);
    at.make({ "fits too.txt": "small" });
    await eventually("what fits arrives", 60_000, () => seenBy.has("fits too.txt") || undefined);
    // The file is known now, so it is sent differently than a new one.
    writeFileSync(at.at("fits.txt"), randomBytes(7 * mib));
    await eventually("both problems are listed", 60_000, async () => {
      const problems = (await anna!.status())?.problems ?? [];
      return problems.filter(({ code }) => code === "quota").length === 2 || undefined;
    });
    const { stored_bytes: storedBytes } = JSON.parse((await anna!.run(["df", "--json"])).stdout);
    assert.ok(storedBytes < 1000, `${storedBytes} bytes of what has no room went to the server`);
    assert.ok(!seenBy.has("too large"));
    await quota(String(20 * mib));
    await home.rest();
    assert.ok(seenBy.has("too large"));
  }));

test("an unreadable folder deletes nothing elsewhere, and its changes are synced once it is readable", (t) =>
  withHome("no-permission", async (home) => {
    if (process.getuid?.() !== 0) return t.skip("only root may run a client as somebody who may not read");
    const anna = await home.addDevice("anna", { uid: 65_534 });
    anna.start();
    const [bert] = await home.startDevices("bert");
    const [at, other] = [new Place(anna.folder), new Place(bert!.folder)];
    other.make({ "locked/one": "1", "locked/deep/two": "2", open: "3" });
    await home.rest();
    chmodSync(at.at("locked"), 0);
    at.make({ "locked/three": "3" });
    execFileSync("chown", ["65534:65534", at.at("locked/three")]);
    await anna.stop();
    anna.start();
    other.make({ "from bert": "new" });
    await eventually("all else goes on", 60_000, () => at.has("from bert") || undefined);
    await eventually("the folder is listed", 60_000, async () => {
      const problems = (await anna.status())?.problems ?? [];
      return problems.some(({ path }) => path.startsWith("locked")) ? true : undefined;
    });
    assert.deepEqual(sightOf(bert!), {
      locked: null,
      "locked/deep": null,
      "locked/deep/two": "2",
      "locked/one": "1",
      open: "3",
      "from bert": "new",
    });
    chmodSync(at.at("locked"), 0o755);
    await home.rest();
    assert.equal(other.read("locked/three"), "3");
  }));

test("after a restore of the server, devices upload what it lost, and lose nothing themselves", () =>
  withHome("restored", async (home) => {
    const [anna, bert] = await home.startDevices("anna", "bert");
    const at = new Place(anna!.folder);
    at.make({ "old.txt": "old", "edited.txt": "first", "folder/in it": "1" });
    await home.rest();
    await home.server.stop();
    const backup = `${home.folder}/backup`;
    // Keeps the owners, which the database requires.
    execFileSync("cp", ["--archive", "--", home.dataFolder, backup]);
    await home.restart();
    at.make({ "edited.txt": "second", "new.txt": "new", "folder/new too": "2" });
    await home.rest();
    at.make({ "while down.txt": "3" });
    await home.server.stop();
    rmSync(home.dataFolder, { recursive: true });
    renameSync(backup, home.dataFolder);
    await home.restart();
    await home.rest(240_000);
    const expected = {
      "edited.txt": "second",
      folder: null,
      "folder/in it": "1",
      "folder/new too": "2",
      "new.txt": "new",
      "old.txt": "old",
      "while down.txt": "3",
    };
    assert.deepEqual(sightOf(anna!), expected);
    assert.deepEqual(sightOf(bert!), expected);
  }));

test("a clock ten years behind does not stop changes in either direction, and causes no conflicted copies", () =>
  withHome("clock", async (home) => {
    const preload = `${home.folder}/ten-years-ago.mjs`;
    writeFileSync(preload, "const now = Date.now; Date.now = () => now() - 10 * 365.25 * 86400e3;\n");
    const anna = await home.addDevice("anna", { env: { NODE_OPTIONS: `--import=${preload}` } });
    anna.start();
    const [bert] = await home.startDevices("bert");
    const [at, other] = [new Place(anna.folder), new Place(bert!.folder)];
    at.make({ "by anna": "1", both: "0" });
    await home.rest();
    other.make({ "by bert": "2", both: "edited by bert" });
    await home.rest();
    at.make({ both: "edited by anna" });
    at.remove("by bert");
    await home.rest();
    assert.deepEqual(sightOf(bert!), { "by anna": "1", both: "edited by anna" });
    await anna.stop();
    at.make({ both: "edited while it was off" });
    anna.start();
    await home.rest();
    assert.deepEqual(sightOf(bert!), { "by anna": "1", both: "edited while it was off" });
  }));

test("two devices edited while stopped keep the last edit of each file, and both edits of a shared one", () =>
  withHome("offline", async (home) => {
    const [anna, bert] = await filled(home);
    const [at, other] = [new Place(anna.folder), new Place(bert.folder)];
    await Promise.all([anna.stop(), bert.stop()]);
    at.make({ "docs/one": "by anna", both: "by anna" });
    at.move("docs/two", "two");
    other.make({ "docs/three": "by bert", both: "by bert" });
    other.remove("gone");
    anna.start();
    await home.rest(undefined, [anna]);
    bert.start();
    await home.rest();
    const { ["both"]: winner, ...rest } = sightOf(anna);
    const copies = Object.entries(rest).filter(([path]) => path.includes("conflicted copy"));
    assert.equal(winner, "by anna");
    assert.deepEqual(copies, [["both (bert's conflicted copy DATE)", "by bert"]]);
    const others = Object.fromEntries(Object.entries(rest).filter(([path]) => !path.includes("conflicted copy")));
    assert.deepEqual(others, { docs: null, "docs/one": "by anna", "docs/three": "by bert", two: "2" });
  }));

test("`--once` ends with 0 when both are equal, and does all that there is to do", () =>
  withHome("once", async (home) => {
    const [anna, bert] = await Promise.all([home.addDevice("anna"), home.addDevice("bert")]);
    new Place(anna.folder).make(work);
    for (const device of [anna, bert]) {
      const { code, stderr } = await device.run(["sync", device.folder, "--once"]);
      assert.equal(code, 0, stderr);
    }
    assert.deepEqual(sightOf(bert), seen);
  }));

const work = { "docs/one": "1", "docs/two": "2", both: "0", gone: "3" };
const seen = { both: "0", docs: null, "docs/one": "1", "docs/two": "2", gone: "3" };

async function filled(home: Home): Promise<[Device, Device]> {
  const [anna, bert] = await home.startDevices("anna", "bert");
  new Place(anna!.folder).make(work);
  await home.rest();
  return [anna!, bert!];
}

async function untouched(home: Home, other: Device): Promise<void> {
  const place = new Place(other.folder);
  const before = sightOf(other);
  const probe = `probe ${Object.keys(before).length}`;
  place.make({ [probe]: "new" });
  await home.rest(undefined, [other]);
  assert.deepEqual(sightOf(other), { ...before, [probe]: "new" });
}

function sightOf({ folder }: Device): Sight {
  return new Place(folder).sight();
}

async function withHome(name: string, play: (home: Home) => Promise<void>): Promise<void> {
  const home = await Home.open(name);
  try {
    await play(home);
  } finally {
    await home.close();
  }
}

function unmountAll(folders: readonly string[]): void {
  for (const folder of folders) spawnSync("umount", ["--lazy", folder]);
}

test("a folder moved out of a just restored folder is complete on a device that knew neither", () =>
  withHome("back", async (home) => {
    const [anna] = await home.startDevices("anna");
    assert.ok(anna !== undefined);
    mkdirSync(join(anna.folder, "folder", "inner"), { recursive: true });
    writeFileSync(join(anna.folder, "folder", "inner", "file"), "all of it");
    await home.rest();
    const { items } = (await home.api.call("GET", "/changes/snapshot")).body as {
      items: { id: string; name: string; parent_id: string | null }[];
    };
    const [folder, inner] = ["folder", "inner"].map((name) => items.find((each) => each.name === name));
    assert.ok(folder !== undefined && inner !== undefined);
    assert.equal((await home.api.call("DELETE", `/files/${folder.id}`)).status, 200);
    await home.rest();
    const bert = await home.addDevice("bert");
    bert.start();
    await home.rest();
    await bert.stop();
    assert.equal((await home.api.call("POST", `/trash/${folder.id}/restore`)).status, 200);
    const moved = { parent_id: folder.parent_id, name: "moved" };
    assert.equal((await home.api.call("PATCH", `/files/${inner.id}`, moved)).status, 200);
    bert.start();
    await home.rest();
    assert.equal(readFileSync(join(bert.folder, "moved", "file"), "utf8"), "all of it");
  }));
