import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { eventually, ok } from "./testing.ts";
import { withScene } from "./two-store-scene.ts";

describe(
  "Keys of a server with two stores",
  withScene((scene) => {
    test("are replaced while one store is away, which later opens with the new keys only", async () => {
      await scene.start({ policy: "one" });
      await scene.putFiles(2);
      await scene.equalAgain();
      const [first] = scene.stores;
      await ok(scene.api, "POST", "/admin/keys/rotate", {});
      await scene.equalAgain();
      // The keyring is read from the first store.
      scene.takeAway(first);
      await ok(scene.api, "POST", "/admin/keys/rotate", {});
      await ok(scene.api, "POST", "/admin/keys/rotate", { data_key: true });
      await scene.putFiles(2);
      await scene.assertAllRead();
      await scene.server.kill();
      await scene.start({ policy: "one" });
      await scene.assertAllRead();
      scene.bringBack(first);
      await scene.equalAgain();
      await scene.server.stop();
      await scene.start({ stores: [first] });
      await scene.assertAllRead();
      await scene.server.stop();
    });

    test("cannot be replaced while one store is away under the policy both, until it is back", async () => {
      await scene.start();
      await scene.equalAgain();
      const [, second] = scene.stores;
      scene.takeAway(second);
      const refused = await scene.api.call("POST", "/admin/keys/rotate", {});
      assert.deepEqual([refused.status, refused.body.retryable], [503, true], JSON.stringify(refused.body));
      await scene.assertAllRead();
      scene.bringBack(second);
      await eventually("the keys are replaced", 60_000, async () => {
        return (await scene.api.call("POST", "/admin/keys/rotate", {})).status === 200 ? true : undefined;
      });
      await scene.putFiles(1);
      await scene.server.kill();
      await scene.start();
      await scene.assertAllRead();
      await scene.equalAgain();
    });
  }),
);
