import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { copyFileSync, mkdirSync, rmSync, statSync, truncateSync } from "node:fs";
import { join } from "node:path";
import { before, describe, test } from "node:test";
import { assertCommitted, putBatch } from "./batches.ts";
import { flipByte, readPackLayout } from "./pack-files.ts";
import { eventually } from "./testing.ts";
import { objectsIn, withScene } from "./two-store-scene.ts";

/** Invariant: each store replaces lost or damaged packs of the other, and after a scrub both are whole and equal. */
describe(
  "Damage in two stores",
  withScene((scene) => {
    before(async () => {
      await scene.start();
      await scene.putFiles(40);
      const blocks = [randomBytes(3000), randomBytes(3000), randomBytes(3000)];
      assertCommitted(await putBatch(scene.api, [{ path: "/together", blocks }]));
      scene.files.set("/together", Buffer.concat(blocks));
      await scene.equalAgain();
    });

    function damage(store: string, packs: readonly string[]): number {
      const path = (index: number) => join(store, "objects", packs[index] ?? assert.fail());
      const sizeOf = (index: number) => statSync(path(index)).size;
      flipByte(path(0), readPackLayout(path(0)).records[0]?.start ?? 0);
      flipByte(path(1), 3);
      flipByte(path(2), sizeOf(2) - 1);
      rmSync(path(3));
      truncateSync(path(4), sizeOf(4) >> 1);
      truncateSync(path(5), 0);
      copyFileSync(path(6), join(scene.folder, "swapped"));
      copyFileSync(path(7), path(6));
      copyFileSync(join(scene.folder, "swapped"), path(7));
      return 8;
    }

    test("all files stay readable, a scrub makes both stores equal and intact, and each repair is reported once", async () => {
      const packs = [...objectsIn(scene.stores[0]).keys()].filter((name) => name.startsWith("packs/"));
      const whole = scene.stores.map(objectsIn);
      const together = packs.find(
        (name) => readPackLayout(join(scene.stores[0], "objects", name)).records.length === 3,
      );
      const alone = packs.filter((name) => name !== together);
      const count = damage(scene.stores[0], alone.slice(0, 10)) + damage(scene.stores[1], alone.slice(10, 20));
      // Each store has a different damaged block of the same pack.
      for (const [index, store] of scene.stores.entries()) {
        const path = join(store, "objects", together ?? assert.fail());
        flipByte(path, (readPackLayout(path).records[index]?.start ?? 0) + 50);
      }
      const found = await scene.verify();
      assert.equal(found.code, 1, JSON.stringify(found.copies));
      assert.ok(
        found.copies.every(
          ({ state, lag_objects, damaged_objects = 0 }) =>
            state === "damaged" && lag_objects === 1 && damaged_objects >= 7,
        ),
      );

      await scene.assertAllRead();
      const report = await scene.scrub();
      assert.equal(report.state, "done");
      assert.deepEqual(report.damaged, []);
      await scene.equalAgain();
      assert.deepEqual(scene.stores.map(objectsIn), whole);
      const lines = scene.logLines("a pack was copied from one store to the other");
      const late = scene.logLines("an object is missing or damaged in one store and is copied from the other");
      const mended = new Set(lines.map(({ store, pack_id }) => `${store} ${pack_id}`));
      assert.equal(mended.size, lines.length, "something was told twice");
      assert.ok(lines.length + late.length >= count, `${lines.length} and ${late.length} of ${count} were told`);
      assert.deepEqual((await scene.scrub()).mended, []);
      await scene.assertAllRead();
      const { code, copies } = await scene.verify();
      assert.equal(code, 0, JSON.stringify(copies));
    });

    test("a scrub repairs unread damage in either store, and reports it", async () => {
      const packs = [...objectsIn(scene.stores[0]).keys()].filter((name) => name.startsWith("packs/"));
      const whole = scene.stores.map(objectsIn);
      damage(scene.stores[0], packs.slice(20, 30));
      damage(scene.stores[1], packs.slice(30, 40));
      const report = await scene.scrub();
      assert.deepEqual(report.damaged, []);
      assert.deepEqual(scene.stores.map(objectsIn), whole);
      assert.ok(report.mended.length >= 10, JSON.stringify(report.mended));
      assert.deepEqual(new Set(report.mended.map((each: { store: string }) => each.store)), new Set(scene.stores));
    });

    for (const which of [0, 1] as const) {
      test(`after store ${which + 1} is deleted, nothing is lost and it is filled from the other`, async () => {
        const store = scene.stores[which];
        rmSync(store, { recursive: true });
        await scene.assertAllRead();
        assert.deepEqual((await scene.scrub()).damaged, []);
        await scene.equalAgain();
        const emptied = scene.stores[1 - which] ?? "";
        rmSync(emptied, { recursive: true });
        mkdirSync(emptied);
        await scene.assertAllRead();
        // The emptied store is refilled without any command. Until the server has noticed, both count as equal.
        await eventually("the emptied store is refilled", 180_000, async () =>
          objectsIn(emptied).size === objectsIn(store).size ? true : undefined,
        );
        await scene.equalAgain();
      });
    }
  }),
);
