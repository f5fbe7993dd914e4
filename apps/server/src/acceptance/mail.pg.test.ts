import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, describe, test } from "node:test";
import type { TestSmtp } from "../features/mail/testing.ts";
import { type MailingServer, startMailingServer } from "./mailing-server.ts";
import { administrator, Api, queueWorked, type RunningServer } from "./testing.ts";

describe("Mail", () => {
  let folder: string;
  let mailing: MailingServer;
  let smtp: TestSmtp;
  let server: RunningServer;
  let owner: Api;
  before(async () => {
    mailing = await startMailingServer("mail", {
      smtp: { hideSTARTTLS: true, disabledCommands: ["STARTTLS"] },
      env: { HOLDFAST_MAIL_FROM: "Our drive <drive@example.org>", HOLDFAST_LANGUAGE: "de" },
    });
    ({ folder, smtp, server, admin: owner } = mailing);
  });
  after(() => mailing?.stop());

  test("is logged once at the start with its destination", () => {
    const lines = readFileSync(server.logFile, "utf8").split("\n");
    assert.equal(lines.filter((line) => line.includes("mail is sent")).length, 1);
  });

  test("reports shares in the account's language, with a link that unsubscribes", async () => {
    const ben = { email: "ben@example.com", password: "a long password" };
    assert.equal((await owner.call("POST", "/admin/users", { ...ben, name: "Ben" })).status, 201);
    const share = async (path: string) => {
      const { body: node } = await owner.call("POST", "/metadata", { path, kind: "folder" });
      const given = await owner.call("POST", `/files/${node.id}/share`, { email: ben.email, role: "editor" });
      assert.equal(given.status, 201, JSON.stringify(given.body));
    };
    const arrival = smtp.next();
    await share("/Plans");
    const got = await arrival;
    assert.deepEqual([got.from, got.to], ["drive@example.org", [ben.email]]);
    assert.match(got.headers.get("subject") ?? "", /hat „Plans“ mit Ihnen geteilt$/);
    const link = /<https:\/\/drive\.example\.org(\/unsubscribe\/hfu_[^>]+)>/.exec(
      got.headers.get("list-unsubscribe") ?? "",
    );
    const answer = await fetch(server.url + link?.[1], { method: "POST", body: "List-Unsubscribe=One-Click" });
    assert.equal(answer.status, 200);
    const { body } = await (await Api.signIn(server.url, ben)).call("GET", "/account");
    assert.equal(body.notify.share, "app");
  });

  test("includes the message of a share to an account or a group, and so does the notification", async () => {
    const [cleo, emil] = ["cleo@example.com", "emil@example.com"].map((email) => ({
      email,
      password: "a long password",
    }));
    assert.ok(cleo !== undefined && emil !== undefined);
    for (const who of [cleo, emil]) assert.equal((await owner.call("POST", "/admin/users", who)).status, 201);
    const { body: group } = await owner.call("POST", "/groups", { name: "Choir" });
    for (const email of [administrator.email, emil.email])
      assert.equal((await owner.call("PUT", `/groups/${group.id}/members/${email}`, {})).status, 200);
    for (const [path, who, to] of [
      ["/Letters", cleo, { email: cleo.email }],
      ["/Songs", emil, { group_id: group.id }],
    ] as const) {
      const signedIn = await Api.signIn(server.url, who);
      const { body: node } = await owner.call("POST", "/metadata", { path, kind: "folder" });
      const arrival = smtp.next();
      const message = `Look at ${path}.\r\nIt is <b>new</b>.`;
      const given = await owner.call("POST", `/files/${node.id}/share`, { ...to, role: "viewer", message });
      assert.equal(given.status, 201, JSON.stringify(given.body));
      const got = await arrival;
      assert.deepEqual(
        [got.to, got.text.includes(`Look at ${path}.`), got.html.includes("<b>new")],
        [[who.email], true, false],
      );
      const { body: told } = await signedIn.call("GET", "/notifications");
      assert.deepEqual(told.items[0].detail, { role: "viewer", message: `Look at ${path}.\nIt is <b>new</b>.` });
    }
    const { body: node } = await owner.call("POST", "/metadata", { path: "/Refused", kind: "folder" });
    for (const message of [" ", "a\u0000b", "\ud800", "ü".repeat(1001)]) {
      const refused = await owner.call("POST", `/files/${node.id}/share`, {
        email: cleo.email,
        role: "viewer",
        message,
      });
      assert.deepEqual([refused.status, refused.body.field], [422, "message"], JSON.stringify(message));
    }
  });

  test("is limited to new devices for an account whose digest is set to never", async () => {
    const dora = { email: "dora@example.com", password: "a long password" };
    assert.equal((await owner.call("POST", "/admin/users", { ...dora, name: "Dora" })).status, 201);
    const signedIn = await Api.signIn(server.url, dora);
    const { body } = await signedIn.call("PATCH", "/account", { notify: { digest: "never" } });
    assert.equal(body.notify.share, "mail");
    const { body: node } = await owner.call("POST", "/metadata", { path: "/Quiet", kind: "folder" });
    const given = await owner.call("POST", `/files/${node.id}/share`, { email: dora.email, role: "commenter" });
    assert.equal(given.status, 201);
    await owner.call("POST", `/files/${node.id}/comments`, { text: "for you", mentions: [body.id] });
    const arrival = smtp.next();
    await new Api(server.url).call("POST", "/sessions", { ...dora, device_name: "another" });
    const got = await arrival;
    assert.deepEqual([got.to, /another/.test(got.text)], [[dora.email], true]);
    for (const part of [/von der Adresse 127\.0\.0\.1, mit dem Passwort/, /\/settings\/security/])
      assert.match(got.text, part);
    assert.doesNotMatch(got.text, /hf[dr]_/);
    await queueWorked(`${folder}/data`);
    assert.equal(smtp.mails.filter(({ to }) => to.includes(dora.email)).length, 1);
    const { body: told } = await signedIn.call("GET", "/notifications");
    const kinds = told.items.map(({ kind }: { kind: string }) => kind).toSorted();
    assert.deepEqual(
      kinds.filter((kind: string) => kind !== "device"),
      ["mention", "share"],
    );
  });
});
