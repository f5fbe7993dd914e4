import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { rmSync } from "node:fs";
import { test } from "node:test";
import { HoldfastError } from "@holdfast/core/errors";
import { startEmbeddedPostgres } from "./embedded-postgres.ts";
import { takeOwnerLock } from "./owner-lock.ts";
import { copyTemplate, makeTestFolder, silentLog } from "./testing.ts";

test("only one server owns a database, and its lock follows the database's outage and return", async (t) => {
  const folder = makeTestFolder();
  await copyTemplate(folder);
  const postgres = await startEmbeddedPostgres({ dataFolder: folder, log: silentLog, random: randomBytes });
  t.after(async () => {
    await postgres.stop();
    rmSync(folder, { recursive: true, force: true });
  });
  const lock = await takeOwnerLock(postgres.connection, silentLog);
  lock.assertHeld();
  await assert.rejects(
    takeOwnerLock(postgres.connection, silentLog),
    (error) => error instanceof HoldfastError && error.code === "locked",
  );

  const lost = new Promise<void>((resolve) => lock.onLost(resolve));
  const regained = new Promise<void>((resolve) => lock.onRegained(resolve));
  process.kill(postgres.pid() ?? 0, "SIGKILL");
  await lost;
  assert.throws(
    () => lock.assertHeld(),
    (error) => error instanceof HoldfastError && error.code === "unavailable" && error.retryable,
  );
  await regained;
  lock.assertHeld();

  await lock.release();
  assert.equal(lock.held, false);
  const next = await takeOwnerLock(postgres.connection, silentLog);
  await next.release();
});
