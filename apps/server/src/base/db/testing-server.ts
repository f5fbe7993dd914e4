import { randomBytes } from "node:crypto";
import { createInterface } from "node:readline";
import { openDataFolder } from "../data-folder/open-data-folder.ts";
import { openDatabase } from "./database.ts";
import { startEmbeddedPostgres } from "./embedded-postgres.ts";
import { takeOwnerLock } from "./owner-lock.ts";
import { silentLog } from "./testing.ts";

/**
 * Process for tests to kill. Owns the data folder in its argument, adds a row for each input line, and prints the
 * number of committed rows. Stops in order at the end of its input.
 */
const folder = await openDataFolder(process.argv[2] ?? "");
const postgres = await startEmbeddedPostgres({ dataFolder: folder.path, log: silentLog, random: randomBytes });
const lock = await takeOwnerLock(postgres.connection, silentLog);
const { pool } = openDatabase({ connection: postgres.connection, applicationName: "test", log: silentLog });
await pool.query("create table if not exists line (at timestamptz default now())");
console.log(JSON.stringify({ pid: postgres.pid(), uid: process.getuid?.() }));
for await (const _line of createInterface({ input: process.stdin })) {
  lock.assertHeld();
  await pool.query("insert into line default values");
  const { rows } = await pool.query<{ n: number }>("select count(*) as n from line");
  console.log(JSON.stringify({ rows: rows[0]?.n }));
}
await pool.end();
await lock.release();
await postgres.stop();
folder.release();
