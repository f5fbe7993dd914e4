import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, chownSync, mkdtempSync, realpathSync, rmSync, statSync, writeFileSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { HoldfastError } from "@holdfast/core/errors";
import { closeToOthers } from "./close-to-others.ts";
import { defaultDataFolder } from "@holdfast/disk/default-data-folder";
import { openDataFolder } from "./open-data-folder.ts";

function temporaryFolder(t: TestContext): string {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "holdfast-data-folder-")));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

test("a data folder is created with its parents, and its private folders are private", async (t) => {
  const path = join(temporaryFolder(t), "a", "b");
  const folder = await openDataFolder(path);
  assert.equal(folder.path, path);
  assert.equal(statSync(path).mode & 0o777, 0o700);
  assert.equal(statSync(await folder.privateFolder("keys")).mode & 0o777, 0o700);
  assert.equal(await folder.privateFolder("keys"), join(path, "keys"));
  folder.release();
});

test("a full disk of the data folder is reported with advice", async (t) => {
  const path = temporaryFolder(t);
  const full = Object.assign(new Error("database or disk is full"), { errcode: 13 });
  const exec = t.mock.method(DatabaseSync.prototype, "exec", () => {
    throw full;
  });
  await assert.rejects(openDataFolder(path), {
    code: "store_full",
    message: `The disk of ${path} is full, so the server cannot start. Nothing is lost. Free some space on that disk (512 MiB is enough), then start again.`,
  });
  exec.mock.restore();
  (await openDataFolder(path)).release();
});

test("a data folder in use is rejected with its path and process, also within the same process", async (t) => {
  const path = temporaryFolder(t);
  const folder = await openDataFolder(path);
  await assert.rejects(
    openDataFolder(path),
    (error) =>
      error instanceof HoldfastError &&
      error.code === "locked" &&
      error.message.includes(path) &&
      error.message.includes(`process ${process.pid}`),
  );
  folder.release();
  (await openDataFolder(path)).release();
});

test("a killed holder leaves no lock behind", async (t) => {
  const path = temporaryFolder(t);
  const script = `
    import { openDataFolder } from ${JSON.stringify(import.meta.resolve("./open-data-folder.ts"))};
    globalThis.held = await openDataFolder(${JSON.stringify(path)});
    console.log("held");
    setInterval(() => {}, 60_000);`;
  const holder = spawn(process.execPath, ["--input-type=module", "-e", script], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  await once(holder.stdout, "data");
  await assert.rejects(
    openDataFolder(path),
    (error) => error instanceof HoldfastError && error.code === "locked" && error.body["pid"] === holder.pid,
  );
  holder.kill("SIGKILL");
  await once(holder, "exit");
  (await openDataFolder(path)).release();
});

test("a secret file is closed to other users, and rejected if another user owns it", (t) => {
  const path = join(temporaryFolder(t), "secret");
  const said: object[] = [];
  const log = { warn: (fields: object) => void said.push(fields) };
  closeToOthers(path, log);
  writeFileSync(path, "secret");
  for (const [before, after] of [
    [0o600, 0o600],
    [0o400, 0o400],
    [0o640, 0o600],
    [0o602, 0o600],
    [0o444, 0o400],
  ] as const) {
    chmodSync(path, before);
    said.length = 0;
    closeToOthers(path, log);
    assert.equal(statSync(path).mode & 0o777, after);
    assert.equal(said.length, before === after ? 0 : 1);
  }
  if (process.getuid?.() !== 0) return;
  chownSync(path, 12_345, 12_345);
  assert.throws(
    () => closeToOthers(path, log),
    (error) => error instanceof HoldfastError && error.code === "failed" && error.message.includes("user 12345"),
  );
});

test("a folder that cannot be created is rejected with advice", async (t) => {
  const path = temporaryFolder(t);
  (await openDataFolder(path)).release();
  for (const folder of [join(path, "lock.sqlite", "below"), join(path, "lock.sqlite")])
    await assert.rejects(
      openDataFolder(folder),
      (error) => error instanceof HoldfastError && error.code === "failed" && error.message.includes("--data DIR"),
    );
});

test("the default data folder follows the platform's convention", () => {
  const host = { platform: "linux", homeFolder: "/home/ada", environment: {}, userId: 1000 } as const;
  assert.equal(defaultDataFolder(host), "/home/ada/.local/share/holdfast");
  assert.equal(defaultDataFolder({ ...host, environment: { XDG_DATA_HOME: "/data" } }), "/data/holdfast");
  assert.equal(
    defaultDataFolder({ ...host, environment: { XDG_DATA_HOME: "data" } }),
    "/home/ada/.local/share/holdfast",
  );
  assert.equal(defaultDataFolder({ ...host, userId: 0 }), "/var/lib/holdfast");
  assert.equal(
    defaultDataFolder({ ...host, platform: "darwin", homeFolder: "/Users/ada" }),
    "/Users/ada/Library/Application Support/holdfast",
  );
  assert.equal(
    defaultDataFolder({ ...host, platform: "win32", environment: { LOCALAPPDATA: "C:\\Local" }, userId: undefined }),
    "C:\\Local\\holdfast",
  );
});
