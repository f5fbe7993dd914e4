import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { fillAccount, marksIn, type ShredScene, shredded, useShredScene } from "./shred-scene.ts";
import { Api, eventually, holdfast, ok, queryDatabase, startServer } from "./testing.ts";

/** Invariant: if the backup location is configured, no restore of an older backup gives access to an account shredded since. */
let scene: ShredScene;
before(async () => {
  scene = await useShredScene("shred-restored", { HOLDFAST_SNAPSHOT_INTERVAL: "off" });
});
after(() => scene?.close());

test("a shredded account in a restored backup is shredded again before it can sign in", async () => {
  const ann = await fillAccount(scene, "ann");
  const place = join(scene.data, "../backups");
  const backUp = async () => {
    const { code, stdout, stderr } = await holdfast(["admin", "backup", place, "--data", scene.data, "--json"]);
    assert.equal(code, 0, stderr);
    return JSON.parse(stdout);
  };
  const { id } = await backUp();
  await ok(scene.admin, "PATCH", `/admin/users/${ann.email}`, { disabled: true });
  const done = await shredded(scene, ann);
  assert.equal(done.backup.place, place);
  const told = await backUp();
  const kept = await scene.readOthers();
  const target = join(scene.data, "../restored");
  const restored = await holdfast(
    ["admin", "restore-backup", place, "--data", target, "--at", done.backup.consistent_at, "--json"],
    { env: { HOLDFAST_KEY_ENCRYPTION_KEY: undefined } },
  );
  assert.equal(restored.code, 0, restored.stderr);
  const report = JSON.parse(restored.stdout);
  assert.deepEqual([report.id, report.shredded], [id, 1]);
  assert.notEqual(report.id, told.id);
  const server = await startServer({ dataFolder: target, env: { HOLDFAST_SNAPSHOT_INTERVAL: "off" } });
  try {
    const signIn = await new Api(server.url).call("POST", "/sessions", { ...ann, device_name: "back" });
    // Already suspended or gone.
    assert.ok([401, 403].includes(signIn.status), `${signIn.status}`);
    const admin = await Api.signIn(server.url);
    await eventually("it is gone again", 300_000, async () =>
      (await ok(admin, "GET", `/admin/users/${ann.id}/shred`)).state === "done" ? true : undefined,
    );
    assert.deepEqual(await marksIn(target, ann), []);
    assert.deepEqual(await scene.readOthers(await Api.signIn(server.url, scene.benAccount)), kept);
    assert.deepEqual(await queryDatabase(target, "select from shard.shreddings where done_at is null"), []);
  } finally {
    await server.stop();
  }
});
