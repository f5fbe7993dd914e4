import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import pg from "pg";
import { findRunningPostgres } from "../base/db/embedded-postgres.ts";
import { shredSteps } from "../base/db/shredding-tables.ts";
import { fillAccount, marksIn, type ShredScene, shredded, useShredScene } from "./shred-scene.ts";
import { eventually, ok, queryDatabase } from "./testing.ts";

/**
 * Invariant: after `kill -9` at any step of a shredding, the next start completes it with the same result.
 * Each kill comes after the work of a step and before its record. A lock of this test delays the record, so the step runs twice.
 */
describe("Shredding by a killed server", () => {
  let scene: ShredScene;
  before(async () => {
    scene = await useShredScene("shred-killed", { HOLDFAST_SNAPSHOT_INTERVAL: "off" });
    await queryDatabase(
      scene.data,
      `create function public.hold() returns trigger language plpgsql as $$ begin
         perform pg_advisory_xact_lock(${noteLock}); return new; end $$`,
    );
  });
  after(() => scene?.close());

  for (const step of shredSteps) {
    test(`is completed after a kill in the step "${step}"`, async () => {
      const ann = await fillAccount(scene, step);
      await ok(scene.admin, "PATCH", `/admin/users/${ann.email}`, { disabled: true });
      const kept = await scene.readOthers();
      await queryDatabase(
        scene.data,
        `create or replace trigger held before update on shard.shreddings for each row
           when (old.step = '${step}' and new.waits_for is null) execute function public.hold()`,
      );
      await killWhenHeld(scene, () => ok(scene.admin, "POST", `/admin/users/${ann.id}/shred`, {}));
      await scene.restart();
      const [row] = await queryDatabase(scene.data, `select * from shard.shreddings where user_id = '${ann.id}'`);
      assert.equal(row.figures.files > 5, true);
      await queryDatabase(scene.data, "drop trigger held on shard.shreddings");
      await shredded(scene, ann);
      assert.deepEqual(await marksIn(scene.data, ann), []);
      assert.deepEqual(await scene.readOthers(), kept);
    });
  }
});

const noteLock = 4712;

async function killWhenHeld({ data, server }: ShredScene, begin: () => Promise<unknown>): Promise<void> {
  const holder = new pg.Client(findRunningPostgres(data));
  await holder.connect();
  try {
    await holder.query(`select pg_advisory_lock(${noteLock})`);
    await begin();
    const waiting = await eventually("the step is to be noted", 120_000, async () => {
      const { rows } = await holder.query(
        `select pid from pg_locks where locktype = 'advisory' and objid = ${noteLock} and not granted`,
      );
      return rows[0]?.pid as number | undefined;
    });
    await server.kill();
    // The backend would otherwise still write the record after the server's death.
    await holder.query("select pg_terminate_backend($1)", [waiting]);
  } finally {
    await holder.end();
  }
}
