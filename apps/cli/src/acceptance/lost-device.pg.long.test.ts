import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { clearingWords } from "@holdfast/protocol/clearing-proof";
import type { RouteAnswer, routes } from "@holdfast/protocol/routes";
import { Api, eventually, ok } from "@holdfast/server/acceptance/testing";
import type { Device } from "./device.ts";
import { Home } from "./home.ts";
import { jsonAnswer, Meddler } from "./meddler.ts";

const timeoutMs = 120_000;

type Order = RouteAnswer<(typeof routes)["readClearing"]>;

let home: Home;
before(async () => {
  home = await Home.open("lost-device");
});
after(() => home.close());

let accounts = 0;
async function pair(): Promise<{ api: Api; kept: Device; lost: Device; account: { email: string; password: string } }> {
  accounts += 1;
  const name = `p${accounts}`;
  const account = { email: `${name}@example.com`, password: `the password of ${name}`, name };
  await ok(await Api.signIn(home.server.url), "POST", "/admin/users", account);
  const api = await Api.signIn(home.server.url, account);
  const kept = await home.addDevice(`${name}-kept`, { account });
  const lost = await home.addDevice(`${name}-lost`, { account });
  return { api, kept, lost, account };
}

function write({ folder }: Device, path: string, text: string): void {
  mkdirSync(join(folder, path, ".."), { recursive: true });
  writeFileSync(join(folder, path), text);
}

function sight({ folder }: Device): Record<string, string> {
  const seen: Record<string, string> = {};
  const look = (below: string): void => {
    for (const entry of readdirSync(join(folder, below), { withFileTypes: true })) {
      const path = join(below, entry.name);
      if (below === ".holdfast" && !["trash", "parked", "quarantine"].includes(entry.name)) continue;
      if (entry.isDirectory()) look(path);
      else seen[path] = entry.isSymbolicLink() ? "a link" : readFileSync(join(folder, path), "utf8");
    }
  };
  look("");
  return seen;
}

/** Creates files on both devices, stops the second and changes files on it. @returns contents that must stay there */
async function worked(kept: Device, lost: Device, files = 30): Promise<Record<string, string>> {
  const outside = join(home.folder, `${lost.name}-outside.txt`);
  writeFileSync(outside, "never synced");
  write(kept, ".holdfastignore", "*.secret\n");
  for (let index = 0; index < files; index += 1) write(kept, `work/deep/equal ${index}`, `the text ${index}`);
  for (const name of ["edited", "renamed", "in both"]) write(kept, name, `at first: ${name}`);
  symlinkSync(outside, join(kept.folder, "link"));
  kept.start();
  lost.start();
  await eventually("both have all", timeoutMs, () => {
    const there = sight(lost);
    return (
      ["in both", "link", "renamed", "edited", `work/deep/equal ${files - 1}`].every((name) => name in there) ||
      undefined
    );
  });
  await lost.idle();
  await lost.kill();
  write(lost, "edited", "only here: edited");
  write(lost, "work/new", "only here: new");
  write(lost, "work/own.secret", "only here: ignored");
  write(lost, ".holdfast/quarantine/left", "only here: quarantined");
  write(lost, ".holdfast/trash/2020-01-01/mine", "only here: deleted long ago");
  write(lost, ".holdfast/trash/2020-01-01/equal 3", "the text 3");
  symlinkSync(join(kept.folder, "work"), join(lost.folder, "linked folder"));
  renameSync(join(lost.folder, "renamed"), join(lost.folder, "renamed here"));
  return {
    ".holdfast/quarantine/left": "only here: quarantined",
    ".holdfast/trash/2020-01-01/mine": "only here: deleted long ago",
    edited: "only here: edited",
    "linked folder": "a link",
    "renamed here": "at first: renamed",
    "work/new": "only here: new",
    "work/own.secret": "only here: ignored",
  };
}

async function deviceOf(api: Api, name: string): Promise<string> {
  const { items } = await ok(api, "GET", "/devices");
  return items.find((device: { name: string }) => device.name === name).id;
}

const clearings = async (api: Api) => (await ok(api, "GET", "/devices")).clearings;

test("a revoked device told to remove its copies removes those on the server, and keeps bytes found only there", async () => {
  const { api, kept, lost } = await pair();
  const stays = await worked(kept, lost);
  const whole = sight(kept);
  const removed = await kept.run(["devices", "rm", lost.name, "--remove-copies"]);
  assert.equal(removed.code, 0, removed.stderr);
  assert.match((await kept.run(["devices"])).stdout, /copies: removal requested .*, not done yet/);

  lost.start();
  assert.equal(await lost.ended(), 3, lost.lastWords());
  assert.match(lost.lastWords(), /was signed out/);
  assert.doesNotMatch(lost.lastWords(), /holdfast login/, "nobody shall sign in anew while it clears");
  assert.deepEqual(sight(lost), stays, lost.lastWords());
  assert.deepEqual(sight(kept), whole);
  assert.ok(existsSync(join(home.folder, `${lost.name}-outside.txt`)));
  assert.ok(!existsSync(join(lost.folder, "work/deep")), "an empty folder stays");

  const [clearing] = await clearings(api);
  // 30 equal files, the one in both, the link, the rules, and one in the local trash.
  assert.deepEqual([clearing.removed, clearing.kept], [34, Object.keys(stays).length]);
  assert.match((await kept.run(["devices"])).stdout, /copies: removed .*, 34 files; 7 kept/);
  const status = await lost.run(["status"]);
  const listed = status.stdout.split("\n").filter((line) => line.trim() in stays);
  const outsideTrash = Object.keys(stays).filter((path) => !path.startsWith(".holdfast/trash/"));
  assert.deepEqual(listed.map((line) => line.trim()).toSorted(), outsideTrash.toSorted(), status.stdout);
  assert.deepEqual(
    listed.map((line) => line.startsWith("  .holdfast/")),
    [...Array(5).fill(false), true],
    "a person's files come first",
  );
  assert.match(status.stdout, /\n {2}and 1 file in \.holdfast\/trash\n/);
  assert.ok(!existsSync(join(lost.configFolder, "login.json")), "the login stays");
  assert.match((await lost.run(["ls"])).stderr, /Not signed in/);
});

test("a clearing killed at any moment continues with the same result", async () => {
  const { api, kept, lost } = await pair();
  const files = 300;
  const stays = await worked(kept, lost, files);
  await kept.run(["devices", "rm", lost.name, "--remove-copies"]);
  const trashed = (): number =>
    Object.keys(sight(lost)).filter((path) => path.startsWith(".holdfast/trash/") && path.includes("equal")).length;
  const moments: Readonly<Record<string, () => boolean>> = {
    "it was asked": () => lost.lastWords().includes("your account asked"),
    "the first have left their places": () => !existsSync(join(lost.folder, "work/deep/equal 0")),
    "all have left their places": () => trashed() > files,
    "the first are gone for good": () => trashed() < files,
    "the folder was cleared": () => existsSync(join(lost.configFolder, "cleared.json")),
    "the sync is given up": () => readdirSync(join(lost.configFolder, "sync")).length === 0,
  };
  for (const [what, is] of Object.entries(moments)) {
    lost.start();
    const isThere = eventually(what, timeoutMs, () => isSeen(is) || undefined);
    const seen = await Promise.race([isThere, lost.ended()]);
    if (what === "it was asked") assert.equal(seen, true, lost.lastWords());
    if (what === "all have left their places") {
      const { stdout } = await lost.run(["status"]);
      assert.match(stdout, /: removing its copies\n {2}! .*was signed out from another .* are being removed/);
      assert.doesNotMatch(stdout, /not running/);
    }
    await lost.kill();
    if (what === "all have left their places") assert.match((await lost.run(["status"])).stdout, /: not running\n/);
    for (const [path, text] of Object.entries(stays)) assert.equal(sight(lost)[path], text, `${path}, when ${what}`);
  }
  lost.start();
  assert.equal(await lost.ended(), 3);
  assert.deepEqual(sight(lost), stays, lost.lastWords());
  const [clearing] = await clearings(api);
  assert.notEqual(clearing.done_at, null);
  assert.equal(clearing.kept, Object.keys(stays).length);
});

/** Files may disappear between listing and reading. */
function isSeen(is: () => boolean): boolean {
  try {
    return is();
  } catch {
    return false;
  }
}

test("a running or paused sync stops with the reason once its device is removed", async () => {
  const { api, lost, kept } = await pair();
  for (const device of [lost, kept]) {
    device.start();
    await device.idle();
  }
  await kept.pause();
  for (const device of [lost, kept]) {
    const id = await deviceOf(api, device.name);
    // The long poll is open after the device is listed as syncing.
    await eventually("it waits for changes", timeoutMs, async () => {
      const { items } = await ok(api, "GET", "/devices");
      return items.find((each: { id: string }) => each.id === id).kind === "sync" || undefined;
    });
    await ok(api, "DELETE", `/devices/${id}`);
    assert.equal(await device.ended(), 3);
    assert.match(device.lastWords(), /has ended: it was signed out on this device, from another/);
  }
});

test("signing in on the device again cancels the removal of its copies", async () => {
  const { api, kept, lost, account } = await pair();
  write(kept, "equal", "the same");
  kept.start();
  lost.start();
  await eventually("both have it", timeoutMs, () => "equal" in sight(lost) || undefined);
  await lost.idle();
  await lost.kill();
  await kept.run(["devices", "rm", lost.name, "--remove-copies"]);
  assert.equal((await clearings(api)).length, 1);
  const args = ["login", lost.cable.url, "--email", account.email, "--password-stdin", "--device-name", lost.name];
  const again = await lost.run(args, `${account.password}\n`);
  assert.equal(again.code, 0, again.stderr);
  assert.deepEqual(await clearings(api), []);
  lost.start();
  await lost.idle();
  assert.equal(sight(lost)["equal"], "the same");
  const third = await lost.run(args, `${account.password}\n`);
  assert.equal(third.code, 0, third.stderr);
  write(kept, "later", "after that");
  await eventually("it goes on", timeoutMs, () => "later" in sight(lost) || undefined);
});

test("an impostor server without the device's secret removes nothing", async (t) => {
  const { kept, lost } = await pair();
  write(kept, "equal", "the same");
  kept.start();
  lost.start();
  await eventually("both have it", timeoutMs, () => "equal" in sight(lost) || undefined);
  await lost.idle();
  await lost.kill();
  const meddler = await Meddler.stand(home.server.url);
  t.after(() => meddler.close());
  await kept.run(["devices", "rm", lost.name, "--remove-copies"]);
  const path = join(lost.configFolder, "login.json");
  const login = JSON.parse(readFileSync(path, "utf8"));
  writeFileSync(path, JSON.stringify({ ...login, server: meddler.url }));
  const another = JSON.parse(readFileSync(join(kept.configFolder, "login.json"), "utf8"));
  const prove = (order: Order, secret: string) => ({
    ...order,
    proof: createHmac("sha256", secret).update(clearingWords(order)).digest("base64url"),
  });
  const orders: Readonly<Record<string, (order: Order) => object>> = {
    "of another secret": (order) => prove(order, another.deviceSecret),
    "of another time": (order) => ({ ...order, asked_at: "2026-01-01T00:00:00Z" }),
    "of another device": (order) => prove({ ...order, device_id: another.deviceId }, login.deviceSecret),
    "that is none": (order) => ({ ...order, proof: "" }),
  };
  let asked = 0;
  const startWith = async (changed: (order: Order) => object): Promise<void> => {
    meddler.meddling = async ({ path: route }, forward) => {
      const answer = await forward();
      if (!route.endsWith("/devices/clearing")) return answer;
      asked += 1;
      return jsonAnswer(answer.status, changed(JSON.parse(answer.body.toString())));
    };
    lost.start();
    assert.equal(await lost.ended(), 3, lost.lastWords());
  };
  for (const [what, changed] of Object.entries(orders)) {
    await startWith(changed);
    assert.equal(sight(lost)["equal"], "the same", what);
  }
  assert.equal(asked, Object.keys(orders).length);
  await startWith((order) => order);
  assert.deepEqual(sight(lost), {}, "the true order is obeyed by the same way");
});

test("only the owner can request a clearing, and only the device with its own secret can fetch and complete it", async () => {
  const { api, kept, lost } = await pair();
  const secretOf = ({ configFolder }: Device): string =>
    JSON.parse(readFileSync(join(configFolder, "login.json"), "utf8")).deviceSecret;
  const id = await deviceOf(api, lost.name);
  const stranger = await pair();
  assert.equal((await stranger.api.call("DELETE", `/devices/${id}?remove_copies=true`)).status, 404);
  await ok(api, "DELETE", `/devices/${id}?remove_copies=true`);
  const own = secretOf(lost);
  const [, , proof = ""] = secretOf(kept).split("_");
  const forged = [secretOf(kept), secretOf(stranger.lost), own.slice(0, -2), `hfd_${id.replaceAll("-", "")}_${proof}`];
  const open = new Api(home.server.url);
  for (const device_secret of forged) {
    assert.equal((await open.call("POST", "/devices/clearing", { device_secret })).status, 404);
    const done = { device_secret, removed: 1, kept: 0 };
    assert.equal((await open.call("POST", "/devices/clearing/done", done)).status, 404);
  }
  const order = await ok(open, "POST", "/devices/clearing", { device_secret: own });
  assert.equal(order.device_id, id);
  for (let turn = 0; turn < 2; turn += 1)
    await ok(open, "POST", "/devices/clearing/done", { device_secret: own, removed: 5 + turn, kept: 2 });
  const [clearing] = await clearings(api);
  assert.deepEqual([clearing.removed, clearing.kept], [5, 2]);
  assert.equal((await open.call("POST", "/devices/clearing", { device_secret: own })).status, 404);
});

test("logout --others and --everywhere sign out all other or all sessions, and devices describes each", async () => {
  const { api, kept, lost } = await pair();
  const listed = (await kept.run(["devices"])).stdout;
  assert.match(listed, new RegExp(`${lost.name} .*command .*Linux .*127\\.0\\.0\\.1 .*password`));
  assert.equal((await kept.run(["logout", "--others"])).code, 0);
  assert.equal((await lost.run(["whoami"])).code, 3);
  assert.equal((await kept.run(["whoami"])).code, 0);
  assert.equal((await api.call("GET", "/devices")).status, 401);
  assert.equal((await kept.run(["logout", "--everywhere"])).code, 0);
  assert.match((await kept.run(["whoami"])).stderr, /Not signed in/);
});
