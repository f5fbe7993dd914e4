import assert from "node:assert/strict";
import { test } from "node:test";
import { type Language, languages, notificationKinds } from "@holdfast/protocol/account-settings";
import { fc } from "@holdfast/tools/properties";
import type { UserId } from "@holdfast/core/ids";
import { limits } from "@holdfast/core/limits";
import { isLongTier } from "@holdfast/tools/tiers";
import { composeMail, type MailFacts } from "./compose-mail.ts";
import { openMailer } from "./mailer.ts";
import type { Template } from "./mail-order.ts";
import type { Notice } from "./notice.ts";
import { shownLines, shownName, shownPerson } from "./shown-text.ts";
import { startTestSmtp, testNotice } from "./testing.ts";

const publicUrl = "https://drive.example.org";
const facts = (content: Template, more: Partial<MailFacts> = {}): MailFacts => ({
  content,
  language: "en",
  serverName: "Holdfast",
  publicUrl,
  link: undefined,
  unsubscribeUrl: `${publicUrl}/unsubscribe/hfu_1`,
  ...more,
});
const invitation = (more: Partial<Extract<Template, { template: "invitation" }>> = {}): Template => ({
  template: "invitation",
  actor: { id: "a" as UserId, name: "Ann", email: "ann@example.org" },
  node: { name: "Plans" },
  role: "editor",
  message: "Have a look.\nPlease.",
  expires_at: Date.UTC(2026, 0, 8) * 1000,
  ...more,
});
const one = (...notices: Partial<Notice>[]): Template => ({
  template: "notices",
  notices: notices.map((notice) => testNotice(notice)),
  more: 0,
  kinds: ["share"],
});

test("an invitation names the sender, the item and the expiry, and marks the sender's own words", () => {
  const { subject, text } = composeMail(facts(invitation(), { link: "/setup#hfi_1" }));
  assert.equal(subject, "Ann invites you to “Plans”");
  assert.equal(
    text,
    `Ann (ann@example.org) shares “Plans” with you on drive.example.org. You can edit it.

To open it, you need an account there. The link below creates an account for this e-mail address only.

The invitation expires on January 8, 2026.

Ann wrote (this text is theirs, not ours):
> Have a look.
> Please.

Create your account:
https://drive.example.org/setup#hfi_1

-- 
You received this e-mail because someone on drive.example.org entered your address. If you do not know why, ignore this e-mail.
Unsubscribe from e-mails like this: https://drive.example.org/unsubscribe/hfu_1
`,
  );
});

test("an invitation in German has the same content", () => {
  const { subject, text } = composeMail(facts(invitation(), { language: "de", link: "/setup#hfi_1" }));
  assert.equal(subject, "Ann lädt Sie zu „Plans“ ein");
  assert.equal(
    text,
    `Ann (ann@example.org) teilt „Plans“ auf drive.example.org mit Ihnen. Sie dürfen es ändern.

Dazu brauchen Sie dort ein Konto. Der Link legt eines für diese E-Mail-Adresse an, und für keine andere.

Die Einladung gilt bis 8. Januar 2026.

Ann schrieb (dieser Text ist nicht von uns):
> Have a look.
> Please.

Konto anlegen:
https://drive.example.org/setup#hfi_1

-- 
Sie bekommen diese Mail, weil jemand auf drive.example.org Ihre Adresse angegeben hat. Sagt Ihnen das nichts, müssen Sie nichts tun.
Keine solchen Mails mehr: https://drive.example.org/unsubscribe/hfu_1
`,
  );
});

test("a server's own name appears in the subject, above the text and at the link", () => {
  const named = composeMail(facts(one({ kind: "comment" }), { serverName: "Müller & <Söhne>" }));
  const unnamed = composeMail(facts(one({ kind: "comment" })));
  assert.equal(named.subject, `${unnamed.subject} – Müller & <Söhne>`);
  assert.match(named.html, /<body>\n<p><strong>Müller &amp; &lt;Söhne&gt;<\/strong><\/p>/);
  assert.match(named.text, /^Open Müller & <Söhne>:\nhttps:/m);
  assert.match(unnamed.html, /<body>\n<p><strong>Holdfast<\/strong><\/p>/);
});

test("a confirmation mail names the account, and whether its address changes", () => {
  const mail = (account: Extract<Template, { template: "confirmation" }>["account"], language: Language = "en") =>
    composeMail(facts({ template: "confirmation", account }, { language, link: "/setup#hfc_1" })).text;
  const ann = { name: "Ann\nhttps://thief.example", email: "ann@example.org", moves: false };
  assert.match(mail(ann), /^The account of Ann … \(ann@example\.org\) on drive\.example\.org has this address/);
  assert.match(
    mail({ ...ann, moves: true }),
    /\(ann@example\.org\) on drive\.example\.org is being changed to this address/,
  );
  assert.match(mail({ ...ann, moves: true }, "de"), /^Das Konto von Ann … \(ann@example\.org\) auf .* soll zu dieser/);
  assert.match(mail(ann), /If it is not yours, do not confirm/);
  assert.match(mail(undefined), /^Someone, most likely you, used this address/, "one that waited through an update");
});

test("every kind of notice has its own subject in every language", () => {
  const detail = {
    role: "viewer",
    text: "Nice",
    count: 3,
    percent: 95,
    used_bytes: 14.2e9,
    quota_bytes: 15e9,
    name: "laptop",
    reason: "malware",
    check: "drill",
    state: "fail",
  };
  const said = languages.map((language) =>
    notificationKinds.map((kind) => composeMail(facts(one({ kind, detail }), { language })).subject),
  );
  assert.deepEqual(said, [
    [
      "Ann shared “Plans” with you",
      "Ann commented on “Plans”",
      "Ann mentioned you in a comment on “Plans”",
      "Ann made 3 changes in “Plans”",
      "Your storage is 95 % full",
      "A new device signed in to your account: laptop",
      "A link to “Plans” was reported",
      "Problem on your server: restore drill",
    ],
    [
      "Ann hat „Plans“ mit Ihnen geteilt",
      "Ann hat „Plans“ kommentiert",
      "Ann hat Sie in einem Kommentar zu „Plans“ erwähnt",
      "Ann hat in „Plans“ 3 Änderungen gemacht",
      "Ihr Speicher ist zu 95 % voll",
      "Ein neues Gerät hat sich an Ihrem Konto angemeldet: laptop",
      "Ein Link zu „Plans“ wurde gemeldet",
      "Mit Ihrem Server stimmt etwas nicht: ob sich das Backup zurückspielen lässt",
    ],
  ]);
  const quota = composeMail(facts(one({ kind: "quota", detail }), { language: "de" })).text;
  assert.match(quota, /13 GiB von 14 GiB sind belegt/);
});

test("server problems are reported in the doctor's words, in one mail or among other notices", () => {
  const bad = { check: "disk", state: "warn", before: "ok", detail: "/data: 1 GB free\nof 9", advice: "Make room." };
  const notice = (...details: object[]) =>
    one(...details.map((detail) => ({ kind: "server" as const, actor: null, node: null, detail: { ...detail } })));
  const alone = composeMail(facts(notice(bad)));
  assert.equal(alone.subject, "Warning from your server: disk space");
  assert.match(
    alone.text,
    /Details: \/data: 1 GB free of 9\n\nWhat to do: Make room\.\n\nTo list all current findings: holdfast admin doctor/,
  );
  const well = { ...bad, state: "ok", detail: null, advice: null, was: "/data: 1 GB <free>" };
  const both = composeMail(facts(notice(bad, well)));
  assert.match(both.text, /^\* Warning from your server: disk space\n {2}Details: .*\n {2}What to do: Make room\.$/m);
  assert.match(both.text, /^\* Resolved on your server: disk space\n {2}The problem was: \/data: 1 GB <free>$/m);
  assert.match(
    both.html,
    /<li>Resolved on your server: disk space<br>\nThe problem was: \/data: 1 GB &lt;free&gt;<\/li>/,
  );
  const german = composeMail(facts(notice({ ...well, check: "tides" }), { language: "de" }));
  assert.equal(german.subject, "Wieder in Ordnung auf Ihrem Server: tides");
});

test("a notice with missing or invalid details is still a valid mail", () => {
  for (const language of languages)
    for (const kind of notificationKinds)
      for (const detail of [
        {},
        { role: 7, text: {}, count: -1, percent: "x", name: null, reason: [], check: 1, state: 2, was: {}, advice: [] },
      ]) {
        const { subject, text } = composeMail(facts(one({ kind, actor: null, node: null, detail }), { language }));
        assert.doesNotMatch(subject + text, /undefined|null|NaN|\[object/, `${language} ${kind}`);
      }
});

test("names are limited to one line, their own direction and a readable length", () => {
  assert.equal(shownName("a\r\nBcc: x@y\u2028\u0085z\u0000"), "a Bcc: x@y z");
  assert.equal(shownName("\u202egnp.exe"), "gnp.exe");
  assert.equal(shownName("שלום"), "\u2068שלום\u2069");
  assert.equal(shownName("x".repeat(1000)), `${"x".repeat(79)}…`);
  assert.ok(shownName(`a${"\u0301".repeat(10_000)}`).length < 400);
  assert.equal(shownName("👩‍👩‍👧‍👦".repeat(90)).length, 11 * 14 + 1);
  assert.equal(shownName("\ud800"), "\ufffd");
  assert.equal(shownPerson("Win at https://evil.example/x now www.evil.example"), "Win at … now …");
  assert.deepEqual(shownLines("a\r\n\r\n\r\nb\u202e", 100), ["a", "", "b"]);
  assert.ok(
    shownLines("x\n".repeat(100_000), limits.mailMessageCharactersMax).join("\n").length <=
      2 * limits.mailMessageCharactersMax,
  );
});

const nasty = fc.oneof(
  fc.string({ unit: "binary", maxLength: 300 }),
  fc
    .array(
      fc.constantFrom(
        ...Array.from("<>&\"'\r\n\t\u0000\u2028\u202e\u2066\u0085אبa:,;=?@ "),
        "Bcc: a@b",
        "\r\n\r\n",
        "=?UTF-8?Q?=0D=0ABcc:?=",
        "<script>",
        "</p>",
        "-- \n",
      ),
      { maxLength: 40 },
    )
    .map((parts) => parts.join("")),
);

/** Headers of a benign mail, and so of every mail. */
const headerNames = [
  "auto-submitted",
  "content-type",
  "date",
  "from",
  "list-unsubscribe",
  "list-unsubscribe-post",
  "message-id",
  "mime-version",
  "subject",
  "to",
];

const hostile = fc.tuple(nasty, nasty, nasty).map(([name, node, message]): Template[] => {
  const actor = { id: "a" as UserId, name };
  const commentNotice = testNotice({
    actor,
    node: { id: "n", name: node },
    kind: "comment",
    detail: { text: message },
  });
  const device = testNotice({ kind: "device", detail: { name: message } });
  return [
    invitation({ actor: { ...actor, email: "ann@example.org" }, node: { name: node }, message }),
    { template: "notices", notices: [commentNotice, device], more: 0, kinds: [] },
    { template: "notices", notices: [commentNotice], more: 0, kinds: [] },
  ];
});

test("user text cannot create tags, links or system lines", () => {
  const property = fc.property(hostile, fc.constantFrom(...languages), (contents, language) => {
    for (const content of contents) {
      const { subject, text, html } = composeMail(facts(content, { language }));
      assert.doesNotMatch(subject, /[\p{Cc}\u2028\u2029\u202a-\u202e]/u);
      const tags = [...html.matchAll(/<[^>]*>/g)].map(([tag]) => tag.replace(/^<(\/?[a-z!]+).*$/is, "$1"));
      assert.deepEqual(
        tags.filter((tag) => !ourTags.has(tag)),
        [],
      );
      const links = [`href="${publicUrl}/"`, `href="${publicUrl}/unsubscribe/hfu_1"`];
      assert.deepEqual(html.match(/href="[^"]*"/g), links);
      assert.equal(text.match(/^-- $/gm)?.length, 1);
      // oxlint-disable-next-line no-control-regex -- they are what must not be there
      assert.doesNotMatch(text, /[\u0000-\u0009\u000b-\u001f\u202a-\u202e]/);
    }
  });
  fc.assert(property, { numRuns: isLongTier ? 1000 : 100 });
});

test("user text cannot create headers or recipients", async (t) => {
  const smtp = await startTestSmtp({ hideSTARTTLS: true, disabledCommands: ["STARTTLS"] });
  t.after(() => smtp.close());
  const mailer = openMailer(smtp.settings);
  const property = fc.asyncProperty(hostile, async (contents) => {
    for (const content of contents) {
      const composed = { ...composeMail(facts(content)), messageId: "1@drive.example.org", atMicros: 0 };
      const outgoing = { ...composed, to: "ben@example.org", unsubscribeUrl: `${publicUrl}/unsubscribe/hfu_1` };
      await mailer.send(outgoing, new AbortController().signal);
      const got = smtp.mails.pop();
      assert.deepEqual([...(got?.headers.keys() ?? [])].toSorted(), headerNames);
      assert.deepEqual(got?.to, ["ben@example.org"]);
      assert.equal(got?.headers.get("subject"), composed.subject);
    }
  });
  await fc.assert(property, { numRuns: isLongTier ? 12 : 4 });
});

const ourTags: ReadonlySet<string> = new Set(
  [
    "!doctype",
    "html",
    "head",
    "meta",
    "title",
    "body",
    "p",
    "strong",
    "blockquote",
    "ul",
    "li",
    "a",
    "hr",
    "small",
    "br",
  ].flatMap((name) => [name, `/${name}`]),
);

test("a suspended device is reported with the command to its owner, and with the account to administrators", () => {
  const suspension = {
    suspended: true,
    device_id: "0198",
    name: "laptop",
    rewritten: 1499,
    deleted: 0,
    moment: "2027-01-31T09:00:00.000001Z",
  };
  const command = `holdfast rewind / --to ${suspension.moment}`;
  const account = { email: "ann@example.org" };
  const said = (detail: object, language: Language) =>
    composeMail(facts(one({ kind: "device", actor: null, node: null, detail: { ...detail } }), { language }));
  const own = said({ ...suspension, command }, "en");
  assert.equal(own.subject, "A device was suspended because it changed unusually many files: laptop");
  for (const part of ["1,499 files", command, "holdfast devices resume 0198"]) assert.ok(own.text.includes(part), part);
  const others = said({ ...suspension, account }, "de");
  assert.equal(others.subject, "Ein Gerät wurde angehalten, weil es sehr viele Dateien verändert hat: laptop");
  for (const part of ["1.499 Dateien", account.email, "holdfast admin devices resume 0198"])
    assert.ok(others.text.includes(part), part);
  assert.doesNotMatch(others.text, /rewind/);
});

test("a new device is reported with the country of its network, if known", () => {
  const said = (detail: object, language: Language) =>
    composeMail(facts(one({ kind: "device", actor: null, node: null, detail: { ...detail } }), { language })).text;
  const device = { device_id: "0198", name: "laptop", address: "193.99.144.80", country: "DE" };
  assert.ok(said(device, "en").includes("from the address 193.99.144.80 (a network of Germany)"));
  assert.ok(said(device, "de").includes("von der Adresse 193.99.144.80 (Netz: Deutschland)"));
  for (const country of ["D", "<b>", "de", 7, undefined])
    assert.doesNotMatch(said({ ...device, country }, "en"), /a network of/);
});

test("deletions by a guest are reported with the rewind command and link", () => {
  const deletions = { deletions: true, name: "Bob", count: 1200, moment: "2027-01-31T09:00:00.000001Z" };
  const command = `holdfast rewind '/Trip to Rome' --to ${deletions.moment}`;
  const node = { id: "0198", name: "Trip to Rome" };
  const said = (detail: object, language: Language) =>
    composeMail(
      facts(one({ kind: "device", actor: null, node, detail: { ...detail } }), { language, link: undefined }),
    );
  const mail = said({ ...deletions, command }, "en");
  assert.equal(mail.subject, "Bob deleted at least 1,200 files and folders in “Trip to Rome”");
  const place = "/rewind/0198?to=2027-01-31T09%3A00%3A00.000001Z";
  for (const part of ["in your trash", command, place]) assert.ok(mail.text.includes(part), part);
  assert.match(said(deletions, "de").subject, /^Bob hat mindestens 1\.200 Dateien/);
  assert.doesNotMatch(said(deletions, "de").text, /holdfast rewind/);
});
