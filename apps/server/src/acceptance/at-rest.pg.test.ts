import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { sha256Bytes } from "@holdfast/core/hash";
import { isLongTier, longTest, testShards } from "@holdfast/tools/tiers";
import { assertCommitted, putBatch } from "./batches.ts";
import { filesBelow } from "./files-below.ts";
import { findNeedles, findRuns, spellings } from "./plain-text-search.ts";
import { type ReceivedMail, startTestSmtp, type TestSmtp } from "../features/mail/testing.ts";
import { openStoredSecrets } from "./stored-secrets.ts";
import {
  Api,
  eventually,
  makeFolder,
  queryDatabase,
  removeFolder,
  type RunningServer,
  startServer,
} from "./testing.ts";

test("a key given in the environment is never written to the disk", async (t) => {
  const folder = makeFolder("key-in-environment");
  t.after(() => removeFolder(folder));
  const key = randomBytes(32).toString("base64");
  const options = { dataFolder: `${folder}/data`, env: { HOLDFAST_KEY_ENCRYPTION_KEY: key } };
  const first = await startServer(options);
  assert.equal((await (await Api.signIn(first.url)).put("/note.txt", "closed")).status, 201);
  await first.stop();
  assert.equal(existsSync(join(folder, "data/key-encryption-key")), false);
  const other = { ...options, env: { HOLDFAST_KEY_ENCRYPTION_KEY: randomBytes(32).toString("base64") } };
  await assert.rejects(startServer(other), /HOLDFAST_KEY_ENCRYPTION_KEY/);
  const second = await startServer(options);
  assert.equal((await (await Api.signIn(second.url)).download("/note.txt")).body.toString(), "closed");
  await second.stop();
});

/**
 * Invariant: a thief of the disks without the key-encryption key learns names and sizes, but no piece of a file's
 * content. No password or token is stored unencrypted.
 */
describe("Data at rest", () => {
  let folder: string;
  let data: string;
  let smtp: TestSmtp;
  let server: RunningServer;
  const smtpPassword = `mail password ${randomBytes(12).toString("hex")}`.replaceAll(" ", "-");
  const texts: Record<string, Uint8Array> = {};
  /** Plain hashes of blocks with known cuts. */
  const hashes: Record<string, string | Uint8Array> = {};
  const secrets: Record<string, string | Uint8Array> = {};
  const fileName = `a name that may be read ${randomBytes(8).toString("hex")}`;
  const smallText = proseOf(40_000);

  before(async () => {
    folder = makeFolder("at-rest");
    smtp = await startTestSmtp({ hideSTARTTLS: true, disabledCommands: ["STARTTLS"], allowInsecureAuth: true });
    data = `${folder}/data`;
    server = await startServer({
      dataFolder: data,
      env: {
        HOLDFAST_ADMIN_EMAIL: undefined,
        HOLDFAST_ADMIN_PASSWORD: undefined,
        HOLDFAST_LOG_LEVEL: "debug",
        HOLDFAST_OPEN_REGISTRATION: "true",
        HOLDFAST_SMTP_URL: `smtp://mailer:${smtpPassword}@127.0.0.1:${smtp.settings.port}`,
        HOLDFAST_MAIL_FROM: "drive@example.org",
      },
    });
    const admin = await makeAccounts();
    await makeMails(admin);
    await makeLinks(admin);
    await storeContent(admin);
    secrets["the access token after all"] = admin.token!;
    Object.assign(secrets, await keysOf(data));
    await queryDatabase(data, "checkpoint");
  });
  after(async () => {
    await server?.stop();
    await smtp?.close();
    removeFolder(folder);
  });

  async function makeAccounts(): Promise<Api> {
    const draw = () => randomBytes(12).toString("hex");
    const account = { email: "first@example.com", password: `password ${draw()}` };
    const invite = (await server.setupUrl).split("#")[1]!;
    const nobody = new Api(server.url);
    assert.equal((await nobody.call("POST", "/accounts", { ...account, name: "First", invite })).status, 201);
    const { body: session } = await nobody.call("POST", "/sessions", account);
    const { body: renewed } = await nobody.call("POST", "/sessions/refresh", { refresh_token: session.refresh_token });
    const admin = new Api(server.url, renewed.access_token);
    const wrong = `wrong password ${draw()}`;
    assert.equal((await nobody.call("POST", "/sessions", { ...account, password: wrong })).status, 401);
    const { body: personal } = await admin.call("POST", "/tokens", { name: "script", scopes: ["files:read"] });
    assert.equal((await new Api(server.url, personal.token).call("GET", "/metadata?path=/")).status, 200);
    const { body: invitation } = await admin.call("POST", "/admin/invitations", {});
    const second = { email: "second@example.com", password: `second password ${draw()}` };
    assert.equal((await admin.call("POST", "/admin/users", second)).status, 201);
    const changed = `changed password ${draw()}`;
    const update = await admin.call("PATCH", `/admin/users/${second.email}`, { password: changed });
    assert.equal(update.status, 200, JSON.stringify(update.body));
    // Already taken, so the database reports a refused row.
    assert.equal((await admin.call("POST", "/admin/users", second)).status, 409);
    await nobody.call("GET", `/account?access_token=${session.access_token}`);
    await new Api(server.url, `${personal.token}x`).call("GET", "/account");
    const { body: grant } = await admin.call("POST", "/blocks/upload-url", {
      hash: Buffer.from(sha256Bytes(smallText)).toString("hex"),
      size: smallText.length,
    });
    Object.assign(secrets, {
      "the set-up token": invite,
      "the first password": account.password,
      "a wrong password": wrong,
      "the second password": second.password,
      "the changed password": changed,
      "the first access token": session.access_token,
      "the second access token": renewed.access_token,
      "the first refresh token": session.refresh_token,
      "the second refresh token": renewed.refresh_token,
      "the personal token": personal.token,
      "the invitation": invitation.token,
      "the secret of a device": session.device_secret,
      "the grant of a signed URL": grant.url.split("/").at(-1),
    });
    for (const [name, secret] of Object.entries(secrets)) assert.ok(secret.length >= 16, `${name}: ${String(secret)}`);
    return admin;
  }

  /** Mailed secrets: one sent, one waiting for a retry. */
  async function makeMails(admin: Api): Promise<void> {
    const { body: shared } = await admin.call("POST", "/metadata", { path: "/shared by mail", kind: "folder" });
    const share = async (email: string) => {
      const { status } = await admin.call("POST", `/files/${shared.id}/share`, { email, role: "viewer" });
      assert.equal(status, 201);
    };
    // Other mails go out too, such as the notice of the changed password.
    const mailTo = (address: string, mails: readonly ReceivedMail[]) =>
      eventually(`a mail to ${address}`, 60_000, async () => mails.find(({ to }) => to.includes(address)));
    await share("pending@example.com");
    const invitation = await mailTo("pending@example.com", smtp.mails);
    smtp.answers.push(...Array.from({ length: 50 }, () => ({ code: 451, text: "Not now" })));
    await share("waiting@example.com");
    const waiting = await mailTo("waiting@example.com", smtp.refused);
    const signUp = { email: "claimed@example.com", password: `a claimed password ${randomBytes(12).toString("hex")}` };
    assert.equal((await new Api(server.url).call("POST", "/accounts", { ...signUp, name: "Claimed" })).status, 201);
    const claimed = await Api.signIn(server.url, signUp);
    assert.equal((await claimed.call("POST", "/account/confirm/mail")).status, 202);
    const confirmation = await mailTo(signUp.email, smtp.refused);
    Object.assign(secrets, {
      "the password of the mail server": smtpPassword,
      "the password of who claims an address": signUp.password,
      "a mailed invitation": tokenIn(invitation.text, "hfi"),
      "an invitation that waits": tokenIn(waiting.text, "hfi"),
      "the link that ends mails": tokenIn(invitation.headers.get("list-unsubscribe") ?? "", "hfu"),
      "a mailed confirmation": /#(\S{16,})/.exec(confirmation.text)?.[1] ?? assert.fail(confirmation.text),
    });
  }

  const tokenIn = (text: string, kind: string): string =>
    new RegExp(`${kind}_[\\w.-]{16,}`).exec(text)?.[0] ?? assert.fail(`no ${kind} in ${text}`);

  async function makeLinks(admin: Api): Promise<void> {
    const draw = () => randomBytes(12).toString("hex");
    const { body: top } = await admin.call("POST", "/metadata", { path: "/linked", kind: "folder" });
    const hook = { url: "https://hooks.invalid/here", secret: `a webhook's secret ${draw()}`, events: ["created"] };
    const made = await admin.call("POST", "/webhooks", hook);
    assert.equal(made.status, 201, JSON.stringify(made.body));
    const password = `a link's password ${draw()}`;
    const link = await admin.call("POST", `/files/${top.id}/share`, { link: true, role: "viewer", password });
    const open = await admin.call("POST", `/files/${top.id}/share`, { link: true, role: "viewer" });
    assert.deepEqual([link.status, open.status], [201, 201]);
    const nobody = new Api(server.url);
    const wrong = `a wrong password of a link ${draw()}`;
    const { token } = link.body;
    assert.equal((await nobody.call("POST", "/links/session", { token, password: wrong })).status, 401);
    const { body: session } = await nobody.call("POST", "/links/session", { token, password });
    for (const bearer of [session.access_token, open.body.token])
      assert.equal((await new Api(server.url, bearer).call("GET", "/links/current")).status, 200);
    for (const each of [link, open]) assert.equal((await fetch(`${server.url}/s/${each.body.token}`)).status, 200);
    assert.equal((await new Api(server.url, `${token}x`).call("GET", "/links/current")).status, 401);
    Object.assign(secrets, {
      "a link": token,
      "a link without a password": open.body.token,
      "a link's password": password,
      "a wrong password of a link": wrong,
      "a link's session": session.access_token,
      "a webhook's secret": hook.secret,
    });
  }

  async function storeContent(api: Api): Promise<void> {
    texts["a small text in a batch"] = smallText;
    texts["random bytes in a batch"] = randomBytes(30_000);
    texts["a tiny file"] = randomBytes(40);
    const batch = ["a small text in a batch", "random bytes in a batch", "a tiny file"].map((name) => ({
      path: `/${fileName} ${name}`,
      blocks: [Buffer.from(texts[name]!)],
    }));
    assertCommitted(await putBatch(api, batch));
    for (const name of ["a text sent at once", "random bytes sent at once"]) {
      const content = name.startsWith("a text") ? proseOf(2_000_000) : randomBytes(6_000_000);
      texts[`the begin of ${name}`] = content.subarray(0, 30_000);
      texts[`the end of ${name}`] = content.subarray(-30_000);
      const { status, body } = await api.put(`/${name}`, content);
      assert.equal(status, 201, JSON.stringify(body));
      const { body: manifest } = await api.call("GET", `/files/${body.id}/manifest`);
      for (const { hash } of manifest.blocks) Object.assign(hashes, spellings(`a hash of ${name}`, hexBytes(hash)));
    }
    for (const { path, blocks } of batch) {
      for (const block of blocks) Object.assign(hashes, spellings(`the hash of ${path}`, sha256Bytes(block)));
    }
    // Two uploads that stop in their first and second piece, with text and random bytes.
    for (const [name, content] of [
      ["an unfinished text", proseOf(300_000)],
      ["unfinished random bytes", randomBytes(5_300_000)],
    ] as const) {
      await sendUnfinished(api, `/${name}`, content);
      texts[`the begin of ${name}`] = content.subarray(0, 20_000);
      texts[`the tail of ${name}`] = content.subarray(-60_000);
    }
    const { body: gone } = await api.put("/purged", Buffer.from((texts["a purged file"] = randomBytes(20_000))));
    assert.equal((await api.call("DELETE", `/files/${gone.id}?permanent=true`)).status, 204);
  }

  async function sendUnfinished(api: Api, path: string, content: Buffer): Promise<void> {
    const { body } = await api.call("POST", "/files/upload?uploadType=resumable", { path, size: 50_000_000 });
    const cut = content.length - 50_000;
    for (const [start, end] of [
      [0, cut],
      [cut, content.length],
    ] as const) {
      const piece = await api.call("PUT", `/upload/${body.upload_id}`, undefined, {
        body: content.subarray(start, end) as NonNullable<RequestInit["body"]>,
        headers: { "content-range": `bytes ${start}-${end - 1}/50000000` },
      });
      assert.equal(piece.status, 308, JSON.stringify(piece.body));
      assert.equal(piece.headers.get("range"), `bytes=0-${end - 1}`);
    }
  }

  const databaseFiles = () => filesBelow(join(data, "postgres"));
  const packs = () => filesBelow(join(data, "store"));
  const foundNothing = (found: readonly unknown[]) => assert.deepEqual(found.slice(0, 5), []);

  // All that it has written is there at its end too. What is there for a while is looked for in the long tier.
  for (const when of [...(isLongTier ? ["while the server runs"] : []), "after it has stopped"]) {
    test(`${when} no file of the data folder contains a run of a stored text`, async () => {
      if (when === "after it has stopped") assert.equal(await server.stop(), 0);
      const files = filesBelow(data);
      assert.ok(files.length > databaseFiles().length && packs().length >= 2, "there is nothing to look at");
      foundNothing(findRuns([...files, server.logFile], texts));
    });

    test(`${when} no pack contains a plain hash`, () => {
      foundNothing(findNeedles(packs(), hashes));
    });

    test(`${when} no secret is readable in the database, the packs, the log or any other file`, () => {
      // These two files exist for this purpose, and are only readable by the server's user, as other tests show.
      const open = filesBelow(data).filter((file) => !/\/(key-encryption-key|database-password)$/.test(file));
      const password = readFileSync(join(data, "database-password"), "utf8").trim();
      foundNothing(findNeedles([...open, server.logFile], { ...secrets, "the database's password": password }));
    });
  }

  longTest("the same search finds file names and hashes in the database", (t) => {
    if (testShards > 1) return t.skip("the other shards' databases are elsewhere");
    const named = findRuns(databaseFiles(), { name: Buffer.from(fileName) });
    assert.ok(
      named.some(({ file }) => file.includes("/base/")),
      "the name is not found in the tables",
    );
    assert.ok(
      named.some(({ file }) => file.includes("/pg_wal/")),
      "the name is not found in the log of the database",
    );
    assert.ok(findNeedles(databaseFiles(), hashes).length > 0, "no hash is found in the database");
    assert.ok(findNeedles(packs(), { magic: "hf-pack\n" }).length > 0, "no pack is found");
  });

  test("the same search finds a planted run of each text", () => {
    const planted = join(folder, "planted");
    const runs = Object.values(texts).map((text) => {
      const others = Object.values(texts).filter((other) => other !== text);
      const at = ownRun(text, others);
      // A neighboring byte that continues the text would extend the match.
      const otherThan = (index: number) => Buffer.of((text[index] ?? 0) ^ 0xff);
      return Buffer.concat([randomBytes(1000), otherThan(at - 1), text.subarray(at, at + 16), otherThan(at + 16)]);
    });
    writeFileSync(planted, Buffer.concat(runs));
    const found = findRuns([planted], texts);
    assert.deepEqual(
      found.map(({ what, offset }) => [what, offset]),
      Object.keys(texts).map((name, index) => [name, 1001 + 1018 * index]),
    );
  });
});

/** Position of 16 unique bytes near the middle, because prose sometimes repeats itself. */
function ownRun(text: Uint8Array, others: readonly Uint8Array[]): number {
  const isOwn = (at: number) => {
    const run = text.subarray(at, at + 16);
    return others.every((other) => !Buffer.from(other.buffer, other.byteOffset, other.length).includes(run));
  };
  for (let at = Math.floor((text.length - 16) / 2); at + 16 <= text.length; at += 1) if (isOwn(at)) return at;
  throw new Error("a text says nothing of its own");
}

async function keysOf(data: string): Promise<Record<string, string | Uint8Array>> {
  const { keyEncryptionKey, dataKeys, accessKey, refreshKey, grantKey, mailKey } = await openStoredSecrets(data);
  // The last 32 bytes of the PKCS #8 form are the key itself, RFC 8410.
  const seed = accessKey.export({ format: "der", type: "pkcs8" }).subarray(-32);
  return {
    ...spellings("the key-encryption key", keyEncryptionKey),
    ...spellings("the key of access tokens", seed),
    ...spellings("the key of refresh tokens", refreshKey),
    ...spellings("the key of signed URLs", grantKey),
    ...spellings("the key of mails", mailKey),
    ...Object.assign({}, ...[...dataKeys].map(([epoch, key]) => spellings(`data key ${epoch}`, key))),
  };
}

function proseOf(sizeBytes: number): Buffer {
  const words = Array.from({ length: 300 }, () => randomBytes(4).toString("hex"));
  const order = randomBytes(Math.ceil(sizeBytes / 5));
  const text = Array.from(order, (byte, index) => words[(byte + index) % words.length]).join(" ");
  return Buffer.from(text.slice(0, sizeBytes));
}

function hexBytes(hex: string): Buffer {
  return Buffer.from(hex, "hex");
}
