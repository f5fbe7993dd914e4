import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { bounded } from "@holdfast/tools/bounded";
import type pg from "pg";
import { type Connection, openPool } from "../database.ts";
import { type FailoverPair, startFailoverPair } from "../replicas/testing-standby.ts";
import { silentLog } from "../testing.ts";
import { openClient } from "./open-client.ts";
import { Primaries } from "./primaries.ts";

async function until(what: string, isTrue: () => Promise<boolean>): Promise<void> {
  const stillInTime = bounded(what);
  while (!(await isTrue())) {
    stillInTime();
    await delay(20);
  }
}

describe("While there is no primary, a standby", () => {
  let pair: FailoverPair;
  let primaries: Primaries;
  let connection: Connection;
  let pool: pg.Pool;
  const open = () => openPool({ connection, applicationName: "test", log: silentLog });
  const reads = () =>
    pool.query("select pg_is_in_recovery() as standby").then(
      ({ rows }) => rows[0]?.standby as boolean,
      () => undefined,
    );

  before(async () => {
    pair = await startFailoverPair({ isSynchronous: false });
    primaries = new Primaries(silentLog, undefined, { standbyReadsMsMax: 3600_000 });
    connection = primaries.of(pair.url);
    pool = open();
    await pool.query("create table written (at timestamptz default now())");
    await delay(1500);
  });
  after(async () => {
    await pool?.end();
    await primaries?.close();
    await pair?.stop();
  });

  test("answers reads of pools, and nothing else", async () => {
    await pair.primary.kill();
    assert.equal(primaries.isReadOnly, false);
    await until("a read", async () => (await reads()) === true);
    assert.equal(primaries.isReadOnly, true);
    await assert.rejects(pool.query("insert into written default values"), { code: "25006" });
    await assert.rejects(openClient(connection).connect(), { code: "unavailable" });
  });

  test("does so after a time without connections", async () => {
    await pool.end();
    await delay(1500);
    assert.equal(primaries.isReadOnly, true);
    pool = open();
    assert.equal(await reads(), true);
  });

  test("accepts changes after its promotion, once it was found", async () => {
    const client = await pool.connect();
    assert.equal(
      (await client.query("show default_transaction_read_only")).rows[0].default_transaction_read_only,
      "on",
    );
    client.release();
    await pair.standby.promote();
    await until("a write", () =>
      pool.query("insert into written default values").then(
        () => true,
        () => false,
      ),
    );
    await until("the end of reads from a standby", async () => !primaries.isReadOnly);
    await until("a read from the primary", async () => (await reads()) === false);
  });
});
