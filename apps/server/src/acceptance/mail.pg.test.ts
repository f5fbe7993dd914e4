import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, describe, test } from "node:test";
import { startTestSmtp, type TestSmtp } from "../mail/testing.ts";
import { administrator, Api, makeFolder, removeFolder, type RunningServer, startServer } from "./testing.ts";

/** The whole way of a mail: from a request through the rows of two accounts and the queue to a mail server. */
describe("A server that sends mail", () => {
  let folder: string;
  let smtp: TestSmtp;
  let server: RunningServer;
  let owner: Api;
  before(async () => {
    folder = makeFolder("mail");
    smtp = await startTestSmtp({ hideSTARTTLS: true, disabledCommands: ["STARTTLS"] });
    server = await startServer({
      dataFolder: `${folder}/data`,
      env: {
        HOLDFAST_SMTP_URL: `smtp://127.0.0.1:${smtp.settings.port}`,
        HOLDFAST_MAIL_FROM: "Our drive <drive@example.org>",
        HOLDFAST_PUBLIC_URL: "https://drive.example.org",
        HOLDFAST_LANGUAGE: "de",
      },
    });
    owner = await Api.signIn(server.url, administrator);
  });
  after(async () => {
    await server?.stop();
    await smtp?.close();
    removeFolder(folder);
  });

  test("says once at the start where mail goes", () => {
    const lines = readFileSync(server.logFile, "utf8").split("\n");
    assert.equal(lines.filter((line) => line.includes("mail is sent")).length, 1);
  });

  test("tells an account in its language what is shared with it, and ends that by the link in the mail", async () => {
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
});
