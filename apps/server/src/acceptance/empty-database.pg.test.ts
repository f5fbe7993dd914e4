import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { after, before, describe, test } from "node:test";
import pg from "pg";
import { longTest } from "@holdfast/tools/tiers";
import type { EmbeddedPostgres } from "../base/db/embedded-postgres.ts";
import { startSharedDatabase } from "./shared-database.ts";
import { Api, holdfast, makeFolder, removeFolder, startServer } from "./testing.ts";

describe("Empty external database with an earlier server's data", () => {
  const key = randomBytes(32).toString("base64");
  let folder: string;
  let postgres: EmbeddedPostgres;
  let url: string;

  before(async () => {
    folder = makeFolder("empty-database");
    ({ postgres, url } = await startSharedDatabase(folder));
    await inDatabase(undefined, "create database empty template template1");
    const server = await start(url, "one");
    const api = await Api.signIn(server.url);
    assert.equal((await api.put("/a.txt", "first")).status, 201);
    await server.stop();
  });
  after(async () => {
    await postgres?.stop();
    removeFolder(folder);
  });

  const inDatabase = async (database: string | undefined, statement: string): Promise<unknown[]> => {
    const client = new pg.Client({ ...postgres.connection, ...(database !== undefined && { database }) });
    await client.connect();
    try {
      return (await client.query(statement)).rows;
    } finally {
      await client.end();
    }
  };
  const emptyUrl = (): string => url.replace(/\/[^/]*$/, "/empty");
  const start = (database: string, name: string, args: readonly string[] = [], env = {}) => {
    mkdirSync(`${folder}/${name}`, { recursive: true });
    return startServer({ dataFolder: `${folder}/${name}`, args: ["--database-url", database, ...args], env });
  };
  const assertRefused = async (
    message: RegExp,
    name: string,
    args: readonly string[] = [],
    env = {},
  ): Promise<void> => {
    const starting = start(emptyUrl(), name, args, env).then(async (server) => {
      await server.stop();
      throw new Error("A server started.");
    });
    await assert.rejects(starting, { message });
    const schemas = "select nspname from pg_namespace where nspname in ('shard', 'cell')";
    assert.deepEqual(await inDatabase("empty", schemas), []);
  };

  test("the server does not start if its key, store or embedded database exists, and changes nothing", async () => {
    const store = `${folder}/one/store`;
    const kept = readdirSync(store, { recursive: true });
    await assertRefused(
      /external database is empty, but there is the key .* and a keyring in the store.*--database-url/,
      "one",
    );
    const env = { HOLDFAST_KEY_ENCRYPTION_KEY: key };
    await assertRefused(/there is a keyring in the store/, "two", ["--store", store], env);
    await assertRefused(
      /there is a keyring in the second store/,
      "two",
      ["--store", `${folder}/new`, "--second-store", store],
      env,
    );
    assert.deepEqual(readdirSync(store, { recursive: true }), kept);
    mkdirSync(`${folder}/embedded/postgres`, { recursive: true });
    await assertRefused(/there is the database .*embedded\/postgres.*admin rebuild/, "embedded");
    mkdirSync(`${folder}/keyed`);
    writeFileSync(`${folder}/keyed/key-encryption-key`, `${key}\n`, { mode: 0o600 });
    await assertRefused(/there is the key .*keyed/, "keyed");
    await assertRefused(/database of cell main is empty, and this server expects data/, "one", ["--expect-data"]);
  });

  test("nor does it start if the database was only migrated, beside another store", async () => {
    await inDatabase(undefined, "create database migrated template template1");
    const database = url.replace(/\/[^/]*$/, "/migrated");
    const env = {
      HOLDFAST_KEY_ENCRYPTION_KEY: readFileSync(`${folder}/one/key-encryption-key`, "utf8").trim(),
      HOLDFAST_DATABASE_URL: database,
    };
    const migrate = (store: string) =>
      holdfast(["admin", "migrate"], { env: { ...env, HOLDFAST_DATA: `${folder}/none`, HOLDFAST_STORE: store } });
    assert.equal((await migrate(`${folder}/mistyped`)).code, 0);
    const used = `${folder}/one/store`;
    const starting = (args: readonly string[]) =>
      start(database, "migrated", args, env).then(async (server) => {
        await server.stop();
        throw new Error("A server started.");
      });
    const message = /database is new and empty, but the store has the data/;
    await assert.rejects(starting(["--store", used]), { message });
    assert.match((await migrate(used)).stderr, message);
    await assert.rejects(starting(["--store", `${folder}/mistyped`, "--expect-data"]), {
      message: /database of cell main is empty, and this server expects data/,
    });
  });

  longTest("the server starts with its own database, and with a new one if there is no data", async () => {
    const own = await start(url, "one", ["--expect-data"]);
    assert.ok(await (await Api.signIn(own.url)).idOf("/a.txt"));
    await own.stop();
    const env = { HOLDFAST_KEY_ENCRYPTION_KEY: key };
    for (const name of ["first", "second"]) {
      const fresh = await start(emptyUrl(), name, ["--store", `${folder}/fresh`], env);
      assert.deepEqual(readdirSync(`${folder}/${name}`).includes("key-encryption-key"), false);
      await (await Api.signIn(fresh.url)).put(`/${name}.txt`, name);
      await fresh.stop();
    }
  });

  test("a cell does not start with an empty database and a used store, but a new cell does", async () => {
    const urlOf = (database: string): string => url.replace(/\/[^/]*$/, `/${database}`);
    const startCells = (second: string, store: string) => {
      const cells = [
        { id: "low", buckets: [[0, 2047]], store: `${folder}/low` },
        { id: "high", buckets: [[2048, 4095]], database_url: urlOf(second), store: `${folder}/${store}` },
      ];
      const topology = { shards: [{ id: "all", buckets: [[0, 4095]] }], cells };
      const env = { HOLDFAST_KEY_ENCRYPTION_KEY: key, HOLDFAST_TOPOLOGY: JSON.stringify(topology) };
      return start(urlOf("low"), "cells", [], env);
    };
    for (const database of ["low", "high", "other"])
      await inDatabase(undefined, `create database ${database} template template1`);
    await (await startCells("high", "high")).stop();
    const starting = startCells("other", "high").then(async (server) => {
      await server.stop();
      throw new Error("A server started.");
    });
    await assert.rejects(starting, { message: /database of cell high is empty, but there is a keyring in the store/ });
    assert.deepEqual(await inDatabase("other", "select nspname from pg_namespace where nspname = 'cell'"), []);
    await (await startCells("other", "new")).stop();
  });

  longTest("a topology over the embedded database starts as a new server, and again with its files", async () => {
    const whole = [{ id: "all", buckets: [[0, 4095]] }];
    const env = { HOLDFAST_TOPOLOGY: JSON.stringify({ shards: whole, cells: whole }) };
    mkdirSync(`${folder}/embedded-topology`);
    for (const name of ["first", "second"]) {
      const server = await startServer({ dataFolder: `${folder}/embedded-topology`, env });
      const api = await Api.signIn(server.url);
      assert.equal((await api.put(`/${name}.txt`, name)).status, 201);
      assert.equal(String((await api.download("/first.txt")).body), "first");
      await server.stop();
    }
  });
});
