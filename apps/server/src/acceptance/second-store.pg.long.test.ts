import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { renameSync, unlinkSync } from "node:fs";
import { after, describe, test } from "node:test";
import { findPackFiles } from "./pack-files.ts";
import { eventually } from "./testing.ts";
import { objectsIn, TwoStoreScene, withScene } from "./two-store-scene.ts";

/**
 * Invariant: acknowledged content stays readable while one of the two stores holds it whole. Both stores hold it again after both
 * are back, regardless of failures of either store and of the server.
 */
describe(
  "Added second store",
  withScene((scene) => {
    test("receives all objects in the background, including those written meanwhile", async () => {
      const [first] = scene.stores;
      await scene.start({ stores: [first] });
      await scene.putFiles(20);
      assert.deepEqual(
        (await scene.copies()).map(({ store, state, lag_objects }) => [store, state, lag_objects]),
        [[first, "ok", 0]],
      );
      assert.equal(await scene.server.stop(), 0);
      await scene.start();
      await scene.putFiles(3);
      await scene.equalAgain();
      await scene.assertAllRead();
      const { code, copies } = await scene.verify();
      assert.deepEqual(
        [code, copies.map(({ state, lag_objects, lag_bytes }) => [state, lag_objects, lag_bytes])],
        [
          0,
          [
            ["ok", 0, 0],
            ["ok", 0, 0],
          ],
        ],
      );
    });

    test("receives objects that were written while the server ran without it", async () => {
      await scene.server.stop();
      await scene.start({ stores: scene.stores.slice(0, 1) });
      await scene.putFiles(3);
      await scene.server.stop();
      await scene.start();
      await scene.equalAgain();
    });

    test("is rejected and left unchanged if it belongs to another server", async () => {
      const other = new TwoStoreScene();
      after(() => other.close());
      await other.start();
      await other.putFiles(1);
      // A running server rewrites its keyring now and then, which would change the listed objects.
      await other.server.stop();
      await scene.server.stop();
      const untouched = objectsIn(other.stores[1]);
      await assert.rejects(
        scene.start({ stores: [scene.stores[0], other.stores[1]] }),
        /has the keyring of another server/,
      );
      assert.deepEqual(objectsIn(other.stores[1]), untouched);
      await scene.start();
      const [, second] = scene.stores;
      scene.takeAway(second);
      assert.equal((await scene.api.put("/refused", randomBytes(3000))).status, 503);
      // Imitates a disk mounted in the wrong place.
      unlinkSync(second);
      renameSync(other.stores[1], second);
      for (let attempt = 0; attempt < 3; attempt += 1) {
        assert.equal((await scene.api.put("/refused", randomBytes(3000))).status, 503);
      }
      assert.equal((await scene.copies())[1]?.state, "away");
      assert.deepEqual(objectsIn(second), untouched);
      renameSync(second, other.stores[1]);
      renameSync(`${second}.away`, second);
      await scene.equalAgain();
    });
  }),
);

describe(
  "Policy both",
  withScene((scene) => {
    for (const which of [0, 1] as const) {
      test(`while store ${which + 1} is away, reads work and writes are retryable, and writes resume once it is back`, async () => {
        if (scene.files.size === 0) await scene.start();
        await scene.putFiles(3);
        await scene.equalAgain();
        const store = scene.stores[which];
        scene.takeAway(store);
        const refused = await scene.api.put("/refused", randomBytes(3000));
        assert.deepEqual([refused.status, refused.body.code, refused.body.retryable], [503, "unavailable", true]);
        assert.ok(!refused.body.detail.includes(scene.folder), refused.body.detail);
        const known = findPackFiles(scene.stores[1 - which] ?? "").size;
        for (let attempt = 0; attempt < 3; attempt += 1) {
          assert.equal((await scene.api.put("/refused", randomBytes(3000))).status, 503);
        }
        assert.equal(
          findPackFiles(scene.stores[1 - which] ?? "").size,
          known,
          "refused writes fill the store that is there",
        );
        await scene.assertAllRead();
        assert.equal((await scene.copies())[which]?.state, "away");
        scene.bringBack(store);
        await eventually("writes go on", 60_000, async () =>
          (await scene.api.put("/taken", "x", "&on_conflict=replace")).status < 300 ? true : undefined,
        );
        await scene.equalAgain();
      });
    }
  }),
);

describe(
  "Policy one",
  withScene((scene) => {
    for (const which of [0, 1] as const) {
      test(`store ${which + 1} becomes unavailable during uploads and kills of the server, and catches up once it is back`, async () => {
        if (scene.files.size === 0) await scene.start({ policy: "one" });
        await scene.putFiles(2);
        await scene.equalAgain();
        const store = scene.stores[which];
        const uploads = scene.putFiles(10);
        scene.takeAway(store);
        await uploads;
        await eventually("it is told", 60_000, async () => {
          const copy = (await scene.copies())[which];
          return copy?.state === "away" && copy.lag_objects > 0 && copy.lag_bytes > 4000 ? true : undefined;
        });
        assert.match(await (await fetch(`${scene.server.url}/metrics`)).text(), /^store_up\{store="[^"]+"\} 0$/m);
        await scene.server.kill();
        await scene.start({ policy: "one" });
        await scene.putFiles(3);
        await scene.assertAllRead();
        await scene.server.kill();
        await scene.start({ policy: "one" });
        scene.bringBack(store);
        await scene.equalAgain();
        await scene.assertAllRead();
        assert.equal(scene.logLines("a store is unavailable; the other one is used").length > 0, true);
      });
    }
  }),
);
