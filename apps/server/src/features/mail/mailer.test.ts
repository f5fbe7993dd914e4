import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { getCACertificates, setDefaultCACertificates } from "node:tls";
import { requireComponent } from "@holdfast/tools/components";
import { reservePort } from "@holdfast/tools/reserved-port";
import { type OutgoingMail, openMailer } from "./mailer.ts";
import type { MailSettings } from "../../base/config/mail-settings.ts";
import { startTestSmtp } from "./testing.ts";

const mail: OutgoingMail = {
  messageId: "0001@drive.example.org",
  atMicros: Date.UTC(2026, 0, 2, 3, 4, 5) * 1000,
  to: "ben@example.org",
  subject: "Grüße",
  text: "Zeile 1\nZeile 2 mit „Anführung“\n",
  html: "<p>Grüße</p>",
  unsubscribeUrl: "https://drive.example.org/unsubscribe/hfu_1",
};
const running = new AbortController().signal;

async function start(t: TestContext, ...given: Parameters<typeof startTestSmtp>) {
  const smtp = await startTestSmtp(...given);
  t.after(() => smtp.close());
  return smtp;
}

test("a mail arrives complete, with the headers that mail programs use", async (t) => {
  const smtp = await start(t);
  await openMailer(smtp.settings).send(mail, running);
  const [got] = smtp.mails;
  assert.deepEqual([got?.from, got?.to], ["drive@example.org", ["ben@example.org"]]);
  assert.equal(got?.text.trimEnd(), mail.text.trimEnd());
  assert.equal(got.html.trimEnd(), mail.html);
  const expected = {
    from: "Our drive <drive@example.org>",
    to: "ben@example.org",
    subject: "Grüße",
    "message-id": "<0001@drive.example.org>",
    date: "Fri, 02 Jan 2026 03:04:05 +0000",
    "auto-submitted": "auto-generated",
    "list-unsubscribe": "<https://drive.example.org/unsubscribe/hfu_1>",
    "list-unsubscribe-post": "List-Unsubscribe=One-Click",
  };
  for (const [name, value] of Object.entries(expected)) assert.equal(got.headers.get(name), value, name);
});

test("a server with an untrusted certificate gets neither password nor mail", async (t) => {
  let signedIn = 0;
  const login = { user: "ann", password: "secret" };
  const onAuth = () => void (signedIn += 1);
  for (const [secure, tls] of [
    [false, "needed"],
    [true, "connect"],
  ] as const) {
    const smtp = await start(t, { onAuth, secure }, { tls, isCertificateChecked: true, login });
    await assert.rejects(openMailer(smtp.settings).send(mail, running), { code: "unavailable" });
    assert.equal(smtp.mails.length, 0);
  }
  const plain = await start(
    t,
    { onAuth, hideSTARTTLS: true, disabledCommands: ["STARTTLS"] },
    { tls: "needed", login },
  );
  await assert.rejects(openMailer(plain.settings).send(mail, running), { code: "unavailable" });
  assert.deepEqual([signedIn, plain.mails.length], [0, 0]);
});

test("with a trusted certificate, mail is encrypted and authenticated, by STARTTLS and by TLS", async (t) => {
  if (!requireComponent(t, "openssl")) return;
  const { key, cert } = makeCertificate(t);
  const before = getCACertificates("default");
  setDefaultCACertificates([...before, cert]);
  t.after(() => setDefaultCACertificates(before));
  const login = { user: "ann", password: "p@ss: word" };
  for (const [secure, tls] of [
    [false, "needed"],
    [true, "connect"],
  ] as const) {
    const smtp = await start(
      t,
      { key, cert, secure, authOptional: false },
      { tls, host: "localhost", isCertificateChecked: true, login },
    );
    await openMailer(smtp.settings).send(mail, running);
    assert.deepEqual([smtp.mails[0]?.isEncrypted, smtp.mails[0]?.user], [true, "ann"]);
  }
});

test("temporary errors are retryable, and permanent ones are not", async (t) => {
  const smtp = await start(t);
  const mailer = openMailer(smtp.settings);
  const codeAfter = async (code: number) => {
    smtp.answers.push({ code, text: "no" });
    return mailer.send(mail, running).then(
      () => "taken",
      (error: unknown) => (error as { code: string }).code,
    );
  };
  assert.equal(await codeAfter(451), "unavailable");
  assert.equal(await codeAfter(421), "unavailable");
  assert.equal(await codeAfter(550), "failed");
  assert.equal(await codeAfter(552), "failed");
  await mailer.send(mail, running);
  assert.equal(smtp.mails.length, 1);
});

test("an unknown recipient is a permanent error, and a wrong password is not", async (t) => {
  const unknown = await start(t, {
    onRcptTo: (_, __, done) => done(Object.assign(new Error("unknown"), { responseCode: 550 })),
  });
  await assert.rejects(openMailer(unknown.settings).send(mail, running), { code: "failed" });
  const closed = await start(
    t,
    { authOptional: false, onAuth: (_, __, done) => done(new Error("wrong")) },
    { login: { user: "ann", password: "secret" } },
  );
  await assert.rejects(openMailer(closed.settings).send(mail, running), (error: Error & { code: string }) => {
    assert.equal(error.code, "unavailable");
    assert.ok(!error.message.includes("secret"));
    return true;
  });
});

test("a hanging or unreachable server times out", async (t) => {
  const silent = createServer(() => {});
  silent.listen(0, "127.0.0.1");
  await once(silent, "listening");
  t.after(() => silent.close());
  const { settings } = await start(t);
  const hanging: MailSettings = { ...settings, port: (silent.address() as { port: number }).port };
  await assert.rejects(openMailer(hanging, 100).send(mail, running), { code: "unavailable" });
  const stop = new AbortController();
  const sending = openMailer(hanging, 60_000).send(mail, stop.signal);
  stop.abort();
  await assert.rejects(sending, { code: "unavailable" });
  const away = { ...settings, port: await reservePort() };
  await assert.rejects(openMailer(away).send(mail, running), { code: "unavailable" });
});

test("an address is exactly one recipient, or is rejected", async (t) => {
  const smtp = await start(t);
  const mailer = openMailer(smtp.settings);
  const bad = [
    "a@b,c@d",
    "a@b>\r\nRCPT TO:<c@d",
    "<a@b>",
    "a b@c",
    "a@b\u0000",
    '"a@b"@c',
    "a@b;c@d",
    "(x)a@b",
    "@b",
    "a@",
  ];
  for (const to of bad) await assert.rejects(mailer.send({ ...mail, to }, running), { code: "failed" }, to);
  await mailer.send({ ...mail, to: "o'neill+tag@example.org" }, running);
  assert.deepEqual(
    smtp.mails.map(({ to }) => to),
    [["o'neill+tag@example.org"]],
  );
});

function makeCertificate(t: TestContext): { key: string; cert: string } {
  const folder = mkdtempSync(join(tmpdir(), "holdfast-smtp-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const [keyFile, certFile] = [join(folder, "key"), join(folder, "cert")];
  const kind = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"];
  const subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"];
  execFileSync("openssl", ["req", "-x509", ...kind, ...subject, "-keyout", keyFile, "-out", certFile], {
    stdio: "ignore",
  });
  return { key: readFileSync(keyFile, "utf8"), cert: readFileSync(certFile, "utf8") };
}
