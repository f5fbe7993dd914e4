import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { TestSmtp } from "../features/mail/testing.ts";
import { type MailingServer, startMailingServer } from "./mailing-server.ts";
import { Api, eventually, queueWorked, type RunningServer } from "./testing.ts";

describe("Address without an account", () => {
  let mailing: MailingServer;
  let smtp: TestSmtp;
  let server: RunningServer;
  let admin: Api;

  before(async () => {
    mailing = await startMailingServer("invitations", { env: { HOLDFAST_OPEN_REGISTRATION: "true" } });
    ({ smtp, server, admin } = mailing);
  });
  after(() => mailing?.stop());

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

  const mailsTo = (address: string) => smtp.mails.filter(({ to }) => to.includes(address));

  /** Next mail with such a link. Others may come in between, such as notices of shares. */
  const mailWith = async (kind: "hfi" | "hfc") => {
    for (;;) {
      const mail = await smtp.next();
      if (mail.text.includes(`/setup#${kind}_`)) return mail;
    }
  };

  test("gets an invitation, and the invited account has access to the share", async () => {
    const coming = mailWith("hfi");
    const node = await share("/invited", "invited@example.com");
    const mail = await coming;
    assert.deepEqual(mail.to, ["invited@example.com"]);
    assert.match(mail.text, /For you/);
    const invited = await signUp("invited@example.com", tokenIn(mail.text, "hfi"));
    assert.equal((await invited.call("GET", `/files/${node}`)).status, 200);
  });

  test("gets a confirmation link after registering, and access once it is confirmed", async () => {
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
    const confirmed = await claimed.call("POST", "/account/confirm", { token: first });
    assert.deepEqual([confirmed.status, confirmed.body.confirmed], [200, true]);
    assert.equal((await claimed.call("GET", `/files/${node}`)).status, 200);
    const { body } = await claimed.call("POST", "/account/confirm/mail");
    assert.deepEqual(body, { email: "claimed@example.com", confirmed: true });
  });

  test("gets no mail from an account with an unconfirmed address", async () => {
    const confirming = mailWith("hfc");
    const unconfirmed = await signUp("unconfirmed@example.com");
    const token = tokenIn((await confirming).text, "hfc");
    const { body: folder } = await unconfirmed.call("POST", "/metadata", { path: "/hers", kind: "folder" });
    const give = (email: string) => unconfirmed.call("POST", `/files/${folder.id}/share`, { email, role: "viewer" });
    const refused = await give("stranger@example.com");
    assert.deepEqual([refused.status, refused.body.code], [403, "forbidden"]);
    await queueWorked(`${mailing.folder}/data`);
    assert.deepEqual(mailsTo("stranger@example.com"), []);
    assert.equal((await unconfirmed.call("POST", "/account/confirm", { token })).status, 200);
    const coming = mailWith("hfi");
    assert.equal((await give("stranger@example.com")).status, 201);
    assert.deepEqual((await coming).to, ["stranger@example.com"]);
  });

  test("gets no second mail when the role is lowered", async () => {
    const email = "lowered@example.com";
    const coming = mailWith("hfi");
    const node = await share("/lowered", email);
    await coming;
    const { body: inner } = await admin.call("POST", "/metadata", { path: "/lowered/inner", kind: "folder" });
    for (const id of [inner.id, node]) {
      const lower = await admin.call("POST", `/files/${id}/share`, { email, role: "uploader" });
      assert.equal(lower.status, id === node ? 200 : 201);
    }
    await queueWorked(`${mailing.folder}/data`);
    assert.equal(mailsTo(email).length, 1);
  });

  const statusOf = async (token: string) =>
    (await new Api(server.url).call("POST", "/accounts/invitation", { token })).status;
  const permissionOf = async (node: string) =>
    (await admin.call("GET", `/files/${node}/permissions`)).body.items[0].id as string;
  const unshare = async (node: string) => {
    assert.equal((await admin.call("DELETE", `/permissions/${await permissionOf(node)}`)).status, 204);
  };
  const ends = (token: string) =>
    eventually("the invitation ends", 60_000, async () => ((await statusOf(token)) === 200 ? undefined : true));

  test("loses its invitations when its last share ends, except an administrator's", async () => {
    const email = "taken-back@example.com";
    const first = mailWith("hfi");
    const one = await share("/one", email);
    const ofOne = tokenIn((await first).text, "hfi");
    const coming = mailWith("hfi");
    const two = await share("/two", email);
    const ofTwo = tokenIn((await coming).text, "hfi");
    const made = await admin.call("POST", "/admin/invitations", { email });
    assert.equal(made.status, 201, JSON.stringify(made.body));
    const ofAdmin = made.body.token as string;

    await unshare(one);
    // A later message about another address shows that earlier messages were processed without ending the invitations.
    const marked = mailWith("hfi");
    const mark = await share("/mark", "mark@example.com");
    const ofMark = tokenIn((await marked).text, "hfi");
    await unshare(mark);
    await ends(ofMark);
    assert.deepEqual([await statusOf(ofOne), await statusOf(ofTwo)], [200, 200]);

    await unshare(two);
    await ends(ofOne);
    await ends(ofTwo);
    assert.equal(await statusOf(ofAdmin), 200);
    const late = { email, password, name: "New", invite: ofTwo };
    assert.notEqual((await new Api(server.url).call("POST", "/accounts", late)).status, 201);
  });

  test("gets a new, valid invitation when shared with again", async () => {
    const first = mailWith("hfi");
    const node = await share("/again", "again@example.com");
    const old = tokenIn((await first).text, "hfi");
    await unshare(node);
    const coming = mailWith("hfi");
    await share("/again2", "again@example.com");
    const fresh = tokenIn((await coming).text, "hfi");
    await signUp("again@example.com", fresh);
    assert.notEqual(await statusOf(old), 200);
  });

  test("loses its invitation when the inviting editor becomes a viewer", async () => {
    const invite = await admin.call("POST", "/admin/invitations", { email: "editor@example.com" });
    const editor = await signUp("editor@example.com", invite.body.token as string);
    const { body: folder } = await admin.call("POST", "/metadata", { path: "/given-on", kind: "folder" });
    const granted = { email: "editor@example.com", role: "editor" };
    const { body: permission } = await admin.call("POST", `/files/${folder.id}/share`, granted);
    const coming = mailWith("hfi");
    const given = { email: "third@example.com", role: "viewer" };
    assert.equal((await editor.call("POST", `/files/${folder.id}/share`, given)).status, 201);
    const token = tokenIn((await coming).text, "hfi");
    assert.equal(await statusOf(token), 200);
    const lowered = await admin.call("PATCH", `/permissions/${permission.id}`, { role: "viewer" });
    assert.equal(lowered.status, 200, JSON.stringify(lowered.body));
    await ends(token);
  });
});
