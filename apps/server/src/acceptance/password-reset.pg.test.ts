import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, describe, test } from "node:test";
import type { TestSmtp } from "../features/mail/testing.ts";
import { type MailingServer, startMailingServer } from "./mailing-server.ts";
import { newPerson } from "./new-person.ts";
import { requestRaw } from "./raw-request.ts";
import { administrator, Api, eventually, ok, queryDatabase, type RunningServer } from "./testing.ts";

describe("Forgotten password", () => {
  let folder: string;
  let mailing: MailingServer;
  let smtp: TestSmtp;
  let server: RunningServer;
  let admin: Api;

  before(async () => {
    mailing = await startMailingServer("reset", { env: { HOLDFAST_RATE_LIMIT_SIGN_IN: "40" } });
    ({ folder, smtp, server, admin } = mailing);
  });
  after(() => mailing?.stop());

  const open = () => new Api(server.url);
  const ask = (email: string) => open().call("POST", "/account/password/reset/mail", { email });
  const reset = (token: string, wanted: string) =>
    open().call("POST", "/account/password/reset", { token, new_password: wanted });
  const tokenIn = (text: string) => {
    const token = /https:\/\/drive\.example\.org\/setup#(hfw_[\w-]+)/.exec(text)?.[1];
    assert.ok(token !== undefined, text);
    return token;
  };
  const signedBy = async (api: Api, id: string): Promise<string> =>
    (await ok(api, "POST", "/signed-urls", { ids: [id], use: "zip", name: "z" })).urls[0].url;
  const mailTo = async (email: string, pattern = /#hfw_|has a new password/) => {
    for (;;) {
      const mail = await smtp.next();
      if (mail.to.includes(email) && pattern.test(mail.text)) return mail;
    }
  };

  /** Other mails of the previous test may still arrive. */
  const nextReset = async () => {
    for (;;) {
      const mail = await smtp.next();
      if (mail.text.includes("#hfw_")) return mail;
    }
  };

  test("is reset once by the mailed link, which ends sessions and tokens and notifies the account", async () => {
    const person = await newPerson(admin);
    const { token: made } = await ok(person.api, "POST", "/tokens", { name: "t", scopes: ["account", "files:read"] });
    const { id } = await ok(person.api, "POST", "/metadata", { path: "/kept", kind: "folder" });
    const signed = await Promise.all([signedBy(person.api, id), signedBy(new Api(server.url, made), id)]);
    for (const url of signed) assert.equal((await requestRaw(url)).status, 200);
    const coming = mailTo(person.email);
    for (const email of [person.email.toUpperCase(), "nobody@example.com"]) {
      const { status, body } = await ask(email);
      assert.deepEqual([status, body], [202, {}]);
    }
    const token = tokenIn((await coming).text);
    assert.equal((await reset(token, "short")).status, 422);
    const told = mailTo(person.email);
    const done = await reset(token, "a new password");
    assert.deepEqual([done.status, done.body], [200, { email: person.email, passkeys: 0, outside: 0 }]);
    assert.match((await told).text, /has a new password/);
    const again = await reset(token, "another password");
    assert.deepEqual([again.status, again.body.field], [422, "token"]);
    assert.equal((await person.api.call("GET", "/account")).status, 401);
    for (const url of signed) assert.equal((await requestRaw(url)).status, 401);
    const program = new Api(server.url);
    program.token = made;
    assert.equal((await program.call("GET", "/account")).status, 401);
    await assert.rejects(Api.signIn(server.url, person));
    const { body } = await (
      await Api.signIn(server.url, { ...person, password: "a new password" })
    ).call("GET", "/account");
    assert.equal(body.confirmed, true, "the mail has reached the address");
    assert.ok(!readFileSync(server.logFile, "utf8").includes(token));
  });

  test("is mailed at most once in five minutes, and never to suspended or unknown accounts", async () => {
    const [person, suspended, last] = [await newPerson(admin), await newPerson(admin), await newPerson(admin)];
    await ok(admin, "PATCH", `/admin/users/${suspended.email}`, { disabled: true });
    const first = nextReset();
    for (const email of [
      person.email,
      suspended.email,
      "nobody@example.com",
      person.email,
      `${"x".repeat(60)}@example.com`,
    ])
      assert.equal((await ask(email)).status, 202);
    assert.deepEqual((await first).to, [person.email]);
    const next = nextReset();
    assert.equal((await ask(person.email)).status, 202);
    await settled();
    assert.equal((await ask(last.email)).status, 202);
    assert.deepEqual((await next).to, [last.email], "nothing went to the others");
  });

  test("is reset once by concurrent requests with the same link", async () => {
    const person = await newPerson(admin);
    const coming = mailTo(person.email);
    await ask(person.email);
    const token = tokenIn((await coming).text);
    const answers = await Promise.all(
      Array.from({ length: 5 }, (_, index) => reset(token, `password number ${index}`)),
    );
    const won = answers.flatMap(({ status }, index) => (status === 200 ? [index] : []));
    assert.equal(won.length, 1);
    await Api.signIn(server.url, { ...person, password: `password number ${won[0]}` });
  });

  test("cannot be reset with a forged link or one for a former address", async () => {
    const [person, other] = [await newPerson(admin), await newPerson(admin)];
    const coming = mailTo(person.email);
    await ask(person.email);
    const token = tokenIn((await coming).text);
    const { id } = await ok(other.api, "GET", "/account");
    const [, user = "", until = ""] = token.split("_");
    const forged = [
      token.replace(user, String(id).replaceAll("-", "")),
      token.replace(until, String(Number(until) + 3600)),
      `${token.slice(0, -1)}${token.endsWith("A") ? "B" : "A"}`,
      "hfw_",
      "\u0000",
    ];
    for (const each of forged) assert.equal((await reset(each, "a new password")).status, 422, each);
    await ok(admin, "PATCH", `/admin/users/${person.email}`, { email: `moved-${person.email}` });
    assert.equal((await reset(token, "a new password")).status, 422, "whoever has the old address");
  });

  test("leaves the second factor in force after the reset", async () => {
    const person = await newPerson(admin);
    const { secret } = await ok(person.api, "POST", "/account/second-factor", { password: person.password });
    const { Secret, TOTP } = await import("otpauth");
    const totp = new TOTP({ secret: Secret.fromBase32(secret) }).generate();
    const { recovery_codes: codes } = await ok(person.api, "POST", "/account/second-factor/confirm", { totp });
    // May arrive before the link.
    const coming = mailTo(person.email);
    await ask(person.email);
    assert.equal((await reset(tokenIn((await coming).text), "a new password")).status, 200);
    const credentials = { email: person.email, password: "a new password" };
    const without = await open().call("POST", "/sessions", credentials);
    assert.deepEqual([without.status, without.body.code], [401, "second_factor"]);
    assert.equal((await open().call("POST", "/sessions", { ...credentials, totp: codes[0] })).status, 200);
  });

  test("requests from one address are limited", async () => {
    const statuses: number[] = [];
    for (let count = 0; count < 60; count++) statuses.push((await ask(`nobody${count}@example.com`)).status);
    assert.ok(statuses.includes(429));
    // Sign-ins have a separate count.
    await Api.signIn(server.url, administrator);
  });

  const settled = () =>
    eventually("all that was asked is worked", 30_000, async () => {
      const [waiting] = await queryDatabase(
        `${folder}/data`,
        "select count(*)::int8 as count from shard.messages where kind in ('password_reset', 'mail')",
      );
      return Number(waiting?.count) === 0 || undefined;
    });
});
