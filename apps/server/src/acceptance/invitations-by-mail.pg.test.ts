import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { startTestSmtp, type TestSmtp } from "../mail/testing.ts";
import { Api, makeFolder, removeFolder, type RunningServer, startServer } from "./testing.ts";

/** A real server that mails to a real SMTP server, where anybody may make an account. */
describe("an address without an account", () => {
  let folder: string;
  let smtp: TestSmtp;
  let server: RunningServer;
  let admin: Api;

  before(async () => {
    folder = makeFolder("invitations");
    smtp = await startTestSmtp();
    server = await startServer({
      dataFolder: `${folder}/data`,
      env: {
        HOLDFAST_SMTP_URL: `smtp://127.0.0.1:${smtp.settings.port}`,
        HOLDFAST_MAIL_FROM: "drive@example.org",
        HOLDFAST_PUBLIC_URL: "https://drive.example.org",
        HOLDFAST_OPEN_REGISTRATION: "true",
      },
    });
    admin = await Api.signIn(server.url);
  });
  after(async () => {
    await server?.stop();
    await smtp?.close();
    removeFolder(folder);
  });

  const password = "a good password";
  const signUp = async (email: string, invite?: string) => {
    const body = { email, password, name: "New", ...(invite === undefined ? {} : { invite }) };
    const made = await new Api(server.url).call("POST", "/accounts", body);
    assert.equal(made.status, 201, JSON.stringify(made.body));
    return Api.signIn(server.url, { email, password });
  };
  const share = async (path: string, email: string) => {
    const { body } = await admin.call("POST", "/metadata", { path, kind: "folder" });
    const answer = await admin.call("POST", `/files/${body.id}/share`, { email, role: "viewer", message: "For you" });
    assert.equal(answer.status, 201, JSON.stringify(answer.body));
    assert.equal(JSON.stringify(answer.body).includes("hfi_"), false, "what is mailed is for its reader alone");
    return body.id as string;
  };
  const tokenIn = (text: string, kind: "hfi" | "hfc") => {
    const token = new RegExp(`https://drive\\.example\\.org/setup#(${kind}_[\\w-]+)`).exec(text)?.[1];
    assert.ok(token !== undefined, text);
    return token;
  };

  /** The next mail with such a link; others may come in between, such as that something is shared. */
  const mailWith = async (kind: "hfi" | "hfc") => {
    for (;;) {
      const mail = await smtp.next();
      if (mail.text.includes(`/setup#${kind}_`)) return mail;
    }
  };

  test("is mailed an invitation, and who makes the account with it has what was shared", async () => {
    const coming = mailWith("hfi");
    const node = await share("/invited", "invited@example.com");
    const mail = await coming;
    assert.deepEqual(mail.to, ["invited@example.com"]);
    assert.match(mail.text, /For you/);
    const invited = await signUp("invited@example.com", tokenIn(mail.text, "hfi"));
    assert.equal((await invited.call("GET", `/files/${node}`)).status, 200);
  });

  test("that somebody registers by themselves is mailed a link, and has what was shared once that came back", async () => {
    const invitation = mailWith("hfi");
    const node = await share("/claimed", "claimed@example.com");
    await invitation;
    const coming = mailWith("hfc");
    const claimed = await signUp("claimed@example.com");
    const first = tokenIn((await coming).text, "hfc");
    assert.equal((await claimed.call("GET", `/files/${node}`)).status, 404);
    const again = mailWith("hfc");
    assert.equal((await claimed.call("POST", "/account/confirm/mail")).status, 202);
    tokenIn((await again).text, "hfc");
    const confirmed = await new Api(server.url).call("POST", "/account/confirm", { token: first });
    assert.deepEqual([confirmed.status, confirmed.body.confirmed], [200, true]);
    assert.equal((await claimed.call("GET", `/files/${node}`)).status, 200);
    const { body } = await claimed.call("POST", "/account/confirm/mail");
    assert.deepEqual(body, { email: "claimed@example.com", confirmed: true });
  });
});
