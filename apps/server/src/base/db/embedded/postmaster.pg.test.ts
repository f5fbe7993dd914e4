import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import pg from "pg";
import { until } from "@holdfast/tools/bounded";
import { knowFolder } from "../../data-folder/known-folder.ts";
import { startEmbeddedPostgres } from "../embedded-postgres.ts";
import { copyTemplate, makeTestFolder } from "../testing.ts";
import { startPostmaster } from "./postmaster.ts";

test("a session ended by an administrator is logged as a warning, one ended by our stop only for debugging", async (t) => {
  const folder = makeTestFolder();
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  await copyTemplate(folder);
  const told: string[] = [];
  const at = (level: string) => (fields: object) => {
    if (JSON.stringify(fields).includes("due to administrator command")) told.push(level);
  };
  const log = { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") };
  const postgres = await startEmbeddedPostgres({ dataFolder: folder, log, random: randomBytes });
  t.after(() => postgres.stop());
  const [ended, left] = [new pg.Client(postgres.connection), new pg.Client(postgres.connection)];
  for (const client of [ended, left]) {
    client.on("error", () => {});
    await client.connect();
  }
  const { rows } = await ended.query<{ pid: number }>("select pg_backend_pid() as pid");
  await left.query("select pg_terminate_backend($1)", [rows[0]?.pid]);
  await until("the end of a session is told", () => told.length > 0);
  assert.deepEqual(told, ["warn"]);
  await postgres.stop();
  await until("the end of the other is told", () => told.length > 1);
  assert.deepEqual(told, ["warn", "debug"]);
});

test("a database that cannot start reports the reason on one line, with advice if its disk is full", async (t) => {
  const folder = makeTestFolder();
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const log = { debug() {}, info() {}, warn() {}, error() {} };
  const program = join(folder, "postgres");
  const cluster = knowFolder(folder);
  t.after(() => cluster.close());
  const start = (output: string) => {
    writeFileSync(program, `#!/bin/sh\ncat >&2 <<'END'\n${output}\nEND\nexit 1\n`, { mode: 0o755 });
    return startPostmaster({ program, cluster, settings: {}, account: undefined, log });
  };
  const begun = "LOG:  database system was interrupted";
  await assert.rejects(start(`${begun}\nFATAL:  could not write to file "pg_wal/x": No space left on device`), {
    code: "store_full",
    message: `The disk of ${folder} is full, so the database cannot start. Nothing is lost. Free some space on that disk (512 MiB is enough), then start again.`,
  });
  await assert.rejects(start(`${begun}\nFATAL:  could not open the lock file\nHINT:  Look at it.`), {
    code: "unavailable",
    message: "The database did not start: FATAL:  could not open the lock file HINT:  Look at it. it ended with code 1",
  });
});
