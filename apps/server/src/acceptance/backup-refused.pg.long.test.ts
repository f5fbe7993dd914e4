import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { startEmbeddedPostgres } from "../base/db/embedded-postgres.ts";
import { silentLog } from "../base/db/testing.ts";
import { hashOf } from "./batches.ts";
import { Api, holdfast, makeFolder, removeFolder, startServer } from "./testing.ts";
import { verifyFiles } from "./traffic.ts";

const mib = 1024 * 1024;

test("a backup onto a full disk fails, leaves no backup and does not harm the server", async (t) => {
  if (process.getuid?.() !== 0) return t.skip("only root may mount a small disk");
  const folder = makeFolder("backup-full");
  const place = join(folder, "small");
  mkdirSync(place);
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", `size=${20 * mib}`, "tmpfs", place], { stdio: "pipe" });
  } catch (error) {
    return t.skip(`a small disk cannot be mounted here: ${String((error as { stderr?: Buffer }).stderr).trim()}`);
  }
  const data = join(folder, "data");
  const server = await startServer({ dataFolder: data });
  t.after(async () => {
    await server.stop();
    execFileSync("umount", ["--lazy", place], { stdio: "pipe" });
    removeFolder(folder);
  });
  const api = await Api.signIn(server.url);
  const files = new Map<string, string>();
  for (let file = 0; file < 10; file += 1) {
    const content = randomBytes(3 * mib);
    assert.equal((await api.put(`/${file}`, content)).status, 201);
    files.set(`/${file}`, hashOf(content));
  }
  const { code, stderr } = await holdfast(["admin", "backup", place, "--data", data]);
  assert.equal(code, 1);
  assert.match(stderr, /ENOSPC|full/);
  assert.equal(existsSync(join(place, "objects", "backups")), false);
  const restored = await holdfast(["admin", "restore-backup", place, "--data", join(folder, "restored")]);
  assert.equal(restored.code, 4, restored.stderr);
  assert.equal((await api.put("/after", "after")).status, 201);
  await verifyFiles(api, files);
});

test("with an external PostgreSQL, a backup contains the store and reports the missing database", async (t) => {
  const folder = makeFolder("backup-external");
  const databaseFolder = join(folder, "database");
  mkdirSync(databaseFolder, { mode: 0o711 });
  const postgres = await startEmbeddedPostgres({
    dataFolder: databaseFolder,
    log: silentLog,
    random: randomBytes,
    loopback: true,
  });
  const { user, password, port } = postgres.connection;
  const env = {
    HOLDFAST_DATABASE_URL: `postgres://${user}:${encodeURIComponent(String(password))}@127.0.0.1:${port}/postgres`,
  };
  const server = await startServer({ dataFolder: join(folder, "data"), env });
  t.after(async () => {
    await server.stop();
    await postgres.stop();
    removeFolder(folder);
  });
  const api = await Api.signIn(server.url);
  assert.equal((await api.put("/file", randomBytes(100_000))).status, 201);
  const place = join(folder, "backups");
  const { code, stdout, stderr } = await holdfast(
    ["admin", "backup", place, "--data", join(folder, "data"), "--json"],
    { env },
  );
  assert.equal(code, 0, stderr);
  assert.equal(JSON.parse(stdout).database, false);
  assert.equal(JSON.parse(stdout).packs, 1);
  assert.match(stderr, /database is not in it/);
  const restored = await holdfast(["admin", "restore-backup", place, "--data", join(folder, "restored")]);
  assert.equal(restored.code, 1);
  assert.match(restored.stderr, /external PostgreSQL/);
});
