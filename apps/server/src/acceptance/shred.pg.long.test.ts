import assert from "node:assert/strict";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { fillAccount, marksIn, type ShredScene, shredded, useShredScene } from "./shred-scene.ts";
import { Api, eventually, holdfast, ok, queryDatabase, queueWorked, startServer } from "./testing.ts";

describe("Shredded account", () => {
  let scene: ShredScene;
  before(async () => {
    scene = await useShredScene("shred", { HOLDFAST_SNAPSHOT_INTERVAL: "1s", HOLDFAST_JOURNAL_INTERVAL: "1s" });
  });
  after(() => scene?.close());

  const snapshots = () => scene.storeKeys("metadata/backups");

  test("leaves no data of its own, and data of others stays intact", async () => {
    const ann = await fillAccount(scene, "ann");
    await queueWorked(scene.data);
    const taken = snapshots();
    await eventually("what it has is in the store", 60_000, () =>
      snapshots().some((key) => !taken.includes(key)) ? true : undefined,
    );
    const old = join(scene.data, "postgres.old-17");
    mkdirSync(old);
    writeFileSync(join(old, "as an upgrade left it"), ann.mark);
    const there = await marksIn(scene.data, ann);
    for (const place of [
      /^shard\.nodes/,
      /^shard\.journal/,
      /^shard\.notifications/,
      /^the file postgres/,
      /^the pack/,
    ])
      assert.ok(
        there.some((found) => place.test(found)),
        `nothing that fits ${place} is there to go`,
      );
    const kept = await scene.readOthers();

    await ok(scene.admin, "PATCH", `/admin/users/${ann.email}`, { disabled: true });
    const plan = await ok(scene.admin, "POST", `/admin/users/${ann.email}/shred`, { dry_run: true });
    assert.deepEqual([plan.state, plan.user_id, plan.email], ["dry_run", ann.id, ann.email]);
    assert.ok(plan.files >= 8 && plan.versions >= 10 && plan.bytes > 6_000_000 && plan.packs > 0, JSON.stringify(plan));
    const done = await shredded(scene, ann);
    assert.deepEqual([done.email, done.files, done.versions], [null, plan.files, plan.versions]);
    assert.deepEqual(await marksIn(scene.data, ann), []);
    assert.ok(!existsSync(old));

    assert.deepEqual(await scene.readOthers(), kept);
    assert.deepEqual((await ok(scene.ben, "GET", "/shared-with-me")).items, []);
    assert.deepEqual((await ok(scene.ben, "GET", "/starred")).items, []);
    const { items: notes } = await ok(scene.ben, "GET", "/notifications");
    assert.ok(!JSON.stringify(notes).includes(ann.mark));
    assert.equal((await ann.api.call("GET", "/account")).status, 401);
    assert.equal((await ann.api.call("POST", "/sessions", { ...ann, device_name: "again" })).status, 401);
    const { bytes, blocks } = await ok(scene.admin, "POST", "/admin/gc", { dry_run: true });
    assert.deepEqual([bytes, blocks], [0, 0]);
    const { stdout } = await holdfast(["admin", "scrub", "--now", "--json", "--data", scene.data]);
    assert.deepEqual(JSON.parse(stdout).damaged, []);
  });

  test("is not in a server rebuilt from the metadata in the store", async () => {
    const ann = await fillAccount(scene, "eve");
    const taken = snapshots();
    await eventually("it is in the store", 60_000, () =>
      snapshots().some((key) => !taken.includes(key)) ? true : undefined,
    );
    await ok(scene.admin, "PATCH", `/admin/users/${ann.email}`, { disabled: true });
    await shredded(scene, ann);
    const kept = await scene.readOthers();
    await scene.server.stop();
    const target = join(scene.data, "../rebuilt");
    const key = join(scene.data, "key-encryption-key");
    const args = ["admin", "rebuild", "--from", join(scene.data, "store"), "--key", key, "--data", target, "--json"];
    const rebuilt = await holdfast(args);
    assert.equal(rebuilt.code, 0, rebuilt.stderr);
    const server = await startServer({ dataFolder: target, env: { HOLDFAST_STORE: join(scene.data, "store") } });
    try {
      assert.deepEqual(await marksIn(target, ann, join(scene.data, "store")), []);
      const ben = await Api.signIn(server.url, scene.benAccount);
      assert.deepEqual(await scene.readOthers(ben), kept);
    } finally {
      await server.stop();
    }
  });
});

describe("Shredding", () => {
  let scene: ShredScene;
  before(async () => {
    scene = await useShredScene("shred-refused", { HOLDFAST_SNAPSHOT_INTERVAL: "off" });
  });
  after(() => scene?.close());

  const askFor = (who: string) => scene.admin.call("POST", `/admin/users/${who}/shred`, {});
  const refused = async (who: string, what: RegExp) => {
    const { status, body } = await askFor(who);
    assert.deepEqual([status, body.code], [409, "conflict"]);
    assert.match(body.detail, what);
  };
  const suspend = (who: string, disabled = true) => scene.admin.call("PATCH", `/admin/users/${who}`, { disabled });

  test("is rejected for active accounts, the last administrator and accounts with an open transfer", async () => {
    await refused("ben@example.com", /not suspended/);
    await refused("admin@example.com", /last administrator/);
    const carl = { email: "carl@example.com", password: "the password of carl" };
    const dora = "dora@example.com";
    await ok(scene.admin, "POST", "/admin/users", carl);
    await ok(scene.admin, "POST", "/admin/users", { email: dora, password: "the password of dora" });
    const api = await Api.signIn(scene.server.url, carl);
    const { id } = (await api.put("/given", "away")).body;
    await ok(api, "POST", `/files/${id}/transfer`, { email: dora });
    await suspend(carl.email);
    await refused(carl.email, /A transfer .* is open/);
    await suspend(dora);
    assert.equal((await askFor(dora)).status, 202, "nobody keeps an account by offering it something");
    await eventually("what was offered to it is offered no more, and keeps its owner no longer", 60_000, async () =>
      (await queryDatabase(scene.data, "select from shard.transfers")).length === 0 ? true : undefined,
    );
    assert.equal((await askFor("nobody@example.com")).status, 404);
    assert.equal((await scene.admin.call("GET", `/admin/users/${carl.email}/shred`)).status, 404);
  });

  test("waits for a running backup and resumes automatically, and the account cannot return", async () => {
    const ann = await fillAccount(scene, "pin");
    await suspend(ann.email);
    const until = (Date.now() + 600_000) * 1000;
    await queryDatabase(scene.data, `insert into cell.pins (name, until) values ('backup', ${until})`);
    const { user_id } = (await askFor(ann.email)).body;
    assert.equal(user_id, ann.id);
    const waiting = await eventually("it waits", 60_000, async () => {
      const now = await ok(scene.admin, "GET", `/admin/users/${user_id}/shred`);
      return now.state === "waiting" ? now : undefined;
    });
    assert.deepEqual([waiting.step, waiting.waits_for], ["packs", "a running backup"]);
    assert.equal((await suspend(ann.id, false)).status, 404, "its address and itself are gone");
    await queryDatabase(scene.data, "delete from cell.pins");
    await shredded(scene, ann);
    assert.deepEqual(await marksIn(scene.data, ann), []);
    const again = { email: ann.email, password: "another password" };
    const { id } = await ok(scene.admin, "POST", "/admin/users", again);
    assert.notEqual(id, ann.id);
    assert.equal((await askFor(ann.id)).body.state, "done");
  });

  test("cannot be canceled", async () => {
    const ann = await fillAccount(scene, "back");
    await suspend(ann.email);
    await queryDatabase(
      scene.data,
      `insert into shard.messages (id, kind, payload, due_at, attempts)
       values (gen_random_uuid(), 'grant', '{"spaceId":"${ann.id}"}', ${(Date.now() + 600_000) * 1000}, 1)`,
    );
    await askFor(ann.email);
    for (const change of [{ disabled: false }, { password: "long enough" }]) {
      const { status, body } = await scene.admin.call("PATCH", `/admin/users/${ann.email}`, change);
      assert.deepEqual([status, body.code], [409, "conflict"], JSON.stringify(body));
    }
    await queryDatabase(scene.data, "delete from shard.messages");
    await shredded(scene, ann);
  });
});
