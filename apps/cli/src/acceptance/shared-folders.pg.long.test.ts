import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { eventually } from "@holdfast/server/acceptance/testing";
import type { Device } from "./device.ts";
import { Place, type Sight } from "./scene.ts";
import { alike, done, putAway, shows, ThreeAccounts, waitMs } from "./three-accounts.ts";

/** Larger than everything that devices send about a few files. */
const hugeBytes = 300_000;

describe("Shared folders of three accounts on four devices", () => {
  let all: ThreeAccounts;
  before(async () => {
    all = await ThreeAccounts.open("shared-folders");
  });
  after(() => all?.close());

  test("an editor's edits are synced to all devices of the others and to the editor's other device", async (t) => {
    const { olga, emil, emil2, vera } = await all.shared("edits", { "a.txt": "0", "below/b.txt": "0" });
    const tookMs: number[] = [];
    for (let number = 1; number <= 10; number += 1) {
      const startedMs = performance.now();
      emil.make({ "below/b.txt": `edit ${number}` });
      await Promise.all([olga, emil2, vera].map((place) => arrives(place, "below/b.txt", `edit ${number}`)));
      tookMs.push(performance.now() - startedMs);
    }
    const median = tookMs.toSorted((one, other) => one - other)[5]!;
    t.diagnostic(`an edit took ${Math.round(median)} ms to the last of three devices (median of ten)`);
  });

  test("a viewer's local changes stay on the device and are reported, and newer versions replace them without loss", async () => {
    const { olga, emil, vera } = await all.shared("viewed", { "a.txt": "0", "b.txt": "0", "gone.txt": "0" });
    const mine = randomBytes(hugeBytes).toString("base64");
    const carried = all.vera.cable.carried.up;
    vera.make({ "a.txt": mine, "new.txt": mine });
    vera.remove("gone.txt");
    await problems(all.vera, ["read_only viewed/a.txt", "read_only viewed/new.txt"]);
    await eventually("what was deleted is back", waitMs, () => vera.has("gone.txt") || undefined);
    assert.ok((await problemsOf(all.vera)).includes("not_deleted viewed/gone.txt"));
    assert.deepEqual(Object.values(vera.sight()), [mine, "0", "0", mine]);
    emil.make({ "a.txt": "by the editor" });
    await arrives(vera, "a.txt", "by the editor");
    await eventually("the edit is in the quarantine", waitMs, () => {
      return putAway(all.vera, "quarantine")["viewed/a.txt"] === mine || undefined;
    });
    const kept = await eventually("what is kept is told of", waitMs, async () => {
      return (await problemsOf(all.vera)).find((each) => each.startsWith("quarantined"));
    });
    assert.match(kept, /^quarantined \.holdfast\/quarantine\/\d{4}-\d\d-\d\d\/viewed\/a\.txt$/);
    assert.ok(all.vera.cable.carried.up - carried < hugeBytes, "some of it left the device");
    await arrives(olga, "a.txt", "by the editor");
    assert.deepEqual(olga.sight(), { "a.txt": "by the editor", "b.txt": "0", "gone.txt": "0" });
    vera.remove("new.txt");
    await alike(olga, [emil, vera]);
  });

  test("a revoked person keeps only edits, in quarantine, and waiting edits are not uploaded", async (t) => {
    const given = { "a.txt": "0", "below/b.txt": "0", "below/c.txt": "0" };
    const { olga, emil, emil2, vera } = await all.shared("revoked", given);
    all.emil2.cable.drop();
    const edited = { "below/b.txt": "edited before it ended", "below/new.txt": "new before it ended" };
    emil2.make(edited);
    await all.unshare("/revoked", "emil");
    const endedMs = performance.now();
    await eventually("it goes from the device that is online", waitMs, () => !emil.has("") || undefined);
    t.diagnostic(`the folder was gone ${Math.round(performance.now() - endedMs)} ms after the command had ended`);
    assert.deepEqual(below("revoked", putAway(all.emil, "trash")), given);
    assert.deepEqual(below("revoked", putAway(all.emil, "quarantine")), {});
    all.emil2.cable.mend();
    await eventually("it goes from the other one", waitMs, () => !emil2.has("") || undefined);
    assert.deepEqual(below("revoked", putAway(all.emil2, "quarantine")), edited);
    assert.deepEqual(below("revoked", putAway(all.emil2, "trash")), { "a.txt": "0", "below/c.txt": "0" });
    await all.emil2.idle();
    olga.make({ "a.txt": "later" });
    await shows(vera, { "a.txt": "later", below: null, "below/b.txt": "0", "below/c.txt": "0" });
    assert.deepEqual(olga.sight(), vera.sight());
  });

  test("a folder moved out of the share by its owner disappears elsewhere in one change, and stays complete there", async () => {
    const { olga, emil, emil2, vera } = await all.shared("moved out", {
      "stays.txt": "0",
      "sub/a.txt": "a",
      "sub/deep/b.txt": "b",
    });
    const api = await all.apiOf("emil");
    const { body: start } = await api.call("GET", "/changes/start_token");
    olga.move("sub", "../kept by olga");
    for (const place of [emil, emil2, vera]) await shows(place, { "stays.txt": "0" });
    const { body: page } = await api.call("GET", `/changes/list?since_token=${start.token}`);
    // An unchanged mount may be listed again.
    const told = page.changes.filter((change: { node?: { kind: string } }) => change.node?.kind !== "mount");
    assert.deepEqual(
      told.map((change: { kind: string }) => change.kind),
      ["gone"],
    );
    for (const device of [all.emil, all.emil2, all.vera]) {
      assert.deepEqual(below("moved out", putAway(device, "trash")), { "sub/a.txt": "a", "sub/deep/b.txt": "b" });
      assert.deepEqual(below("moved out", putAway(device, "quarantine")), {});
    }
    await all.olga.idle();
    assert.deepEqual(new Place(olga.at("../kept by olga")).sight(), { "a.txt": "a", deep: null, "deep/b.txt": "b" });
  });

  test("deleting a mount on one device removes it from the account's others, and keeps the owner's folder", async () => {
    const { olga, emil, emil2, vera } = await all.shared("left", { "a.txt": "0", "below/b.txt": "0" });
    all.emil2.cable.drop();
    emil2.make({ "a.txt": "edited elsewhere" });
    rmSync(emil.path, { recursive: true });
    await eventually("the mount goes", waitMs, async () => {
      return (await all.emil.run(["ls", "/left"])).code !== 0 || undefined;
    });
    all.emil2.cable.mend();
    await eventually("it goes from the other device", waitMs, () => !emil2.has("") || undefined);
    assert.deepEqual(below("left", putAway(all.emil2, "quarantine")), { "a.txt": "edited elsewhere" });
    assert.deepEqual(below("left", putAway(all.emil2, "trash")), { "below/b.txt": "0" });
    olga.make({ "a.txt": "later" });
    await arrives(vera, "a.txt", "later");
    assert.deepEqual(olga.sight(), { "a.txt": "later", below: null, "below/b.txt": "0" });
    await done(all.emil, ["mount", "left"]);
    await alike(olga, [emil, emil2, vera]);
  });

  test("a lowered role keeps edits on the device, and raising it again uploads them", async () => {
    const { olga, emil, emil2, vera } = await all.shared("roles", { "a.txt": "0", "sub/b.txt": "0", "sub/c.txt": "0" });
    all.emil2.cable.drop();
    emil2.make({ "a.txt": "made offline", "sub/b.txt": "made offline" });
    await all.share("/roles", "emil", "viewer");
    all.emil2.cable.mend();
    await problems(all.emil2, ["read_only roles/a.txt", "read_only roles/sub/b.txt"]);
    // A permission on a subfolder takes precedence, but only below it.
    await all.share("/roles/sub", "emil", "editor");
    await arrives(olga, "sub/b.txt", "made offline");
    await problems(all.emil2, ["read_only roles/a.txt"]);
    emil.make({ "sub/new.txt": "new", "new.txt": "new" });
    await arrives(vera, "sub/new.txt", "new");
    await arrives(olga, "sub/new.txt", "new");
    await problems(all.emil, ["read_only roles/new.txt"]);
    assert.deepEqual(olga.sight(), {
      "a.txt": "0",
      sub: null,
      "sub/b.txt": "made offline",
      "sub/c.txt": "0",
      "sub/new.txt": "new",
    });
    await all.share("/roles", "emil", "editor");
    await arrives(olga, "a.txt", "made offline");
    await arrives(olga, "new.txt", "new");
    await all.share("/roles/sub", "emil", "viewer");
    await all.unshare("/roles/sub", "emil");
    emil.make({ "sub/c.txt": "after all" });
    await arrives(olga, "sub/c.txt", "after all");
    await alike(olga, [emil, emil2, vera]);
    await problems(all.emil, []);
    await problems(all.emil2, []);
  });

  test("edits waiting on another device when their folder leaves the share are lost on neither side", async () => {
    const given = { "sub/a.txt": "a", "sub/b.txt": "b", "stays.txt": "0" };
    const { olga, emil, emil2, vera } = await all.shared("moved away", given);
    for (const device of [all.emil2, all.vera]) device.cable.drop();
    for (const place of [emil2, vera])
      place.make({ "sub/a.txt": `edited in ${place.path}`, "sub/new.txt": place.path });
    olga.move("sub", "../kept for olga alone");
    await shows(emil, { "stays.txt": "0" });
    for (const device of [all.emil2, all.vera]) device.cable.mend();
    await eventually("vera's edits are in the quarantine", waitMs, () => {
      return Object.keys(below("moved away", putAway(all.vera, "quarantine"))).length === 2 || undefined;
    });
    // An editor's edits of a deleted folder become a new folder in the share, as after any deletion.
    const wanted = { "stays.txt": "0", sub: null, "sub/a.txt": `edited in ${emil2.path}`, "sub/new.txt": emil2.path };
    for (const place of [emil2, olga, emil, vera]) await shows(place, wanted);
    const kept = new Place(olga.at("../kept for olga alone"));
    assert.deepEqual(kept.sight(), { "a.txt": "a", "b.txt": "b" });
  });

  test("a device that syncs one folder also syncs the mounts below it, while they are there", async () => {
    const { olga, emil, emil2 } = await all.shared("shown", { "a.txt": "0", "sub/b.txt": "0" });
    await done(all.emil, ["mkdir", "/office"]);
    await done(all.emil, ["mv", "/shown", "/office/shown"]);
    const narrow = await all.addDevice("emil3", "emil", ["--remote", "/office"]);
    const place = new Place(join(narrow.folder, "shown"));
    await alike(olga, [place]);
    olga.make({ "sub/b.txt": "by olga" });
    await arrives(place, "sub/b.txt", "by olga");
    place.make({ "sub/new.txt": "by emil" });
    await arrives(olga, "sub/new.txt", "by emil");
    await done(all.emil, ["mv", "/office/shown", "/shown"]);
    await eventually("it goes", waitMs, () => !place.has("") || undefined);
    olga.make({ "a.txt": "meanwhile" });
    await done(all.emil, ["mv", "/shown", "/office/shown"]);
    await alike(olga, [place]);
    await alike(
      olga,
      [emil, emil2].map((each) => new Place(each.at("../office/shown"))),
    );
    await all.unshare("/shown", "emil");
    await eventually("it ends", waitMs, () => !place.has("") || undefined);
    assert.ok(olga.has("sub/new.txt"));
  });

  test("killed devices and a killed server during role changes lose nothing, and disclose nothing", async () => {
    const given = { "a.txt": "0", "below/b.txt": "0", "below/c.txt": "0" };
    const { olga, emil, emil2, vera } = await all.shared("killed", given);
    await all.emil2.kill();
    emil2.make({ "a.txt": "while it was dead" });
    const large = randomBytes(hugeBytes).toString("base64");
    emil.make({ "large.txt": large });
    await all.emil.kill();
    await all.share("/killed", "vera", "editor");
    vera.make({ "below/b.txt": "by vera, an editor by now" });
    await all.olga.kill();
    olga.make({ "below/c.txt": "by olga, whose device was dead" });
    await all.killServer();
    for (const device of [all.emil, all.emil2, all.olga]) device.start();
    const wanted = {
      "a.txt": "while it was dead",
      below: null,
      "below/b.txt": "by vera, an editor by now",
      "below/c.txt": "by olga, whose device was dead",
      "large.txt": large,
    };
    for (const place of [olga, emil, emil2, vera]) await shows(place, wanted);

    // The permission ends while one device is killed. The server is killed before the others can receive that.
    await all.emil2.kill();
    emil2.make({ "a.txt": "too late", "large.txt": large.toLowerCase() });
    await all.unshare("/killed", "emil");
    await all.killServer();
    await eventually("it goes from the one that runs", waitMs, () => !emil.has("") || undefined);
    all.emil2.start();
    await eventually("it is being put away", waitMs, () => {
      return Object.keys(putAway(all.emil2, "quarantine")).some((path) => path.startsWith("killed/")) || undefined;
    });
    await all.emil2.kill();
    all.emil2.start();
    await eventually("it goes from the one that was dead", waitMs, () => !emil2.has("") || undefined);
    const edits = { "a.txt": "too late", "large.txt": large.toLowerCase() };
    assert.deepEqual(below("killed", putAway(all.emil2, "quarantine")), edits);
    const { "a.txt": _a, "large.txt": _large, below: _below, ...unchanged } = wanted;
    assert.deepEqual(below("killed", putAway(all.emil2, "trash")), unchanged);
    await all.emil2.idle();
    for (const place of [olga, vera]) await shows(place, wanted);
  });

  test("a mount, or a folder in one, cannot be the remote folder of a sync", async () => {
    const { olga } = await all.shared("refused", { "sub/a.txt": "0" });
    const alone = `${all.emil.folder}-alone`;
    for (const path of ["/refused", "/refused/sub", "/refused/made for it"]) {
      const { code, stderr } = await all.emil.run(["sync", alone, "--remote", path, "--once"]);
      assert.equal(code, 5, `${path}: ${stderr}`);
      assert.match(stderr, /shared/, path);
    }
    assert.equal(existsSync(alone), false);
    assert.deepEqual(olga.sight(), { sub: null, "sub/a.txt": "0" });
  });
});

async function problemsOf(device: Device): Promise<string[]> {
  return ((await device.status())?.problems ?? []).map(({ code, path }) => `${code} ${path}`).toSorted();
}

async function problems(device: Device, wanted: readonly string[]): Promise<void> {
  await eventually(`${device.name} tells of ${wanted.join(", ")}`, waitMs, async () => {
    const told = (await problemsOf(device)).filter((each) => each.startsWith("read_only "));
    return told.join() === wanted.join() || undefined;
  });
}

function below(folder: string, sight: Sight): Sight {
  const entries = Object.entries(sight).filter(([path]) => path.startsWith(`${folder}/`));
  return Object.fromEntries(entries.map(([path, text]) => [path.slice(folder.length + 1), text]));
}

async function arrives(place: Place, path: string, text: string): Promise<void> {
  const deadlineMs = performance.now() + waitMs;
  while (!place.has(path) || place.read(path) !== text) {
    assert.ok(performance.now() < deadlineMs, `${path} does not arrive at ${place.path}`);
    await delay(2);
  }
}
