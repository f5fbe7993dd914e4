import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { TestSmtp } from "../features/mail/testing.ts";
import { type MailingServer, startMailingServer } from "./mailing-server.ts";
import { Api, eventually, ok, type RunningServer } from "./testing.ts";

describe("Change of an account's address", () => {
  let mailing: MailingServer;
  let smtp: TestSmtp;
  let server: RunningServer;
  let admin: Api;
  before(async () => {
    mailing = await startMailingServer("move-address", { env: { HOLDFAST_RATE_LIMIT_SIGN_IN: "600" } });
    ({ smtp, server, admin } = mailing);
  });
  after(() => mailing?.stop());

  async function newPerson(name: string) {
    const account = { email: `${name}@example.com`, password: `the password of ${name}` };
    await ok(admin, "POST", "/admin/users", account);
    return { ...account, api: await Api.signIn(server.url, account) };
  }
  async function mailedToken(address: string, act: () => Promise<unknown>): Promise<string> {
    return tokenIn(await mailTo(address, /hfc_/, act));
  }
  const tokenIn = (mail: string) => /hfc_[\w-]+/.exec(mail)?.[0] ?? "";
  async function mailTo(address: string, pattern: RegExp, act: () => Promise<unknown>): Promise<string> {
    const isIt = (mail: { to: readonly string[]; text: string }) =>
      mail.to.includes(address) && pattern.test(mail.text);
    const there = smtp.mails.filter(isIt).length;
    await act();
    return eventually(`a mail to ${address}`, 60_000, async () => smtp.mails.filter(isIt)[there]?.text);
  }
  const open = () => new Api(server.url);
  const confirm = (by: Api, token: string) => by.call("POST", "/account/confirm", { token });
  const signsIn = async (email: string, password: string) =>
    (await open().call("POST", "/sessions", { email, password })).status === 200;

  test("takes effect after confirmation with the new address's shares, and the old address is notified", async () => {
    const { api, email, password } = await newPerson("ida");
    const folder = await ok(admin, "POST", "/metadata", { path: "/for ida", kind: "folder" });
    await ok(admin, "POST", `/files/${folder.id}/share`, { email: "Ida@new.example", role: "viewer" });
    const asked = { email: "Ida@new.example", password };
    let token = "";
    const wanted = await mailTo(email, /requested a new e-mail address/, async () => {
      token = await mailedToken("Ida@new.example", async () => {
        const account = await ok(api, "POST", "/account/address", asked);
        assert.deepEqual([account.email, account.next_email], [email, "Ida@new.example"]);
      });
    });
    assert.match(wanted, /If this was not you/);
    assert.deepEqual([await signsIn(email, password), await signsIn("ida@new.example", password)], [true, false]);
    assert.deepEqual((await ok(api, "GET", "/shared-with-me")).items, [], "nobody has shown yet that it is theirs");
    const told = await mailTo(email, /has a new e-mail address/, async () => {
      const { status, body } = await confirm(api, token);
      assert.deepEqual([status, body], [200, { email: "Ida@new.example", confirmed: true }]);
    });
    assert.match(told, /If this was not you/);
    const account = await ok(api, "GET", "/account");
    assert.deepEqual([account.email, account.next_email, account.confirmed], ["Ida@new.example", null, true]);
    assert.deepEqual([await signsIn(email, password), await signsIn("ida@new.example", password)], [false, true]);
    await eventually("what was shared is there", 60_000, async () => {
      const { items } = await ok(api, "GET", "/shared-with-me");
      return items.length === 1 ? items : undefined;
    });
    assert.equal((await confirm(api, token)).status, 200, "the link may be followed twice");
    await eventually("the old address is free", 60_000, async () => {
      const { status } = await admin.call("POST", "/admin/users", { email, password: "of somebody else" });
      return status === 201 ? true : undefined;
    });
  });

  test("can only be confirmed by the account's own session, and the link discloses nothing to others", async () => {
    const { api, email, password } = await newPerson("hal");
    const stranger = await newPerson("gil");
    const { token: personal } = await ok(api, "POST", "/tokens", { name: "t", scopes: ["account"] });
    const mail = await mailTo("hal@mistyped.example", /hfc_/, () =>
      ok(api, "POST", "/account/address", { email: "hal@mistyped.example", password }),
    );
    assert.match(mail, /The account of hal@example\.com on \S+ is being changed to this address/);
    const token = tokenIn(mail);
    const forged = await confirm(
      stranger.api,
      token.replace(/.$/, (last) => (last === "A" ? "B" : "A")),
    );
    const byStranger = await confirm(stranger.api, token);
    assert.deepEqual([byStranger.status, byStranger.body.message], [422, forged.body.message]);
    const byToken = await confirm(new Api(server.url, personal), token);
    assert.deepEqual([byToken.status, byToken.body.code], [403, "forbidden"]);
    assert.equal((await confirm(open(), token)).status, 401);
    assert.equal((await ok(api, "GET", "/account")).email, email);
    assert.equal((await confirm(api, token)).status, 200);
    assert.equal((await ok(api, "GET", "/account")).email, "hal@mistyped.example");
  });

  test("cannot be confirmed with a replaced or withdrawn link", async () => {
    const { api, email, password } = await newPerson("jon");
    const first = await mailedToken("jon@first.example", () =>
      ok(api, "POST", "/account/address", { email: "jon@first.example", password }),
    );
    const second = await mailedToken("jon@second.example", () =>
      ok(api, "POST", "/account/address", { email: "jon@second.example", password }),
    );
    assert.equal((await confirm(api, first)).status, 422);
    const back = await ok(api, "POST", "/account/address", { email: email.toUpperCase(), password });
    assert.deepEqual([back.email, back.next_email], [email, null]);
    assert.equal((await confirm(api, second)).status, 422);
    assert.equal((await ok(api, "GET", "/account")).email, email);
    assert.deepEqual([await signsIn(email, password), await signsIn("jon@second.example", password)], [true, false]);
  });

  test("fails for an address in use, without disclosing that or mailing its owner", async () => {
    const kai = await newPerson("kai");
    const lea = await newPerson("lea");
    const mailed = smtp.mails.filter(({ to }) => to.includes(lea.email)).length;
    const { status, body } = await kai.api.call("POST", "/account/address", {
      email: lea.email,
      password: kai.password,
    });
    assert.deepEqual([status, body.next_email], [202, lea.email]);
    const free = await mailedToken("kai@free.example", () =>
      ok(kai.api, "POST", "/account/address", { email: "kai@free.example", password: kai.password }),
    );
    assert.equal(smtp.mails.filter(({ to }) => to.includes(lea.email)).length, mailed);
    await ok(admin, "POST", "/admin/users", { email: "kai@free.example", password: "a sentence of the other" });
    const taken = await confirm(kai.api, free);
    assert.deepEqual([taken.status, taken.body.code], [409, "exists"]);
    assert.equal((await ok(kai.api, "GET", "/account")).email, kai.email);
    assert.ok(await signsIn("kai@free.example", "a sentence of the other"));
  });

  test("requires a session, the password, a valid address and an active account", async () => {
    const { api, password } = await newPerson("mia");
    const { token } = await ok(api, "POST", "/tokens", { name: "t", scopes: ["account"] });
    const email = "mia@new.example";
    const by = (of: Api, body: object) => of.call("POST", "/account/address", body);
    assert.equal((await by(new Api(server.url, token), { email, password })).status, 403);
    const wrong = await by(api, { email, password: "a guess" });
    assert.deepEqual([wrong.status, wrong.body.field], [422, "password"]);
    for (const no of ["", "mia", "a b@c", "mia@new.example\u0000", `${"m".repeat(400)}@new.example`]) {
      const { status, body } = await by(api, { email: no, password });
      assert.deepEqual([status, body.field], [422, "email"], no);
    }
    assert.equal((await ok(api, "GET", "/account")).next_email, null);
    const link = await mailedToken(email, () => by(api, { email, password }));
    const { id } = await ok(api, "GET", "/account");
    await ok(admin, "PATCH", `/admin/users/${id}`, { disabled: true });
    assert.equal((await confirm(api, link)).status, 401);
    await ok(admin, "PATCH", `/admin/users/${id}`, { disabled: false });
    const again = await Api.signIn(server.url, { email: "mia@example.com", password });
    assert.equal((await confirm(again, link)).status, 200);
  });

  test("by an administrator notifies the old address and cancels a pending change", async () => {
    const { api, email, password } = await newPerson("nia");
    const link = await mailedToken("nia@wish.example", () =>
      ok(api, "POST", "/account/address", { email: "nia@wish.example", password }),
    );
    const { id } = await ok(api, "GET", "/account");
    await mailTo(email, /has a new e-mail address/, () =>
      ok(admin, "PATCH", `/admin/users/${id}`, { email: "nia@set.example" }),
    );
    assert.equal((await confirm(api, link)).status, 422);
    assert.ok(await signsIn("nia@set.example", password));
  });
});
