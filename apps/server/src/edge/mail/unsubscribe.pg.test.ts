import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { UserId } from "@holdfast/core/ids";
import { routes, type RouteName } from "@holdfast/protocol/routes";
import { fc } from "@holdfast/tools/properties";
import { changeSettings, readSettings } from "../../features/accounts/people/account-settings.ts";
import { createTestUser } from "../../features/accounts/testing.ts";
import { startTwoTestShards, type TestDatabases } from "../../base/db/testing.ts";
import { addressHashOf } from "../../features/mail/send-mail.ts";
import { startTestSmtp, testNotice, type TestSmtp } from "../../features/mail/testing.ts";
import { openTestMail, type TestMail } from "../../features/mail/testing-world.ts";
import { makeUnsubscribeToken, readUnsubscribeToken } from "../../features/mail/unsubscribe-token.ts";
import { startTestServer, type TestServer } from "../testing.ts";
import { mailHandlers } from "./mail-handlers.ts";

describe("Unsubscribe link", () => {
  let databases: TestDatabases;
  let smtp: TestSmtp;
  let mail: TestMail;
  let server: TestServer;
  let ben: UserId;
  before(async () => {
    databases = await startTwoTestShards({ fsync: false });
    smtp = await startTestSmtp({ hideSTARTTLS: true, disabledCommands: ["STARTTLS"] });
    mail = await openTestMail(databases.shards, smtp);
    server = await startTestServer(mailHandlers(mail.world), {
      unmounted: new Set(Object.keys(routes) as RouteName[]),
    });
    ben = (await createTestUser(mail.accounts, "ben@example.org", { name: "Ben" })).id;
  });
  after(async () => {
    await mail.queue.queue.stop();
    await server.close(0);
    await smtp.close();
    await databases.stop();
  });

  const call = async (method: string, url: string, form?: string) => {
    const path = new URL(url).pathname;
    const response = await fetch(server.url + path, {
      method,
      ...(form === undefined
        ? {}
        : {
            body: form,
            headers: { "content-type": "application/x-www-form-urlencoded", origin: "https://mail.example" },
          }),
    });
    return { status: response.status, headers: response.headers, text: await response.text() };
  };
  const notify = async () => (await readSettings(mail.world, ben)).notify;
  const linkOf = (headers: ReadonlyMap<string, string> | undefined) =>
    /^<(https:\/\/drive\.example\.org\/unsubscribe\/hfu_[\w.-]+)>$/.exec(headers?.get("list-unsubscribe") ?? "")?.[1] ??
    "";
  const lastLink = () => linkOf(smtp.mails.at(-1)?.headers);

  test("shows a confirmation page without scripts, indexing or caching, and changes nothing when opened", async () => {
    await mail.notify(ben, testNotice({ actor: null }));
    await mail.idle();
    const { status, headers, text } = await call("GET", lastLink());
    assert.equal(status, 200);
    assert.match(text, /items shared with you.*<form method="post"><button>/s);
    assert.doesNotMatch(text, /<script|onclick|https?:/i);
    const policy = headers.get("content-security-policy") ?? "";
    assert.match(policy, /^default-src 'none'; style-src 'sha256-[^']+'; form-action 'self'; frame-ancestors 'none'/);
    assert.match(headers.get("x-robots-tag") ?? "", /noindex/);
    assert.deepEqual([headers.get("cache-control"), headers.get("referrer-policy")], ["no-store", "no-referrer"]);
    assert.equal((await call("HEAD", lastLink())).status, 200);
    assert.equal((await notify()).share, "mail");
  });

  test("ends one kind of mail by one click, including waiting ones, and no other kind", async () => {
    mail.clock.forwardMs(60_000);
    await mail.notify(ben, testNotice({ actor: null }));
    const { status, text } = await call("POST", lastLink(), "List-Unsubscribe=One-Click");
    assert.equal(status, 200);
    assert.match(text, /Done/);
    assert.deepEqual([(await notify()).share, (await notify()).mention], ["app", "mail"]);
    const sentBefore = smtp.mails.length;
    await mail.idle();
    assert.equal(smtp.mails.length, sentBefore);
    assert.equal((await call("POST", lastLink(), "List-Unsubscribe=One-Click")).status, 200);
    await mail.notify(ben, testNotice({ kind: "mention", actor: null }));
    await mail.idle();
    assert.equal(smtp.mails.length, sentBefore + 1);
  });

  test("from a digest ends the digest, and from a mail with several kinds each of them", async () => {
    mail.clock.forwardMs(60_000);
    await mail.notify(ben, testNotice({ kind: "comment", actor: null }));
    mail.clock.forwardMs(24 * 3600_000);
    await mail.idle();
    await call("POST", lastLink());
    const ended = await notify();
    assert.deepEqual([ended.digest, ended.comment, ended.watch, ended.mention], ["daily", "app", "app", "mail"]);
    await changeSettings(
      mail.world,
      { userId: ben },
      { notify: { comment: "mail", digest: "at_once" }, language: "de" },
    );
    await mail.notify(ben, testNotice({ kind: "comment", actor: null }));
    await mail.notify(ben, testNotice({ kind: "mention", actor: null }));
    mail.clock.forwardMs(60_000);
    await mail.idle();
    assert.match((await call("GET", lastLink())).text, /Kommentare, Kommentare, die Sie erwähnen.*Abbestellen/s);
    await call("POST", lastLink());
    const { comment, mention, digest, quota } = await notify();
    assert.deepEqual([comment, mention, digest, quota], ["app", "app", "at_once", "mail"]);
  });

  test("from an invitation ends invitations to that address in any spelling", async () => {
    const { id: ann } = await createTestUser(mail.accounts, "ann@example.org", { name: "Ann" });
    const invite = (address: string) =>
      mail.order(ann, {
        to: { address },
        content: {
          template: "invitation",
          actor: { id: ann, name: "Ann", email: "ann@example.org" },
          node: { name: "Plans" },
          role: "viewer",
          expires_at: 0,
        },
        link: "/setup#hfi_1",
      });
    await invite("cid@example.org");
    await mail.idle();
    assert.ok(!lastLink().includes("cid"));
    assert.equal((await call("POST", lastLink())).status, 200);
    const sentBefore = smtp.mails.length;
    await invite("CID@Example.org");
    await invite("dan@example.org");
    await mail.idle();
    assert.deepEqual(
      smtp.mails.slice(sentBefore).map(({ to }) => to),
      [["dan@example.org"]],
    );
  });

  test("returns 404 if modified, signed by another key, or for a missing account", async () => {
    const good = makeUnsubscribeToken(mail.world.secrets.mailKey, { userId: ben, kinds: ["share"] });
    const elsewhere = makeUnsubscribeToken(Buffer.alloc(32), { userId: ben, kinds: ["share"] });
    const nobody = makeUnsubscribeToken(mail.world.secrets.mailKey, {
      userId: ben.replace(/.$/, (last) => (last === "0" ? "1" : "0")) as UserId,
      kinds: ["share"],
    });
    const bad = [
      good.replace("_share_", "_quota_"),
      good.slice(0, -1),
      `${good}A`,
      elsewhere,
      nobody,
      "hfu_",
      "x".repeat(500),
    ];
    for (const token of bad) {
      for (const method of ["GET", "POST"]) {
        const { status, text } = await call(method, `https://x/unsubscribe/${token}`);
        assert.deepEqual([status, text.includes("<form")], [404, false], `${method} ${token}`);
      }
    }
    assert.equal((await notify()).quota, "mail");
  });

  test("is logged only as its route pattern", () => {
    assert.ok(server.logText().includes("/unsubscribe/:token"));
    assert.ok(!server.logText().includes("hfu_"));
  });

  test("a token reads back as created, and no other text is accepted", () => {
    const key = Buffer.alloc(32, 7);
    const hash = addressHashOf("cid@example.org");
    for (const whom of [{ userId: ben, kinds: ["share", "digest"] as const }, { addressHash: hash }])
      assert.deepEqual(readUnsubscribeToken(key, makeUnsubscribeToken(key, whom)), whom);
    const good = makeUnsubscribeToken(key, { addressHash: hash });
    const near = fc
      .tuple(fc.nat(good.length - 1), fc.string({ maxLength: 3 }))
      .map(([at, text]) => good.slice(0, at) + text + good.slice(at + 1));
    fc.assert(
      fc.property(fc.oneof(fc.string(), near), (text) => {
        if (text !== good) assert.equal(readUnsubscribeToken(key, text), undefined);
      }),
    );
  });
});
