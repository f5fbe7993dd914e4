import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { after, before, test } from "node:test";
import { routes, type RouteName } from "@holdfast/protocol/routes";
import { Authenticator } from "../../features/accounts/sign-in/authenticator.ts";
import {
  createTestUser,
  makeTestClock,
  openTestAccounts,
  type TestAccounts,
  testPassword,
} from "../../features/accounts/testing.ts";
import { BlockRoom } from "../../packs/write/block-room.ts";
import type { BlockService } from "../../packs/service/block-service.ts";
import { SlabStock } from "../../packs/format/slab-stock.ts";
import { withoutMail } from "../../features/mail/testing-world.ts";
import { startTestDatabases, type TestDatabases } from "../../base/db/testing.ts";
import { accountHandlers } from "./account-handlers.ts";
import { blockHandlers } from "../blocks/block-handlers.ts";
import { startTestServer, type TestServer } from "../testing.ts";

let databases: TestDatabases;
let world: TestAccounts;
let server: TestServer;
let stored = 0;
const dayMs = 24 * 3600_000;

before(async () => {
  databases = await startTestDatabases({ fsync: false });
  world = await openTestAccounts(databases.shards, {
    clock: makeTestClock(Date.now()),
    lifetimes: { trash_lifetime_ms: 5 * dayMs },
  });
  const blocks = {
    room: () => new BlockRoom(new SlabStock(0), undefined),
    store: async () => void (stored += 1),
  } as unknown as BlockService;
  const { createBlockUploadUrl, putSignedBlock } = blockHandlers(world, blocks, undefined as never);
  server = await startTestServer(
    { ...accountHandlers(world, withoutMail(world)), createBlockUploadUrl, putSignedBlock },
    {
      authenticator: new Authenticator(world),
      unmounted: new Set(Object.keys(routes) as RouteName[]),
      publicUrl: "https://drive.example.org/files",
    },
  );
  await createTestUser(world, "root@example.org", { admin: true });
  await createTestUser(world, "ann@example.org");
});
after(async () => {
  await server.close(0);
  await databases.stop();
});

async function call(method: string, path: string, token?: string, body?: unknown) {
  const response = await fetch(`${server.url}/api/v1${path}`, {
    method,
    headers: {
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...(body === undefined ? {} : { "content-type": "application/json" }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  return { status: response.status, headers: response.headers, json: text === "" ? {} : JSON.parse(text) };
}

async function sessionOf(email: string): Promise<{ access_token: string; refresh_token: string; device_id: string }> {
  const { status, json } = await call("POST", "/sessions", undefined, { email, password: testPassword });
  assert.equal(status, 200);
  return json;
}

test("tokens need the account scope to manage the account, and the admin scope for admin routes", async () => {
  const { access_token: session } = await sessionOf("root@example.org");
  const tokenFor = async (scopes: string[]) =>
    (await call("POST", "/tokens", session, { name: "t", scopes })).json.token as string;
  const requests: [string, string, string, unknown?][] = [
    ["account", "GET", "/tokens"],
    ["account", "POST", "/tokens", { name: "more", scopes: ["account"] }],
    ["account", "GET", "/devices"],
    ["admin", "GET", "/admin/users"],
    ["admin", "POST", "/admin/users", { email: "made@example.org", password: testPassword }],
    ["admin", "PATCH", "/admin/users/ann@example.org", { quota_bytes: 5 }],
    ["admin", "POST", "/admin/invitations", {}],
  ];
  for (const scope of ["files:read", "files:write", "account", "admin"]) {
    const token = await tokenFor([scope]);
    for (const [needed, method, path, body] of requests) {
      const { status, json } = await call(method, path, token, body);
      if (scope === needed) assert.ok(status < 300, `${scope} ${method} ${path}: ${status} ${json.detail}`);
      else assert.equal(status, 403, `${scope} ${method} ${path}`);
      if (path === "/admin/users" && method === "POST" && status === 201) assert.equal(json.admin, false);
    }
  }
  // The scope does not help if the owner is no longer an administrator.
  await createTestUser(world, "second@example.org", { admin: true });
  const { access_token: second } = await sessionOf("second@example.org");
  const { json } = await call("POST", "/tokens", second, { name: "t", scopes: ["admin"] });
  assert.equal((await call("GET", "/admin/users", json.token)).status, 200);
  await call("PATCH", "/admin/users/second@example.org", session, { admin: false });
  assert.equal((await call("GET", "/admin/users", json.token)).status, 403);
  assert.equal((await call("GET", "/admin/users", second)).status, 403);
});

test("a token with an expiry time in the past is 422 and names the field", async () => {
  const { access_token: session } = await sessionOf("ann@example.org");
  const body = { name: "t", scopes: ["account"] };
  for (const expires_at of ["2020-01-01T00:00:00Z", new Date(world.clock.nowMs()).toISOString(), "soon"]) {
    const { status, json } = await call("POST", "/tokens", session, { ...body, expires_at });
    assert.deepEqual([status, json.code, json.field], [422, "invalid_field", "expires_at"]);
  }
});

test("an invitation link starts with the public URL, not the request's host", async () => {
  const { access_token: session } = await sessionOf("root@example.org");
  const { json } = await call("POST", "/admin/invitations", session, {});
  assert.match(json.url, /^https:\/\/drive\.example\.org\/files\/setup#hfi_/);
});

test("an account contains the server's public URL", async () => {
  const { access_token: session } = await sessionOf("ann@example.org");
  assert.equal((await call("GET", "/account", session)).json.public_url, "https://drive.example.org/files");
});

test("an account's limits include the configured lifetimes", async () => {
  const { access_token: session } = await sessionOf("ann@example.org");
  const { limits } = (await call("GET", "/account", session)).json;
  assert.deepEqual([limits.trash_lifetime_ms, limits.name_bytes_max], [5 * dayMs, 255]);
});

test("text that the database cannot store is 4xx, never 5xx", async () => {
  const { access_token: session } = await sessionOf("root@example.org");
  const bad = ["a\u0000@x.y", "\ud800@x.y", `${"a".repeat(300)}@x.y`, "", "@", "a@b\u0007"];
  for (const text of bad) {
    const answers = [
      await call("POST", "/sessions", undefined, { email: text, password: "wrong" }),
      await call("POST", "/sessions", undefined, {
        email: "ann@example.org",
        password: testPassword,
        device_name: `${text}\u0000`,
      }),
      await call("POST", "/sessions/refresh", undefined, { refresh_token: text }),
      await call("POST", "/accounts", undefined, { email: text, password: testPassword, name: "x", invite: text }),
      await call("POST", "/admin/users", session, { email: text, password: testPassword }),
      await call("POST", "/admin/users", session, { email: "ok@x.y", password: testPassword, name: `\u0000${text}` }),
      await call("POST", "/tokens", session, { name: `${text}\u0000`, scopes: ["account"] }),
      await call("PATCH", `/admin/users/${encodeURIComponent(text.toWellFormed())}`, session, { admin: false }),
      await call("POST", "/admin/invitations", session, { email: `${text}\u0000` }),
      await call("GET", `/admin/users?cursor=${encodeURIComponent(text.toWellFormed())}x`, session),
      await call("DELETE", `/devices/${encodeURIComponent(text.toWellFormed())}`, session),
      await call("DELETE", `/tokens/${encodeURIComponent(text.toWellFormed())}`, session),
    ];
    for (const [index, { status }] of answers.entries()) {
      assert.ok(status >= 400 && status < 500, `${JSON.stringify(text)} ${index}: ${status}`);
    }
  }
});

test("the last administrator gets an error that explains how to leave", async () => {
  const { access_token: session } = await sessionOf("root@example.org");
  const { status, json } = await call("PATCH", "/admin/users/root@example.org", session, { disabled: true });
  assert.equal(status, 409);
  assert.match(json.detail, /last administrator.*Add another one first/);
});

test("a signed URL of a suspended account stops immediately", async () => {
  const { access_token: session } = await sessionOf("ann@example.org");
  const { access_token: admin } = await sessionOf("root@example.org");
  const bytes = Buffer.from("a block");
  const hash = createHash("sha256").update(bytes).digest("hex");
  const { json } = await call("POST", "/blocks/upload-url", session, { hash, size: bytes.length });
  const put = async () => (await fetch(json.url, { method: "PUT", body: bytes })).status;
  assert.equal(await put(), 201);
  await call("PATCH", "/admin/users/ann@example.org", admin, { disabled: true });
  assert.equal(await put(), 401);
  assert.equal((await call("GET", "/account", session)).status, 401);
  assert.equal(stored, 1);
  await call("PATCH", "/admin/users/ann@example.org", admin, { disabled: false });
});

test("a signed URL ends with its session or token, and with a new password", async () => {
  await createTestUser(world, "bob@example.org");
  const { access_token: admin } = await sessionOf("root@example.org");
  const bytes = Buffer.from("a block");
  const hash = createHash("sha256").update(bytes).digest("hex");
  const urlOf = async (bearer: string) =>
    (await call("POST", "/blocks/upload-url", bearer, { hash, size: bytes.length })).json.url as string;
  const put = async (url: string) => (await fetch(url, { method: "PUT", body: bytes })).status;
  const signIn = async () => (await sessionOf("bob@example.org")).access_token;
  const session = await signIn();
  const token = async (bearer: string) =>
    (await call("POST", "/tokens", bearer, { name: "t", scopes: ["account", "files:write"] })).json;
  const [first, second] = [await token(session), await token(session)];
  const child = await token(first.token);
  const ends: [string[], () => Promise<{ status: number }>][] = [
    [[first.token, child.token], () => call("DELETE", `/tokens/${first.id}`, session)],
    [[session], () => call("DELETE", "/sessions/current", session)],
    [
      [second.token, await signIn()],
      () => call("PATCH", "/admin/users/bob@example.org", admin, { password: "another long password" }),
    ],
  ];
  for (const [bearers, end] of ends) {
    const urls = await Promise.all(bearers.map(urlOf));
    for (const url of urls) assert.equal(await put(url), 201);
    assert.ok((await end()).status < 300);
    for (const url of urls) assert.equal(await put(url), 401);
  }
});

test("responses that contain a secret have cache-control: no-store", async () => {
  const { headers } = await call("POST", "/sessions", undefined, { email: "ann@example.org", password: testPassword });
  assert.match(headers.get("cache-control") ?? "", /no-store/);
});

test("a session can sign itself out, and a personal access token cannot", async () => {
  const { access_token: session, refresh_token } = await sessionOf("ann@example.org");
  const { json } = await call("POST", "/tokens", session, { name: "t", scopes: ["account"] });
  assert.equal((await call("DELETE", "/sessions/current", json.token)).status, 403);
  assert.equal((await call("DELETE", "/sessions/current", session)).status, 204);
  assert.equal((await call("GET", "/account", session)).status, 401);
  assert.equal((await call("POST", "/sessions/refresh", undefined, { refresh_token })).status, 401);
});
