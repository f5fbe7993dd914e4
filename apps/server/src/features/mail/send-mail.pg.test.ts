import assert from "node:assert/strict";
import { after, afterEach, before, beforeEach, describe, test } from "node:test";
import type { NodeId, UserId } from "@holdfast/core/ids";
import { limits } from "@holdfast/core/limits";
import { sql } from "kysely";
import { changeSettings } from "../accounts/people/account-settings.ts";
import { createTestUser } from "../accounts/testing.ts";
import { updateUser } from "../accounts/people/users.ts";
import { startTwoTestShards, type TestDatabases } from "../../base/db/testing.ts";
import { messagesOn } from "../../base/queue/testing.ts";
import type { Template } from "./mail-order.ts";
import { startTestSmtp, testNotice, type TestSmtp } from "./testing.ts";
import { listUnsentLinks } from "./unsent-links.ts";
import { openTestMail, type TestMail } from "./testing-world.ts";

describe("Queued mail", () => {
  let databases: TestDatabases;
  let smtp: TestSmtp;
  let mail: TestMail;
  let ann: UserId;
  let ben: UserId;
  let annRoot: NodeId;
  let benRoot: NodeId;
  let names = 0;
  const link = "/setup#hfi_7ff_secretsecretsecretsecretsecretsecretsecretsecretsecr";

  before(async () => {
    databases = await startTwoTestShards({ fsync: false });
  });
  beforeEach(async () => {
    await emptyQueues();
    smtp = await startTestSmtp({ hideSTARTTLS: true, disabledCommands: ["STARTTLS"] });
    mail = await openTestMail(databases.shards, smtp);
    names += 1;
    const people = [`ann${names}@example.org`, `ben${names}@example.org`];
    ({ id: ann, root_id: annRoot } = await createTestUser(mail.accounts, people[0]!, { name: "Ann" }));
    ({ id: ben, root_id: benRoot } = await createTestUser(mail.accounts, people[1]!, { name: "Ben" }));
  });
  afterEach(async () => {
    await mail.queue.queue.stop();
    await smtp.close();
  });
  after(() => databases.stop());

  const invitation = (by: UserId = ann): Template => ({
    template: "invitation",
    actor: { id: by, name: "Ann", email: "ann@example.org" },
    node: { name: "Plans" },
    role: "editor",
    message: "Have a look",
    expires_at: Date.UTC(2026, 0, 8) * 1000,
  });
  const plans = () => testNotice({ node: { id: benRoot, name: "Plans" } });
  const notices = (some = [plans()]): Template => ({ template: "notices", notices: some, more: 0, kinds: ["share"] });
  const stranger = () => ({ address: `stranger${names}@example.org` });
  const emptyQueues = async () => {
    for (const { db } of databases.shards.all()) await sql`truncate shard.messages`.execute(db);
  };
  const waiting = async () =>
    (await Promise.all(databases.shards.all().map(messagesOn))).flat().filter(({ kind }) => kind.startsWith("mail"));

  test("reaches an unknown address with its link, which no row contains in plain text", async () => {
    await mail.order(ann, { to: stranger(), content: invitation(), link });
    const [message] = await waiting();
    assert.ok(!JSON.stringify(message).includes("hfi_"), JSON.stringify(message));
    await mail.idle();
    const [got] = smtp.mails;
    assert.deepEqual(got?.to, [stranger().address]);
    assert.ok(got?.text.includes(`https://drive.example.org${link}`));
    assert.ok(got?.html.includes(`href="https://drive.example.org${link}"`));
    assert.deepEqual(await waiting(), []);
  });

  test("is sent to the account's current address, in its language", async () => {
    await mail.order(ben, { to: { userId: ben }, content: notices() });
    await changeSettings(mail.world, { userId: ben }, { language: "de" });
    await mail.idle();
    assert.deepEqual(smtp.mails[0]?.to, [`ben${names}@example.org`]);
    assert.match(smtp.mails[0]?.headers.get("subject") ?? "", /^Ann hat „Plans“ mit Ihnen geteilt$/);
  });

  test("omits nodes that its recipient can no longer read, and is not sent if empty", async () => {
    const unreadable = testNotice({ node: { id: annRoot, name: "Secret" } });
    await mail.order(ben, { to: { userId: ben }, content: notices([unreadable, plans()]) });
    await mail.order(ben, { to: { userId: ben }, content: notices([unreadable]) });
    await mail.idle();
    assert.deepEqual(
      smtp.mails.map(({ headers }) => headers.get("subject")),
      ["Ann shared “Plans” with you"],
    );
    assert.doesNotMatch(smtp.mails[0]?.raw ?? "", /Secret/);
  });

  test("is retried after temporary errors, with the same message ID", async () => {
    for (let times = 0; times < 3; times += 1) smtp.answers.push({ code: 451, text: "later" });
    const id = await mail.order(ann, { to: stranger(), content: invitation(), link });
    for (let times = 0; times < 3; times += 1) {
      await mail.idle();
      assert.equal(smtp.mails.length, 0);
      mail.clock.forwardMs(60_000);
    }
    await mail.idle();
    assert.deepEqual(
      smtp.mails.map(({ headers }) => headers.get("message-id")),
      [`<${id}@drive.example.org>`],
    );
  });

  test("is dead after a permanent error immediately, and after a day of temporary ones", async () => {
    smtp.answers.push({ code: 550, text: "never" });
    await mail.order(ann, { to: stranger(), content: invitation(), link });
    await mail.idle();
    assert.deepEqual(
      (await waiting()).map(({ state }) => state),
      ["dead"],
    );
    await emptyQueues();

    await smtp.close();
    await mail.order(ann, { to: stranger(), content: invitation(), link });
    for (let times = 0; times < 20; times += 1) {
      await mail.idle();
      assert.equal((await waiting())[0]?.state, "waiting", `after ${times} hours`);
      mail.clock.forwardMs(3600_000);
    }
    mail.clock.forwardMs(5 * 3600_000);
    await mail.idle();
    assert.deepEqual(
      (await waiting()).map(({ state }) => state),
      ["dead"],
    );
  });

  test("reports an undeliverable invitation to its sender, and keeps the link for administrators", async () => {
    smtp.answers.push({ code: 550, text: "never" });
    const content = { ...invitation(), expires_at: mail.clock.nowMicros() + 3_600_000_000 } as Template;
    const id = await mail.order(ann, { to: stranger(), content, link });
    await mail.idle();
    const notifications = (await messagesOn(databases.shards.ofId(ann))).filter(({ kind }) => kind === "notification");
    assert.deepEqual(
      notifications
        .map(({ payload }) => payload as object)
        .map((payload) => [Reflect.get(payload, "userId"), Reflect.get(payload, "detail")]),
      [
        [
          ann,
          { undelivered: stranger().address, name: `The invitation for ${stranger().address} could not be e-mailed` },
        ],
      ],
    );
    const listed = (await listUnsentLinks(mail.world, undefined)).filter(({ to }) => to === stranger().address);
    assert.deepEqual(
      listed.map((each) => [each.id, each.link]),
      [[id, link]],
    );
  });

  test("is sent once even if its message runs twice", async () => {
    await mail.order(ann, { to: stranger(), content: invitation(), link });
    const { db } = databases.shards.ofId(ann);
    await mail.queue.queue.stop();
    await sql`insert into shard.messages (id, kind, payload, due_at) select gen_random_uuid(), kind, payload, due_at from shard.messages where kind = 'mail'`.execute(
      db,
    );
    const again = await openTestMail(databases.shards, smtp);
    for (let times = 0; times < 2; times += 1) {
      await again.idle();
      again.clock.forwardMs(60_000);
    }
    await again.queue.queue.stop();
    assert.deepEqual(await waiting(), []);
    assert.equal(smtp.mails.length, 1);
  });

  test("is not sent for or to an account suspended since", async () => {
    await mail.order(ann, { to: stranger(), content: invitation(ann), link });
    await mail.order(ben, { to: { userId: ben }, content: notices() });
    await updateUser(mail.accounts, ann, { disabled: true });
    await updateUser(mail.accounts, ben, { disabled: true });
    await mail.idle();
    assert.deepEqual([smtp.mails.length, (await waiting()).length], [0, 0]);
  });
});

describe("Server without mail", () => {
  let databases: TestDatabases;
  before(async () => {
    databases = await startTwoTestShards({ fsync: false });
  });
  after(() => databases.stop());

  test("a link is stored encrypted, and no message is queued", async () => {
    const mail = await openTestMail(databases.shards, undefined);
    const { id } = await createTestUser(mail.accounts, "cid@example.org");
    await mail.order(id, {
      to: { address: "x@example.org" },
      content: { template: "confirmation" },
      link: "/x#secret",
    });
    await mail.notify(id, testNotice());
    const { db } = databases.shards.ofId(id);
    const [row] = await db.selectFrom("shard.unsent_links").selectAll().execute();
    assert.deepEqual([row?.address, row?.template], ["x@example.org", "confirmation"]);
    assert.ok(!row?.sealed_link.includes("secret"));
    const [listed] = await listUnsentLinks(mail.world, undefined);
    assert.deepEqual([listed?.to, listed?.link], ["x@example.org", "/x#secret"]);
    mail.clock.forwardMs(limits.invitationLifetimeMs);
    assert.deepEqual(await listUnsentLinks(mail.world, undefined), []);
    const messages = await messagesOn(databases.shards.ofId(id));
    assert.ok(!messages.some(({ kind }) => kind.startsWith("mail")));
    assert.deepEqual(await db.selectFrom("shard.mail_items").selectAll().execute(), []);
    await mail.queue.queue.stop();
  });
});
