import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { rmSync } from "node:fs";
import { test } from "node:test";
import { HoldfastError } from "@holdfast/core/errors";
import { startEmbeddedPostgres } from "./embedded-postgres.ts";
import { checkExternalPostgres } from "./external-postgres.ts";
import { copyTemplate, makeTestFolder, silentLog } from "./testing.ts";

const refusal = (pattern: RegExp) => (error: unknown) =>
  error instanceof HoldfastError && error.code === "failed" && pattern.test(error.message);

test("an external database is accepted only if it is durable, and rejected with the reason otherwise", async (t) => {
  const folder = makeTestFolder();
  await copyTemplate(folder);
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const cases: [Record<string, string>, RegExp | undefined][] = [
    [{}, undefined],
    [{ fsync: "off" }, /fsync = off/],
    [{ full_page_writes: "off", synchronous_commit: "off" }, /full_page_writes = off, synchronous_commit = off/],
  ];
  for (const [settings, pattern] of cases) {
    const options = { dataFolder: folder, log: silentLog, random: randomBytes, settings, loopback: true };
    const postgres = await startEmbeddedPostgres(options);
    try {
      const { user, password, host, port, database } = postgres.connection;
      const url = `postgres://${user}:${String(password)}@${host}:${port}/${database}`;
      const check = checkExternalPostgres({ connectionString: url });
      await (pattern === undefined ? check : assert.rejects(check, refusal(pattern)));
      const wrong = checkExternalPostgres({ connectionString: url.replace(String(password), "wrong") });
      await assert.rejects(wrong, refusal(/rejected the connection/));
    } finally {
      await postgres.stop();
    }
  }
  await assert.rejects(checkExternalPostgres({ connectionString: "postgres://a:b@127.0.0.1:1/c" }), {
    code: "unavailable",
    message:
      "The database of --database-url at 127.0.0.1:1/c does not answer: nothing listens there. Check the address, and that PostgreSQL is running.",
  });
});
