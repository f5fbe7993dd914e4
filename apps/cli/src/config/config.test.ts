import assert from "node:assert/strict";
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { mountSmallDisk, unmount } from "../acceptance/small-disk.ts";
import { configFolder } from "./config-folder.ts";
import { parseServer } from "./connection.ts";
import { withProcessLock } from "./process-lock.ts";
import { SavedLogin } from "./saved-login.ts";
import type { Login } from "./saved-login.ts";

const home = mkdtempSync(join(tmpdir(), "holdfast-config-"));
after(() => rmSync(home, { recursive: true }));

const login: Login = {
  server: "http://127.0.0.1:8420",
  email: "me@example.org",
  deviceId: "d",
  accessToken: "a",
  accessTokenEndsMs: 1,
  refreshToken: "r",
};

test("the configuration folder is the given one or the platform's default", () => {
  const at = (platform: NodeJS.Platform, environment: Record<string, string>) =>
    configFolder({ platform, homeFolder: "/home/me", environment });
  assert.equal(at("linux", { HOLDFAST_CONFIG_DIR: "/x" }), "/x");
  assert.equal(at("linux", {}), "/home/me/.config/holdfast");
  assert.equal(at("linux", { XDG_CONFIG_HOME: "/c" }), "/c/holdfast");
  assert.equal(at("linux", { XDG_CONFIG_HOME: "relative" }), "/home/me/.config/holdfast");
  assert.equal(at("darwin", {}), "/home/me/Library/Application Support/holdfast-cli");
});

test("a login is readable only by its owner, and gone after logout", async () => {
  const folder = join(home, "new", "config");
  const saved = new SavedLogin(folder);
  assert.equal(await saved.read(), undefined);
  await saved.update(() => Promise.resolve(login));
  assert.deepEqual(await saved.read(), login);
  assert.equal(statSync(join(folder, "login.json")).mode & 0o777, 0o600);
  assert.equal(statSync(folder).mode & 0o777, 0o700);
  await saved.update(() => Promise.resolve(undefined));
  assert.equal(await saved.read(), undefined);
  assert.deepEqual(readdirSync(folder), ["login.lock"]);
});

test("a login that was readable by others is private after the next change", async () => {
  const saved = new SavedLogin(home);
  await saved.update(() => Promise.resolve(login));
  chmodSync(join(home, "login.json"), 0o644);
  await saved.update((stored) => Promise.resolve(stored === undefined ? undefined : { ...stored, accessToken: "b" }));
  assert.equal(statSync(join(home, "login.json")).mode & 0o777, 0o600);
});

test("a damaged login is reported as such, and reading it does not lose it", async () => {
  const folder = mkdtempSync(join(home, "damaged-"));
  writeFileSync(join(folder, "login.json"), '{"server":1}');
  await assert.rejects(new SavedLogin(folder).read(), { code: "unauthenticated" });
  assert.equal(readFileSync(join(folder, "login.json"), "utf8"), '{"server":1}');
});

test("concurrent changes of the login wait for each other", async () => {
  const path = join(home, "lock");
  const steps: string[] = [];
  let release: (value?: unknown) => void = () => {};
  const held = new Promise((resolve) => (release = resolve));
  let entered: (value?: unknown) => void = () => {};
  const isHeld = new Promise((resolve) => (entered = resolve));
  const first = withProcessLock(path, async () => {
    entered();
    await held;
    steps.push("first");
  });
  await isHeld;
  const second = withProcessLock(path, () => Promise.resolve(steps.push("second")));
  release();
  await Promise.all([first, second]);
  assert.deepEqual(steps, ["first", "second"]);
  await assert.rejects(
    withProcessLock(path, () => Promise.reject(new Error("inside"))),
    /inside/,
  );
  assert.equal(await withProcessLock(path, () => Promise.resolve("free again")), "free again");
});

test("a lock needs no space on its disk", async (t) => {
  const disk = join(home, "disk");
  if (!mountSmallDisk(t, disk, 64 * 1024)) return;
  try {
    assert.throws(() => writeFileSync(join(disk, "ballast"), new Uint8Array(128 * 1024)), { code: "ENOSPC" });
    assert.equal(await withProcessLock(join(disk, "lock"), () => Promise.resolve("held")), "held");
  } finally {
    unmount(disk);
  }
});

test("an address without a scheme means https, and http on this machine itself", () => {
  assert.equal(parseServer("drive.example"), "https://drive.example");
  assert.equal(parseServer("http://127.0.0.1:8420/"), "http://127.0.0.1:8420");
  assert.equal(parseServer("127.0.0.1:8732"), "http://127.0.0.1:8732");
  assert.equal(parseServer("localhost"), "http://localhost");
  assert.equal(parseServer("[::1]:8732"), "http://[::1]:8732");
  assert.equal(parseServer("localhost.example:8732"), "https://localhost.example:8732");
  for (const bad of ["", "ftp://x", "http://", "a b"]) assert.throws(() => parseServer(bad), { code: "usage" });
});
