import assert from "node:assert/strict";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { findPackFiles, flipByte, readPackLayout } from "./pack-files.ts";
import { Api, eventually, holdfast, jobResult, ok, spawnServer } from "./testing.ts";
import { objectsIn, still, withScene } from "./two-store-scene.ts";

describe(
  "Backup of a server with two stores",
  withScene((scene) => {
    test("contains each pack that is intact in either store, and can be restored to two stores", async () => {
      await scene.start();
      await scene.putFiles(6);
      await scene.equalAgain();
      const whole = objectsIn(scene.stores[1]);
      const [pack] = [...findPackFiles(scene.stores[0]).values()].toSorted() as [string];
      flipByte(pack, readPackLayout(pack).records[0]?.start ?? 0);
      const backups = join(scene.folder, "backups");
      const { code, stdout, stderr } = await scene.admin("backup", backups);
      assert.equal(code, 0, `${stdout}\n${stderr}`);
      assert.deepEqual(JSON.parse(stdout).problems, []);
      await scene.equalAgain();
      assert.deepEqual(objectsIn(scene.stores[0]), whole, "what a backup met is mended");

      const data = join(scene.folder, "restored");
      const stores = ["one", "two"].map((name) => join(scene.folder, `restored-${name}`)) as [string, string];
      const env = { ...still, HOLDFAST_STORE: stores[0], HOLDFAST_SECOND_STORE: stores[1] };
      const restored = await holdfast(["admin", "restore-backup", backups, "--data", data, "--json"], { env });
      assert.equal(restored.code, 0, restored.stderr);
      const server = await spawnServer({ dataFolder: data, env });
      try {
        const api = await Api.signIn(server.url);
        for (const [path, content] of scene.files) assert.deepEqual((await api.download(path)).body, content, path);
        await eventually("the second store is filled", 180_000, async () => {
          const { copies } = (await api.call("GET", "/admin/copies")).body;
          return copies.every(({ state }: { state: string }) => state === "ok") ? true : undefined;
        });
        assert.deepEqual(objectsIn(stores[1]), objectsIn(stores[0]));
        rmSync(stores[0], { recursive: true });
        for (const [path, content] of scene.files) assert.deepEqual((await api.download(path)).body, content, path);
      } finally {
        await server.stop();
      }
    });
  }),
);

describe(
  "Metadata in two stores",
  withScene((scene) => {
    const metadata = (store: string) =>
      [...objectsIn(store)].filter(([name]) => name.startsWith("metadata/")).map(([name]) => name);

    test("is equal in both, and is restored where it is lost or damaged", async () => {
      await scene.start({ env: { HOLDFAST_SNAPSHOT_INTERVAL: "1s", HOLDFAST_JOURNAL_INTERVAL: "1s" } });
      await scene.putFiles(2);
      const [one, two] = scene.stores;
      await eventually("a snapshot is there", 240_000, async () =>
        metadata(one).some((name) => name.startsWith("metadata/backups/")) ? true : undefined,
      );
      await scene.server.stop();
      const whole = objectsIn(one);
      const differing = () => [...objectsIn(two)].filter(([name, bytes]) => whole.get(name)?.equals(bytes) !== true);
      assert.deepEqual([differing(), objectsIn(two).size], [[], whole.size]);
      const [damaged, ...lost] = metadata(two).slice(0, 20);
      flipByte(join(two, "objects", damaged ?? ""), 20);
      for (const name of lost) rmSync(join(two, "objects", name));
      const found = await scene.verify();
      assert.deepEqual([found.code, found.copies.map(({ state }) => state)], [1, ["ok", "damaged"]]);
      await scene.start();
      await scene.equalAgain();
      // Both keyrings are rewrapped if the stores are first compared only now, so the keyring is exempt.
      const names = differing().flatMap(([name]) => (name === "keyring" ? [] : [name]));
      assert.deepEqual([names, objectsIn(two).size], [[], whole.size]);
      await scene.server.stop();
      rmSync(two, { recursive: true });
      await scene.start();
      await scene.equalAgain();
      assert.deepEqual(metadata(two), metadata(one));
    });
  }),
);

describe(
  "Verification of two stores by a killed server",
  withScene((scene) => {
    test("restarts with the server, and ends", async () => {
      await scene.start();
      await scene.putFiles(60);
      await scene.equalAgain();
      const { body } = await scene.api.call("POST", "/admin/copies/verify");
      await scene.server.kill();
      assert.equal(body.verification.state, "running");
      await scene.start();
      const verification = await eventually("the verification ends", 180_000, async () => {
        const report = (await ok(scene.api, "GET", "/admin/copies")).verification;
        return report.state === "running" ? undefined : report;
      });
      assert.equal(verification.state, "done");
      assert.notEqual(verification.started_at, body.verification.started_at);
      assert.deepEqual(
        verification.copies.map(({ state }: { state: string }) => state),
        ["ok", "ok"],
      );
    });
  }),
);

describe(
  "Collection in two stores",
  withScene((scene) => {
    const retention = {
      HOLDFAST_RETENTION_TRASH: "1s",
      HOLDFAST_RETENTION_BLOCKS: "1s",
      HOLDFAST_RETENTION_DOOMED: "1s",
      HOLDFAST_RETENTION_PACKS: "1s",
    };

    const collect = (store: string, packs: number) =>
      eventually("what is deleted is given back", 180_000, async () => {
        await jobResult(scene.api, "/admin/gc", {});
        return findPackFiles(store).size <= packs ? true : undefined;
      });

    const deleteFiles = async (count: number) => {
      for (const path of [...scene.files.keys()].slice(0, count)) {
        const { status, body } = await scene.api.call("DELETE", `/files/${await scene.api.idOf(path)}`);
        assert.ok(status < 300, JSON.stringify(body));
        scene.files.delete(path);
      }
    };

    test("deletes the same packs in both, even if one was away, and keeps needed data", async () => {
      await scene.start({ policy: "one", env: retention });
      await scene.putFiles(9);
      await scene.equalAgain();
      await deleteFiles(3);
      await collect(scene.stores[0], 6);
      await scene.equalAgain();
      assert.equal(findPackFiles(scene.stores[1]).size, 6);
      await scene.assertAllRead();

      const [first, second] = scene.stores;
      scene.takeAway(second);
      await deleteFiles(3);
      await collect(first, 3);
      await scene.assertAllRead();
      await scene.server.kill();
      await scene.start({ policy: "one", env: retention });
      scene.bringBack(second);
      await scene.equalAgain();
      assert.equal(findPackFiles(second).size, 3);
      await scene.assertAllRead();
      const { code, copies } = await scene.verify();
      assert.equal(code, 0, JSON.stringify(copies));
    });
  }),
);

describe(
  "Doctor of a server with two stores",
  withScene((scene) => {
    const copiesFound = async () => {
      const { items } = await ok(scene.api, "GET", "/admin/doctor");
      const of = (check: string, store: string) =>
        items.find((item: { check: string; detail: string }) => item.check === check && item.detail.includes(store));
      return scene.stores.map((store) => [of("store", store)?.state, of("copies", store)?.state]);
    };

    test("checks each store and its missing objects", async () => {
      await scene.start({ policy: "one" });
      await scene.putFiles(1);
      await scene.equalAgain();
      assert.deepEqual(await copiesFound(), [
        ["ok", "ok"],
        ["ok", "ok"],
      ]);
      const before = scene.stores.map(objectsIn);
      const [, second] = scene.stores;
      scene.takeAway(second);
      await scene.putFiles(1);
      assert.deepEqual(await copiesFound(), [
        ["ok", "ok"],
        ["fail", "warn"],
      ]);
      scene.bringBack(second);
      await scene.equalAgain();
      assert.deepEqual(await copiesFound(), [
        ["ok", "ok"],
        ["ok", "ok"],
      ]);
      for (const [index, store] of scene.stores.entries())
        assert.equal(objectsIn(store).size, (before[index]?.size ?? 0) + 1, "the doctor leaves nothing behind");
    });
  }),
);
