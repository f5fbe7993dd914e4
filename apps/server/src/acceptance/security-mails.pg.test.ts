import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { limits } from "@holdfast/core/limits";
import { Secret, TOTP } from "otpauth";
import type { TestSmtp } from "../features/mail/testing.ts";
import { type MailingServer, startMailingServer } from "./mailing-server.ts";
import { Api, ok, queueWorked, type RunningServer } from "./testing.ts";

describe("Security mail", () => {
  let mailing: MailingServer;
  let smtp: TestSmtp;
  let server: RunningServer;
  let admin: Api;
  const ann = { email: "ann@example.com", password: "the password of ann" };

  before(async () => {
    mailing = await startMailingServer("security-mails");
    ({ smtp, server, admin } = mailing);
    await ok(admin, "POST", "/admin/users", ann);
  });
  after(() => mailing?.stop());

  const toldOf = async (pattern: RegExp, act: () => Promise<unknown>): Promise<string> => {
    const coming = (async () => {
      for (;;) {
        const mail = await smtp.next();
        if (mail.to.includes(ann.email) && pattern.test(mail.text)) return mail.text;
      }
    })();
    await act();
    return coming;
  };

  test("reports each change of the second factor, and wrong codes with the right password", async () => {
    const api = await Api.signIn(server.url, ann);
    const { secret } = await ok(api, "POST", "/account/second-factor", { password: ann.password });
    const totp = () => new TOTP({ secret: Secret.fromBase32(secret) }).generate();
    let codes: string[] = [];
    const on = await toldOf(/now requires a code from the app/, async () => {
      ({ recovery_codes: codes } = await ok(api, "POST", "/account/second-factor/confirm", { totp: totp() }));
    });
    assert.match(on, /If this was not you/);
    assert.ok(!on.includes(secret) && !on.includes(codes[0] ?? ""));
    await toldOf(/with your password and wrong codes/, async () => {
      for (let count = 0; count < limits.secondFactorFailuresMax; count++) {
        const { status } = await new Api(server.url).call("POST", "/sessions", { ...ann, totp: "000000" });
        assert.equal(status, 401);
      }
    });
    await toldOf(/previous recovery codes of your account on drive\.example\.org/, async () => {
      const proof = { password: ann.password, totp: codes[0] };
      ({ recovery_codes: codes } = await ok(api, "POST", "/account/second-factor/recovery-codes", proof));
    });
    await toldOf(/The password alone is now enough to sign in to your account on \S+\.$/m, () =>
      ok(api, "POST", "/account/second-factor/end", { password: ann.password, totp: codes[0] }),
    );
  });

  test("also appears once in notifications, without a second mail", async () => {
    const bob = { email: "bob@example.com", password: "the password of bob" };
    await ok(admin, "POST", "/admin/users", bob);
    const api = await Api.signIn(server.url, bob);
    const { secret } = await ok(api, "POST", "/account/second-factor", { password: bob.password });
    const totp = new TOTP({ secret: Secret.fromBase32(secret) }).generate();
    const { recovery_codes: codes } = await ok(api, "POST", "/account/second-factor/confirm", { totp });
    await ok(new Api(server.url), "POST", "/sessions", { ...bob, totp: codes[0], device_name: "test" });
    await ok(admin, "PATCH", `/admin/users/${bob.email}`, { second_factor: false });
    await queueWorked(`${mailing.folder}/data`);
    const { items } = await ok(await Api.signIn(server.url, bob), "GET", "/notifications");
    const changes = items.flatMap(({ detail }: { detail: { security?: string } }) => detail.security ?? []);
    assert.deepEqual(changes.toSorted(), ["factor_code_used", "factor_ended", "factor_on"]);
    const mails = smtp.mails.filter(({ to }) => to.includes(bob.email));
    const subjects = mails.map(({ headers }) => headers.get("subject") ?? "");
    assert.deepEqual(subjects.filter((subject) => /recovery code|turned off your second/.test(subject)).toSorted(), [
      "A recovery code was used",
      "An administrator turned off your second factor",
    ]);
  });

  test("reports tokens and webhooks created by a session, but not a token created by a token", async () => {
    const api = await Api.signIn(server.url, ann);
    const asked = { name: "script", scopes: ["account"] };
    let first = "";
    await toldOf(/without a password or code, until it expires or is revoked/, async () => {
      first = (await ok(api, "POST", "/tokens", asked)).token;
    });
    await ok(new Api(server.url, first), "POST", "/tokens", { ...asked, name: "by the script" });
    await toldOf(/reports changes to files/, () =>
      ok(api, "POST", "/webhooks", {
        url: "https://example.com/hook",
        secret: "a secret of the hook",
        events: ["created"],
      }),
    );
    await ok(admin, "PATCH", `/admin/users/${ann.email}`, { password: ann.password });
    for (let text = ""; !/has a new password/.test(text);) {
      ({ text } = await smtp.next());
      assert.doesNotMatch(text, /until it expires or is revoked/);
    }
  });

  test("reports a password set and a second factor removed by an administrator", async () => {
    const api = await Api.signIn(server.url, ann);
    const { secret } = await ok(api, "POST", "/account/second-factor", { password: ann.password });
    const totp = new TOTP({ secret: Secret.fromBase32(secret) }).generate();
    await ok(api, "POST", "/account/second-factor/confirm", { totp });
    await toldOf(/All browsers and devices have to sign in again/, () =>
      ok(admin, "PATCH", `/admin/users/${ann.email}`, { second_factor: false }),
    );
    await toldOf(/has a new password/, () =>
      ok(admin, "PATCH", `/admin/users/${ann.email}`, { password: "given to ann" }),
    );
  });
});
