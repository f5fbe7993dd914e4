import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { startTestSmtp, type TestSmtp } from "../features/mail/testing.ts";
import { filesBelow } from "./files-below.ts";
import { findPackFiles, flipByte, readPackLayout } from "./pack-files.ts";
import {
  administrator,
  Api,
  eventually,
  holdfast,
  makeFolder,
  ok,
  queryDatabase,
  queueWorked,
  removeFolder,
  type RunningServer,
  startServer,
} from "./testing.ts";

const second = { email: "second@example.com", password: "a long password" };
const former = { email: "former@example.com", password: "a long password" };
const member = { email: "member@example.com", password: "a long password" };

interface ServerNotice {
  readonly kind: string;
  readonly detail: { readonly check: string; readonly state: string; readonly detail: string | null } & Record<
    string,
    unknown
  >;
}

/** Reports reach the administrators without Prometheus and without a request, for example about a damaged file of a backup. */
describe("Problems that a server finds in itself", () => {
  let folder: string;
  let place: string;
  let data: string;
  let smtp: TestSmtp;
  let server: RunningServer;
  const env = () => ({
    HOLDFAST_DRILL_PERIOD: "1s",
    HOLDFAST_DOCTOR_PERIOD: "1s",
    HOLDFAST_SMTP_URL: `smtp://127.0.0.1:${smtp.settings.port}`,
    HOLDFAST_MAIL_FROM: "Our drive <drive@example.org>",
    HOLDFAST_PUBLIC_URL: "https://drive.example.org",
  });

  before(async () => {
    folder = makeFolder("server-findings");
    [data, place] = [join(folder, "data"), join(folder, "backups")];
    smtp = await startTestSmtp({ hideSTARTTLS: true, disabledCommands: ["STARTTLS"] });
    server = await startServer({ dataFolder: data, env: env() });
    const api = await Api.signIn(server.url);
    await ok(api, "POST", "/admin/users", { ...second, admin: true });
    await ok(api, "POST", "/admin/users", { ...member, name: "Mia Member" });
    const { id } = await ok(api, "POST", "/admin/users", { ...former, admin: true });
    await ok(api, "PATCH", `/admin/users/${id}`, { disabled: true });
    await ok(await Api.signIn(server.url, second), "PATCH", "/account", { language: "de" });
    const files = await Api.signIn(server.url, member);
    for (let number = 0; number < 3; number++)
      await files.put(`/Very private ${number}.txt`, Buffer.alloc(300_000, `no. ${number} `));
    const scheduled = await holdfast(["admin", "backup", place, "--schedule", "1d", "--data", data]);
    assert.equal(scheduled.code, 0, scheduled.stderr);
  });

  after(async () => {
    await server?.stop();
    await smtp?.close();
    removeFolder(folder);
  });

  const noticesOf = async (who: { email: string; password: string }, state: string): Promise<ServerNotice[]> => {
    const { items } = await ok(await Api.signIn(server.url, who), "GET", "/notifications");
    return items.filter(
      ({ kind, detail }: ServerNotice) => kind === "server" && detail.check === "drill" && detail.state === state,
    );
  };
  const awaitNotices = (who: { email: string; password: string }, state: string) =>
    eventually(`${who.email} is told of ${state}`, 240_000, async () => {
      const found = await noticesOf(who, state);
      return found.length > 0 ? found : undefined;
    });
  const mailTo = (email: string, pattern: RegExp) =>
    eventually(`a mail to ${email}: ${pattern}`, 180_000, () =>
      smtp.mails.find(({ to, text }) => to.includes(email) && pattern.test(text)),
    );
  const flipPacks = () => {
    for (const path of filesBelow(join(place, "objects", "packs"))) {
      const bytes = readFileSync(path);
      bytes[100] = (bytes[100] ?? 0) ^ 1;
      writeFileSync(path, bytes);
    }
  };

  test("administrators get an app notification and a mail about a damaged backup, and others do not", async () => {
    await eventually("there is a backup", 180_000, async () => {
      const facts = await queryDatabase(data, "select from cell.facts where name = 'last_drill'");
      return facts.length > 0 || undefined;
    });
    flipPacks();
    for (const who of [administrator, second]) {
      const [notice, ...more] = await awaitNotices(who, "fail");
      assert.equal(more.length, 0);
      assert.match(notice?.detail.detail ?? "", /damaged in the backup/);
      assert.match(String(notice?.detail["advice"]), /holdfast admin backup/);
      assert.equal(notice?.detail["before"], "ok");
    }
    const english = await mailTo(administrator.email, /Problem on your server: restore drill/);
    const german = await mailTo(second.email, /Mit Ihrem Server stimmt etwas nicht: ob sich das Backup/);
    for (const { text, html } of [english, german]) {
      assert.match(text, /damaged in the backup/);
      assert.match(html, /holdfast admin drill/);
    }
    await queueWorked(data);
    const { items } = await ok(await Api.signIn(server.url, member), "GET", "/notifications");
    assert.deepEqual(
      items.filter(({ kind }: ServerNotice) => kind === "server"),
      [],
    );
    const recipients = new Set(smtp.mails.filter(({ text }) => /backup/i.test(text)).flatMap(({ to }) => to));
    assert.deepEqual([...recipients].toSorted(), [administrator.email, second.email]);
  });

  test("are reported once, even after a restart", async () => {
    await server.stop();
    server = await startServer({ dataFolder: data, env: env(), port: server.port });
    const looks = "select max(looked_at)::text as at from shard.server_findings";
    const [noted] = await queryDatabase(data, looks);
    for (let look = 0, last = noted?.at; look < 3; look++) {
      last = await eventually("it looks again", 60_000, async () => {
        const [row] = await queryDatabase(data, looks);
        return row?.at === last ? undefined : row?.at;
      });
    }
    await queueWorked(data);
    for (const who of [administrator, second]) assert.equal((await noticesOf(who, "fail")).length, 1);
  });

  test("are reported as resolved, with the earlier problem", async () => {
    flipPacks();
    for (const who of [administrator, second]) {
      const [notice, ...more] = await awaitNotices(who, "ok");
      assert.equal(more.length, 0);
      assert.equal(notice?.detail["before"], "fail");
      assert.match(String(notice?.detail["was"]), /damaged in the backup/);
    }
    await mailTo(administrator.email, /Resolved on your server: restore drill/);
    await mailTo(second.email, /Wieder in Ordnung auf Ihrem Server: ob sich das Backup/);
  });

  test("a report about a lost block contains no file names or owners", async () => {
    const earlier = new Set(findPackFiles(join(data, "store")).values());
    await (await Api.signIn(server.url, member)).put("/Very private at last.txt", randomBytes(300_000));
    const packs = [...findPackFiles(join(data, "store")).values()].filter((path) => !earlier.has(path));
    assert.ok(packs.length > 0);
    for (const path of packs) flipByte(path, (readPackLayout(path).records[0]?.start ?? 0) + 50);
    const made = await holdfast(["admin", "backup", place, "--data", data]);
    assert.match(made.stdout + made.stderr, /damaged in the store/);
    const [, latest] = await eventually("it is told of that too", 240_000, async () => {
      const found = await noticesOf(administrator, "fail");
      return found.length > 1 ? found.toReversed() : undefined;
    });
    assert.match(latest?.detail.detail ?? "", /a block of pack \S+ is lost: .* \(one file version uses it\)/);
    const rows = await queryDatabase(
      data,
      "select detail::text as text from shard.notifications where kind = 'server'",
    );
    const all = [...rows.map(({ text }) => text), ...smtp.mails.map(({ text }) => text)].join("\n");
    assert.match(all, /one file version uses it/);
    assert.doesNotMatch(all, /Very private|Mia|member@/);
    assert.doesNotMatch(readFileSync(server.logFile, "utf8"), /Very private/);
  });
});
