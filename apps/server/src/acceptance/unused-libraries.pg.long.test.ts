import assert from "node:assert/strict";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { after, before, describe, test } from "node:test";
import { TestPasskey } from "../features/accounts/factors/testing-passkey.ts";
import { plain } from "../features/thumbs/testing-pictures.ts";
import { administrator, Api, makeFolder, ok, removeFolder, type ServerProcess, spawnServer } from "./testing.ts";

/** Rarely needed libraries that would cost memory and start time. */
const seldom = ["oidc-provider", "openid-client", "ldapts", "@simplewebauthn/server", "otpauth", "acme-client"];
/** Each for a setting that this server lacks. */
const configured = ["ioredis", "nodemailer", "@aws-sdk/client-s3"];
/** Own code for work that no start and no first request needs. */
const later = [
  "base/db/shard-migrations/010-accounts.ts",
  "care/backup/archive-since.ts",
  "care/backup/run-backup.ts",
  "care/backup/run-drill.ts",
  "care/doctor/diagnose.ts",
  "care/jobs/collect-now.ts",
  "care/shred/rewrite-stores.ts",
  "packs/collect/collect-cell.ts",
  "packs/repair/rebuild-index.ts",
];
/** Includes Holdfast's own, some 970. */
const modulesMax = 1480;

describe("Libraries that a server loads", () => {
  let folder: string;
  let server: ServerProcess;
  let api: Api;
  let requests = 0;
  let atStart: readonly string[];

  before(async () => {
    folder = makeFolder("unused-libraries");
    server = await spawnServer({
      dataFolder: `${folder}/data`,
      env: {
        NODE_OPTIONS: `--import=${writeSpy()}`,
        HOLDFAST_RATE_LIMIT_USER: undefined,
        HOLDFAST_RATE_LIMIT_ADDRESS: undefined,
      },
    });
    atStart = modules();
    api = await Api.signIn(server.url);
  });
  after(async () => {
    await server?.stop();
    removeFolder(folder);
  });

  /** Records every module that a thread or process of the server loads. @returns its path */
  function writeSpy(): string {
    const path = `${folder}/spy.mjs`;
    writeFileSync(
      path,
      `import { appendFileSync } from "node:fs";
      import { registerHooks } from "node:module";
      registerHooks({ load(url, context, next) {
        appendFileSync(${JSON.stringify(`${folder}/loaded`)}, url + "\\n");
        return next(url, context);
      } });`,
    );
    return path;
  }

  function loaded(libraries: readonly string[]): string[] {
    return libraries.filter((name) => modules().some((url) => url.includes(`/node_modules/${name}/`)));
  }

  function modules(): string[] {
    const urls = new Set(readFileSync(`${folder}/loaded`, "utf8").split("\n"));
    return [...urls].filter((url) => url.startsWith("file:"));
  }

  async function ask(method: string, path: string, json?: unknown, init?: RequestInit): Promise<unknown> {
    requests += 1;
    return ok(api, method, path, json, init);
  }

  async function useFiles(name: string): Promise<void> {
    const folderId = (await ok(api, "POST", "/metadata", { path: `/${name}`, kind: "folder" })).id;
    const put = await api.put(`/${name}/picture.png`, await plain("png", 64));
    const { id, content_id: content } = put.body;
    const { t } = await ok(api, "GET", `/folders/${folderId}/contents?fields=row`);
    await ask("GET", `/thumbs/${content}/s?t=${encodeURIComponent(t)}`);
    await ask("GET", `/files/${id}/download`);
    await ask("PATCH", `/files/${id}`, { name: "other.png" });
    await ask("GET", "/changes/start_token");
    await ask("GET", "/search?q=other");
    await ask("POST", `/files/${id}/comments`, { text: "a word" });
    const link = (await ok(api, "POST", `/files/${folderId}/share`, { link: true, role: "viewer" })).token;
    await ask("GET", `${server.url}/s/${link}`);
    const { urls } = await ok(api, "POST", "/signed-urls", { items: [{ id, use: "download" }] });
    await ask("GET", urls[0].url);
    await ask("DELETE", `/files/${id}`);
    requests += 5;
  }

  test("few modules are loaded before the first request, because each takes a third of a millisecond", () => {
    assert.ok(atStart.length <= modulesMax, `${atStart.length} modules`);
  });

  test("migrations, backups, checks and collection are loaded when they run", () => {
    for (const path of later) assert.ok(existsSync(new URL(`../${path}`, import.meta.url)), path);
    assert.deepEqual(
      later.filter((path) => atStart.some((url) => url.endsWith(`/src/${path}`))),
      [],
    );
  });

  test("files and account pages load no library for S3, Redis, mail, certificates or other ways to sign in", async () => {
    const page = { headers: { origin: server.url } };
    await ask("GET", `${server.url}/`);
    await ask("GET", "/sessions/ways");
    await ask("POST", "/sessions/web", administrator, page);
    for (let round = 0; round < 7; round += 1) await useFiles(`round ${round}`);
    const { token } = await ok(api, "POST", "/tokens", { name: "t", scopes: ["files:read"] });
    await ok(new Api(server.url, token), "GET", "/folders/root/contents");
    const proof = { name: "a", scopes: ["files:read"], password: administrator.password };
    await ask("POST", "/tokens/app-passwords", proof);
    for (const path of ["/account", "/account/second-factor", "/account/passkeys", "/account/authorized-programs"])
      await ask("GET", path);
    for (const path of [
      "/account/outside",
      "/account/export",
      "/admin/users",
      "/admin/oauth-clients",
      "/admin/settings",
    ])
      await ask("GET", path);
    await ask("GET", `${server.url}/api/openapi.json`);
    assert.ok(requests >= 100, `${requests} requests`);
    assert.deepEqual(loaded([...seldom, ...configured]), []);
  });

  test("libraries are loaded on first use", async () => {
    const { password } = administrator;
    await ask("POST", "/account/second-factor", { password });
    await ask("GET", `${server.url}/.well-known/openid-configuration`);
    // Passkeys require an address with a name.
    const origin = `http://localhost:${server.port}`;
    const named = new Api(origin, api.token);
    const { webauthn } = await ok(named, "POST", "/account/passkeys", { password });
    const passkey = new TestPasskey(origin).create(webauthn);
    await ok(named, "POST", "/account/passkeys/confirm", { name: "Key", passkey });
    assert.deepEqual(loaded(seldom).toSorted(), ["@simplewebauthn/server", "oidc-provider", "otpauth"]);
  });
});
