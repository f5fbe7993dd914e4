import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { test } from "node:test";
import { makeS3Store } from "@holdfast/object-store/s3-store";
import { startS3rver } from "@holdfast/object-store/testing-s3-server";
import { sql } from "kysely";
import { startTestDatabases } from "../../base/db/testing.ts";
import { scrubCell } from "../repair/scrub.ts";
import { blockOf, makeSpace, makeTestClock, openBlockWorld, silentBlockLog, startTestPool } from "../testing.ts";

test("a missing bucket is not damage, and a missing key in an existing bucket is", async (t) => {
  const s3 = await startS3rver();
  t.after(() => s3.stop());
  const databases = await startTestDatabases({ fsync: false });
  t.after(() => databases.stop());
  const pool = startTestPool();
  t.after(() => pool.close());
  const store = makeS3Store({ location: s3.locationOf("away/"), credentials: s3.credentials });
  const { cells, service } = await openBlockWorld(pool, { databases, store });
  t.after(() => service.close());
  const cell = cells.all()[0] ?? assert.fail();
  const place = await makeSpace(databases);
  const block = blockOf(randomBytes(4000));
  await service.store(place.spaceId, place.userId, [block]);
  const read = () => Array.fromAsync(service.read(place.spaceId, [block.hash]));
  const scrub = () =>
    scrubCell({
      cell,
      shards: databases.shards,
      pool,
      clock: makeTestClock(),
      random: randomBytes,
      log: silentBlockLog,
    });

  await s3.hideBucket();
  await assert.rejects(read(), { code: "unavailable" });
  await assert.rejects(scrub(), { code: "unavailable" });
  await assert.rejects(cell.keyring.assertStoreThere(), { code: "unavailable" });
  await s3.showBucket();
  assert.equal((await read()).length, 1);

  const { rows } = await sql<{ id: string }>`select id from cell.packs`.execute(cell.db);
  const id = rows[0]?.id ?? assert.fail();
  await store.delete(`packs/${id.slice(0, 2)}/${id}`);
  await assert.rejects(read(), { code: "damaged" });
});
