import assert from "node:assert/strict";
import { after, afterEach, before, beforeEach, describe, test } from "node:test";
import type { UserId } from "@holdfast/core/ids";
import { limits } from "@holdfast/core/limits";
import type { NotifyChange } from "@holdfast/protocol/account-settings";
import { sql } from "kysely";
import { changeSettings } from "../accounts/people/account-settings.ts";
import { createTestUser } from "../accounts/testing.ts";
import { updateUser } from "../accounts/people/users.ts";
import { startTwoTestShards, type TestDatabases } from "../../base/db/testing.ts";
import { makeTestSpace, newTestId } from "../../tree/testing/testing.ts";
import { grantTo } from "../../tree/rights/testing.ts";
import { gatherKind, nextDigestMicros } from "./notify-by-mail.ts";
import { startTestSmtp, testNotice, type TestSmtp } from "./testing.ts";
import { openTestMail, type TestMail } from "./testing-world.ts";

describe("Notification mail", () => {
  let databases: TestDatabases;
  let smtp: TestSmtp;
  let mail: TestMail;
  let ann: UserId;
  let ben: UserId;
  let names = 0;

  before(async () => {
    databases = await startTwoTestShards({ fsync: false });
  });
  beforeEach(async () => {
    for (const { db } of databases.shards.all())
      await sql`truncate shard.messages, shard.mail_items, shard.mail_turns, shard.mail_allowances`.execute(db);
    smtp = await startTestSmtp({ hideSTARTTLS: true, disabledCommands: ["STARTTLS"] });
    mail = await openTestMail(databases.shards, smtp);
    names += 1;
    ann = (await createTestUser(mail.accounts, `ann${names}@example.org`, { name: "Ann" })).id;
    ben = (await createTestUser(mail.accounts, `ben${names}@example.org`, { name: "Ben" })).id;
  });
  afterEach(async () => {
    await mail.queue.queue.stop();
    await smtp.close();
  });
  after(() => databases.stop());

  const byAnn = () => ({ id: ann, name: "Ann" });
  const choose = (notify: NotifyChange) => changeSettings(mail.world, { userId: ben }, { notify });
  const subjects = () => smtp.mails.map(({ headers }) => headers.get("subject"));
  const toDigest = () => {
    mail.clock.forwardMs((nextDigestMicros(ben, mail.clock.nowMicros()) - mail.clock.nowMicros()) / 1000);
  };

  test("is sent immediately for addressed events, and those of the next minute are sent together", async () => {
    await mail.notify(ben, testNotice({ actor: byAnn() }));
    await mail.idle();
    assert.deepEqual(subjects(), ["Ann shared “Plans” with you"]);
    for (const name of ["One", "Two", "Three"])
      await mail.notify(ben, testNotice({ actor: byAnn(), node: { id: name, name } }));
    mail.clock.forwardMs(limits.mailPauseMs - 1);
    await mail.idle();
    assert.equal(smtp.mails.length, 1);
    mail.clock.forwardMs(1);
    await mail.idle();
    assert.deepEqual(subjects().slice(1), ["3 notifications from drive.example.org"]);
    for (const name of ["One", "Two", "Three"])
      assert.ok(smtp.mails[1]?.text.includes(`Ann shared “${name}” with you`));
    mail.clock.forwardMs(3600_000);
    await mail.idle();
    assert.equal(smtp.mails.length, 2);
  });

  test("waits for the daily digest for other events, and contains each once", async () => {
    await choose({ watch: "mail" });
    const comment = testNotice({ kind: "comment", actor: byAnn(), detail: { text: "Nice" } });
    await mail.notify(ben, comment);
    await mail.notify(ben, testNotice({ kind: "watch", actor: byAnn(), detail: { count: 12 } }));
    await mail.idle();
    assert.equal(smtp.mails.length, 0);
    toDigest();
    await mail.idle();
    assert.deepEqual(subjects(), ["2 notifications from drive.example.org"]);
    assert.match(smtp.mails[0]?.text ?? "", /commented on “Plans”: “Nice”\n\* Ann made 12 changes in “Plans”/);
    await mail.notify(ben, testNotice({ kind: "comment", actor: byAnn() }));
    await mail.idle();
    assert.equal(smtp.mails.length, 1);
    toDigest();
    await mail.idle();
    assert.deepEqual([smtp.mails.length, subjects()[1]], [2, "Ann commented on “Plans”"]);
  });

  test("is sent once even if the gathering job runs repeatedly in two processes", async () => {
    for (let count = 0; count < 5; count += 1) await mail.notify(ben, testNotice({ actor: byAnn() }));
    const { db } = databases.shards.ofId(ben);
    await sql`insert into shard.messages (id, kind, payload, due_at)
      select gen_random_uuid(), kind, payload, due_at from shard.messages, generate_series(1, 6)`.execute(db);
    const other = await openTestMail(databases.shards, smtp);
    await Promise.all([mail.idle(), other.idle()]);
    mail.clock.forwardMs(limits.mailPauseMs);
    await mail.idle();
    await other.queue.queue.stop();
    assert.deepEqual(subjects(), ["5 notifications from drive.example.org"]);
    const { rows } = await sql`select 1 from shard.messages where kind = ${gatherKind}`.execute(db);
    assert.equal(rows.length, 0);
  });

  test("follows the account's choice per kind: mail, app only or off", async () => {
    await choose({ share: "app", comment: "off", watch: "mail", digest: "never" });
    await mail.notify(ben, testNotice({ kind: "share" }));
    await mail.notify(ben, testNotice({ kind: "comment" }));
    await mail.notify(ben, testNotice({ kind: "watch" }));
    toDigest();
    await mail.idle();
    assert.deepEqual(subjects(), []);
    await choose({ digest: "at_once", comment: "mail" });
    await mail.notify(ben, testNotice({ kind: "comment", actor: byAnn() }));
    await mail.idle();
    assert.deepEqual(subjects(), ["Ann commented on “Plans”"]);
  });

  test("is limited to security kinds if the digest is set to never", async () => {
    const kinds = ["share", "comment", "mention", "watch", "quota", "device", "report", "server"] as const;
    const mailed = Object.fromEntries(kinds.map((kind) => [kind, "mail"]));
    await choose({ ...mailed, digest: "never" });
    const mailedOf = async (some: readonly (typeof kinds)[number][]): Promise<number> => {
      const sentBefore = smtp.mails.length;
      for (const kind of some) await mail.notify(ben, testNotice({ kind, actor: null }));
      toDigest();
      await mail.idle();
      return smtp.mails.length - sentBefore;
    };
    assert.equal(await mailedOf(["share", "comment", "mention", "watch", "quota"]), 0);
    for (const kind of ["device", "report", "server"] as const) {
      assert.equal(await mailedOf([kind]), 1, kind);
      await choose({ [kind]: "app" });
      assert.equal(await mailedOf([kind]), 0, kind);
    }
    await choose({ digest: "at_once" });
    assert.equal(await mailedOf(["share"]), 1);
  });

  test("is dropped if the setting changes while it waits", async () => {
    await mail.notify(ben, testNotice({ kind: "comment", actor: byAnn() }));
    await choose({ digest: "never" });
    toDigest();
    await mail.idle();
    assert.equal(smtp.mails.length, 0);
    assert.deepEqual(await databases.shards.ofId(ben).db.selectFrom("shard.mail_items").selectAll().execute(), []);
  });

  test("contains only the latest state of a repeated notice", async () => {
    await choose({ watch: "mail", digest: "daily" });
    const notice = testNotice({ kind: "watch", actor: byAnn(), detail: { count: 1 } });
    await mail.notify(ben, notice);
    await mail.notify(ben, { ...notice, detail: { count: 100 } });
    toDigest();
    await mail.idle();
    assert.deepEqual(subjects(), ["Ann made 100 changes in “Plans”"]);
  });

  test("counts notices beyond its limit, and leaves none waiting", async () => {
    for (let count = 0; count < limits.mailNoticesMax + 5; count += 1)
      await mail.notify(ben, testNotice({ at: count, actor: byAnn(), node: { id: "n", name: `File ${count}` } }));
    await mail.idle();
    const [got] = smtp.mails;
    assert.match(got?.text ?? "", /File 0”.*\n\* and 5 more\n/s);
    mail.clock.forwardMs(3600_000);
    await mail.idle();
    assert.equal(smtp.mails.length, 1);
  });

  test("omits notices about nodes that the account can no longer read", async () => {
    const space = await makeTestSpace(databases.shards);
    const { id, name } = await space.mkdir("root", "Secret");
    await grantTo(space.db, { spaceId: space.caller.spaceId, nodeId: id, role: "viewer", userId: ben });
    await sql`insert into shard.received (grantee_id, grant_id, space_id, node_id)
      values (${ben}, ${newTestId()}, ${space.caller.spaceId}, ${id})`.execute(databases.shards.ofId(ben).db);
    const comment = () => testNotice({ kind: "comment", actor: byAnn(), node: { id, name }, detail: { text: "Nice" } });
    await mail.notify(ben, comment());
    toDigest();
    await mail.idle();
    assert.deepEqual(subjects(), ["Ann commented on “Secret”"]);
    await mail.notify(ben, comment());
    await sql`delete from shard.grants where node_id = ${id}`.execute(space.db);
    toDigest();
    await mail.idle();
    assert.equal(smtp.mails.length, 1);
    assert.deepEqual(await databases.shards.ofId(ben).db.selectFrom("shard.mail_items").selectAll().execute(), []);
  });

  test("is not sent for an account with an unconfirmed address", async () => {
    const { id } = await createTestUser(mail.accounts, `eve${names}@example.org`, { confirmed: false });
    await mail.notify(ben, testNotice({ actor: { id, name: "Eve" } }));
    await mail.idle();
    assert.equal(smtp.mails.length, 0);
  });

  test("is not sent for or to a suspended account", async () => {
    await mail.notify(ben, testNotice({ actor: byAnn() }));
    await updateUser(mail.accounts, ann, { disabled: true });
    await mail.idle();
    assert.equal(smtp.mails.length, 0);
    await mail.notify(ben, testNotice({ kind: "quota", actor: null, detail: { percent: 95 } }));
    await updateUser(mail.accounts, ben, { disabled: true });
    mail.clock.forwardMs(limits.mailPauseMs);
    await mail.idle();
    assert.equal(smtp.mails.length, 0);
  });

  test("is limited per causing account, without affecting others", async () => {
    const { db } = databases.shards.ofId(ann);
    const full = { user_id: ann, level: limits.mailsCausedHourMax - 1, at: mail.clock.nowMicros() };
    await db.insertInto("shard.mail_allowances").values(full).execute();
    await mail.notify(ben, testNotice({ actor: byAnn() }));
    await mail.idle();
    assert.equal(smtp.mails.length, 1);
    mail.clock.forwardMs(limits.mailPauseMs / 2);
    await db
      .updateTable("shard.mail_allowances")
      .set({ level: limits.mailsCausedHourMax, at: mail.clock.nowMicros() + 60e6 })
      .execute();
    await mail.notify(ben, testNotice({ actor: byAnn() }));
    await mail.notify(ben, testNotice({ actor: { id: ben, name: "Ben" }, kind: "device", detail: { name: "laptop" } }));
    mail.clock.forwardMs(limits.mailPauseMs / 2);
    await mail.idle();
    assert.deepEqual(subjects().slice(1), ["A new device signed in to your account: laptop"]);
    mail.clock.forwardMs(3600_000);
    await mail.notify(ben, testNotice({ actor: byAnn() }));
    await mail.idle();
    assert.equal(smtp.mails.length, 3);
  });
});
