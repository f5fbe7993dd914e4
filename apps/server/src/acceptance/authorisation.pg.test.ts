import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { after, before, describe, test } from "node:test";
import type { Route } from "@holdfast/protocol/route";
import { type RouteName, routes, routeUrl } from "@holdfast/protocol/routes";
import { type BadToken, makeBadTokens } from "./bad-tokens.ts";
import { Api, type ApiAnswer, makeFolder, removeFolder, type RunningServer, startServer } from "./testing.ts";

/**
 * Every route of the table, called by everybody who might: the owner, a stranger, somebody without a token, with a forged,
 * an expired and a revoked one, and with a token that lacks the scope. A route without a row here does not compile.
 */
type Matrix = { readonly [Name in RouteName]: Row };

interface Row {
  /** A request that is right for the owner (or, of admin routes, for the administrator). */
  readonly request: (fixture: Fixture) => {
    path?: Record<string, string>;
    query?: Record<string, string>;
    body?: unknown;
    bytes?: Uint8Array;
    headers?: Record<string, string>;
  };
  /**
   * What a stranger with a good token gets for exactly that request: `404`, as for an id that does not exist; `own`: an answer about
   * the stranger's own things that says nothing of the owner's; `403` for what only administrators may.
   */
  readonly stranger: "404" | "own" | "403" | "open";
  /** The owner's answer. */
  readonly owner: readonly number[];
}

interface Fixture {
  readonly folder: string;
  readonly file: string;
  readonly doomed: string;
  readonly trashed: string;
  readonly trashed2: string;
  readonly upload: string;
  readonly upload2: string;
  readonly block: string;
  readonly version: string;
  readonly token: string;
  readonly device: string;
  readonly startToken: string;
  readonly refresh: string;
  readonly secret: Uint8Array;
}

const id = (name: keyof Fixture) => (fixture: Fixture) => ({ path: { id: fixture[name] as string } });
const plain = () => ({});

const matrix: Matrix = {
  createSession: {
    request: () => ({ body: { email: "nobody@example.com", password: "wrong password" } }),
    stranger: "open",
    owner: [401],
  },
  refreshSession: { request: (f) => ({ body: { refresh_token: f.refresh } }), stranger: "open", owner: [200] },
  createAccount: {
    request: () => ({ body: { email: "new@example.com", password: "long enough", name: "New" } }),
    stranger: "open",
    owner: [403],
  },
  getAccount: { request: plain, stranger: "own", owner: [200] },
  createToken: { request: () => ({ body: { name: "t", scopes: ["files:read"] } }), stranger: "own", owner: [201] },
  listTokens: { request: plain, stranger: "own", owner: [200] },
  deleteToken: { request: id("token"), stranger: "404", owner: [204] },
  listDevices: { request: plain, stranger: "own", owner: [200] },
  deleteDevice: { request: id("device"), stranger: "404", owner: [204] },
  adminListUsers: { request: plain, stranger: "403", owner: [200] },
  adminCreateUser: {
    request: () => ({ body: { email: "made@example.com", password: "long enough" } }),
    stranger: "403",
    owner: [201],
  },
  adminUpdateUser: {
    request: () => ({ path: { id: "made@example.com" }, body: { disabled: true } }),
    stranger: "403",
    owner: [200],
  },
  adminInvite: { request: () => ({ body: {} }), stranger: "403", owner: [201] },
  adminStartScrub: { request: plain, stranger: "403", owner: [202] },
  adminGetScrub: { request: plain, stranger: "403", owner: [200] },
  adminRebuildIndex: { request: plain, stranger: "403", owner: [200] },

  lookUpPath: { request: () => ({ query: { path: "/secret folder" } }), stranger: "404", owner: [200] },
  createNode: {
    request: (f) => ({ body: { parent_id: f.folder, name: "made", kind: "folder" } }),
    stranger: "404",
    owner: [201],
  },
  getNode: { request: id("file"), stranger: "404", owner: [200] },
  updateNode: { request: (f) => ({ path: { id: f.file }, body: { name: "renamed" } }), stranger: "404", owner: [200] },
  deleteNode: { request: id("doomed"), stranger: "404", owner: [200] },
  copyNode: {
    request: (f) => ({ path: { id: f.file }, body: { parent_id: "root", name: "stolen" } }),
    stranger: "404",
    owner: [201],
  },
  listFolder: { request: id("folder"), stranger: "404", owner: [200] },
  listVersions: { request: id("file"), stranger: "404", owner: [200] },
  restoreVersion: {
    request: (f) => ({ path: { id: f.file }, query: { version: "1" } }),
    stranger: "404",
    owner: [200],
  },
  listTrash: { request: plain, stranger: "own", owner: [200] },
  restoreFromTrash: { request: (f) => ({ path: { id: f.trashed }, body: {} }), stranger: "404", owner: [200] },
  purgeFromTrash: { request: id("trashed2"), stranger: "404", owner: [204] },
  emptyTrash: { request: plain, stranger: "own", owner: [200] },
  getStartToken: { request: plain, stranger: "own", owner: [200] },
  // A token of another view is answered like one of another server.
  listChanges: { request: (f) => ({ query: { since_token: f.startToken } }), stranger: "own", owner: [200] },
  getSnapshot: { request: plain, stranger: "own", owner: [200] },
  pollChanges: { request: (f) => ({ query: { since_token: f.startToken } }), stranger: "own", owner: [200] },
  pollEvents: { request: (f) => ({ query: { since_token: f.startToken } }), stranger: "own", owner: [200] },
  queryNodes: { request: (f) => ({ body: { ids: [f.file, f.trashed] } }), stranger: "own", owner: [200] },

  upload: {
    request: (f) => ({ query: { uploadType: "media", parent_id: f.folder, name: "new" }, bytes: Buffer.from("x") }),
    stranger: "404",
    owner: [201],
  },
  putUpload: {
    request: (f) => ({
      path: { id: f.upload },
      headers: { "content-range": "bytes 3-5/6" },
      bytes: Buffer.from("def"),
    }),
    stranger: "404",
    owner: [200, 201],
  },
  postUpload: {
    request: (f) => ({ path: { id: f.upload }, headers: { "content-range": "bytes */6" }, bytes: new Uint8Array(0) }),
    stranger: "404",
    owner: [200, 201],
  },
  getUpload: { request: id("upload"), stranger: "404", owner: [200] },
  commitUpload: { request: (f) => ({ path: { id: f.upload }, body: {} }), stranger: "404", owner: [200, 201] },
  deleteUpload: { request: id("upload2"), stranger: "404", owner: [204] },
  download: { request: id("file"), stranger: "404", owner: [200] },
  getManifest: { request: id("file"), stranger: "404", owner: [200] },
  queryManifests: { request: (f) => ({ body: { version_ids: [f.version] } }), stranger: "own", owner: [200] },
  syncFile: {
    request: (f) => ({ path: { id: f.file }, body: { current_version: f.version, new_block_hashes: [f.block] } }),
    stranger: "404",
    owner: [200, 409],
  },
  syncDelta: {
    request: (f) => ({
      body: { operations: [{ op: "delete", operation_id: "0".repeat(31) + "1", file_id: f.folder }] },
    }),
    stranger: "own",
    owner: [200],
  },
  listDamaged: { request: plain, stranger: "own", owner: [200] },
  queryBlocks: { request: (f) => ({ body: { hashes: [f.block] } }), stranger: "own", owner: [200] },
  putBlocks: {
    request: (f) => ({ query: { into: f.folder }, bytes: new Uint8Array(0) }),
    stranger: "404",
    owner: [200],
  },
  putBlock: {
    request: (f) => ({ path: { hash: f.block }, query: { into: f.folder }, bytes: f.secret }),
    stranger: "404",
    owner: [201],
  },
  getBlock: { request: (f) => ({ path: { hash: f.block } }), stranger: "404", owner: [200] },
  fetchBlocks: {
    request: (f) => ({ body: { items: [{ version_id: f.version, hashes: [f.block] }, { hashes: [f.block] }] } }),
    stranger: "own",
    owner: [200],
  },
  createBlockUploadUrl: {
    request: (f) => ({ body: { hash: f.block, size: 6, into: f.folder } }),
    stranger: "404",
    owner: [200],
  },
  putSignedBlock: {
    request: () => ({ path: { grant: "forged" }, bytes: Buffer.from("x") }),
    stranger: "open",
    owner: [401],
  },

  live: { request: plain, stranger: "open", owner: [200] },
  ready: { request: plain, stranger: "open", owner: [200] },
  metrics: { request: plain, stranger: "open", owner: [200] },
  openapi: { request: plain, stranger: "open", owner: [200] },
  docs: { request: plain, stranger: "open", owner: [200] },
  home: { request: plain, stranger: "open", owner: [200] },
  setupPage: { request: plain, stranger: "open", owner: [200] },
  // The last one: it ends the owner's session.
  deleteCurrentSession: { request: plain, stranger: "own", owner: [204] },
};

const scopes: readonly string[] = ["files:read", "files:write", "account", "admin"];

const names = Object.keys(matrix) as RouteName[];

describe("Who may call what", () => {
  let folder: string;
  let server: RunningServer;
  let admin: Api;
  let owner: Api;
  let fixture: Fixture;
  let badTokens: readonly BadToken[] = [];
  /** Tokens that have every scope but one. */
  const withoutScope = new Map<string, string>();
  /** Another user, with a session for each route, since some routes end theirs. */
  const stranger = { email: "stranger@example.com", password: "the stranger's password" };

  before(async () => {
    folder = makeFolder("authorisation");
    server = await startServer({ dataFolder: `${folder}/data` });
    admin = await Api.signIn(server.url);
    const account = { email: "owner@example.com", password: "the owner's password" };
    assert.equal((await admin.call("POST", "/admin/users", account)).status, 201);
    assert.equal((await admin.call("POST", "/admin/users", stranger)).status, 201);
    owner = await Api.signIn(server.url, account);
    fixture = await makeFixture(owner, account);
    badTokens = await makeBadTokens({ data: `${folder}/data`, owner, admin, account });
    for (const scope of scopes) {
      const others = scopes.filter((each) => each !== scope);
      const caller = scope === "admin" ? admin : owner;
      // Only an administrator may make a token for administration.
      const allowed = caller === admin ? others : others.filter((each) => each !== "admin");
      const { body } = await caller.call("POST", "/tokens", { name: `all but ${scope}`, scopes: allowed });
      withoutScope.set(scope, body.token);
    }
  });

  after(async () => {
    await server?.stop();
    removeFolder(folder);
  });

  for (const name of names) {
    const route: Route = routes[name];
    const row = matrix[name];
    if (route.access !== "open" && route.access !== "signed") {
      test(`${name} takes no bad token`, async () => {
        for (const { name: what, token } of badTokens) {
          const answer = await send(new Api(server.url, token), route, row, fixture);
          assert.equal(answer.status, 401, `${what} was answered ${answer.status}`);
          assert.equal(answer.body.code, "unauthenticated", what);
        }
      });
    }
    if (scopes.includes(route.access)) {
      test(`${name} takes no token without its scope`, async () => {
        const token = withoutScope.get(route.access);
        assert.ok(token !== undefined);
        const answer = await send(new Api(server.url, token), route, row, fixture);
        assert.equal(answer.status, 403, JSON.stringify(answer.body));
        assert.equal(answer.body.code, "forbidden");
      });
    }
    if (row.stranger !== "open") {
      test(`${name} tells a stranger nothing`, async () => {
        const other = await Api.signIn(server.url, stranger);
        const answer = await send(other, route, row, fixture);
        if (row.stranger === "own") {
          assert.ok(
            answer.status < 300 || answer.status === 410,
            `answered ${answer.status} ${JSON.stringify(answer.body)}`,
          );
          assertSaysNothing(answer, fixture, JSON.stringify(row.request(fixture)));
          return;
        }
        assert.equal(answer.status, Number(row.stranger), JSON.stringify(answer.body));
        if (row.stranger === "404") {
          const nowhere = await send(other, route, row, missing(fixture));
          assert.deepEqual(
            withoutRequest(answer.body),
            withoutRequest(nowhere.body),
            "not the answer of what does not exist",
          );
          assert.deepEqual([...answer.headers.keys()], [...nowhere.headers.keys()]);
        }
      });
    }
  }

  test("HEAD of a download tells a stranger no more than GET", async () => {
    const other = await Api.signIn(server.url, stranger);
    const head = await other.call("HEAD", `/files/${fixture.file}/download`);
    const nowhere = await other.call("HEAD", `/files/${missing(fixture).file}/download`);
    assert.deepEqual([head.status, nowhere.status], [404, 404]);
    assert.deepEqual([...head.headers.keys()], [...nowhere.headers.keys()]);
    assert.equal(head.headers.get("content-length"), nowhere.headers.get("content-length"));
  });

  for (const name of names) {
    const route: Route = routes[name];
    const row = matrix[name];
    test(`${name} answers who may call it`, async () => {
      const caller = route.access === "admin" ? admin : owner;
      const answer = await send(caller, route, row, fixture);
      assert.ok(
        row.owner.includes(answer.status),
        `answered ${answer.status} ${JSON.stringify(answer.body).slice(0, 500)}`,
      );
    });
  }
});

async function makeFixture(owner: Api, account: { email: string; password: string }): Promise<Fixture> {
  const secret = Buffer.from("the owner's secret content");
  const folder = (await owner.call("POST", "/metadata", { path: "/secret folder", kind: "folder" })).body.id;
  const file = (await owner.put("/secret folder/file", secret)).body;
  const fileV2 = (await owner.put("/secret folder/file", "second", "&on_conflict=replace")).body;
  const doomed = (await owner.put("/doomed", "d")).body.id;
  const trashed = (await owner.put("/trashed", "t")).body.id;
  const trashed2 = (await owner.put("/trashed2", "t2")).body.id;
  for (const node of [trashed, trashed2]) await owner.call("DELETE", `/files/${node}`);
  const startUpload = async (name: string) => {
    const { body } = await owner.call("POST", "/files/upload?uploadType=resumable", {
      name,
      parent_id: folder,
      size: 6,
    });
    const put = await owner.call("PUT", `/upload/${body.upload_id}`, undefined, {
      body: "abc",
      headers: { "content-range": "bytes 0-2/6" },
    });
    assert.equal(put.status, 308, JSON.stringify(put.body));
    return body.upload_id as string;
  };
  const second = (await new Api(owner.url).call("POST", "/sessions", { ...account, device_name: "another" })).body;
  return {
    folder,
    file: file.id,
    doomed,
    trashed,
    trashed2,
    upload: await startUpload("upload"),
    upload2: await startUpload("upload2"),
    block: createHash("sha256").update(secret).digest("hex"),
    version: fileV2.version_id,
    token: (await owner.call("POST", "/tokens", { name: "the owner's token", scopes: ["files:read"] })).body.id,
    device: second.device_id,
    startToken: (await owner.call("GET", "/changes/start_token")).body.token,
    refresh: (await new Api(owner.url).call("POST", "/sessions", account)).body.refresh_token,
    secret,
  };
}

/** The same fixture with ids that nobody has: a stranger must not be able to tell the two apart. */
function missing(fixture: Fixture): Fixture {
  const flip = (text: string) => text.slice(0, -1) + (text.endsWith("0") ? "1" : "0");
  return {
    ...fixture,
    folder: flip(fixture.folder),
    file: flip(fixture.file),
    doomed: flip(fixture.doomed),
    trashed: flip(fixture.trashed),
    trashed2: flip(fixture.trashed2),
    upload: flip(fixture.upload),
    upload2: flip(fixture.upload2),
    block: flip(fixture.block),
    version: flip(fixture.version),
    token: flip(fixture.token),
    device: flip(fixture.device),
  };
}

function send(api: Api, route: Route, row: Row, fixture: Fixture): Promise<ApiAnswer> {
  const { path = {}, query, body, bytes, headers } = row.request(fixture);
  const filled = routeUrl(route).replaceAll(/:(\w+)/g, (_, name: string) => encodeURIComponent(path[name] ?? "none"));
  const url = `${api.url}${filled}${query === undefined ? "" : `?${new URLSearchParams(query).toString()}`}`;
  return api.call(route.method, url, body, {
    ...(headers === undefined ? {} : { headers }),
    ...(bytes === undefined ? {} : { body: bytes as NonNullable<RequestInit["body"]> }),
  });
}

/** Nothing of the owner's may be in the answer but what the stranger had put into the request. */
function assertSaysNothing(answer: ApiAnswer, fixture: Fixture, request: string): void {
  const text = Buffer.isBuffer(answer.body) ? answer.body.toString("latin1") : JSON.stringify(answer.body);
  for (const [name, value] of Object.entries(fixture)) {
    const needle = typeof value === "string" ? value : Buffer.from(value).toString("latin1");
    if (!request.includes(needle)) assert.ok(!text.includes(needle), `the answer has the owner's ${name}`);
  }
  for (const word of [
    "secret",
    "owner@example.com",
    '"have":["',
    '"state":"live"',
    '"state":"trashed"',
    '"status":"committed"',
  ]) {
    if (!request.includes(word)) assert.ok(!text.includes(word), `the answer says ${word}: ${text.slice(0, 300)}`);
  }
}

function withoutRequest(body: Record<string, unknown>): Record<string, unknown> {
  const { request_id: _, ...rest } = body;
  return JSON.parse(JSON.stringify(rest).replaceAll(/[0-9a-f]{8}-[0-9a-f-]{27}|[0-9a-f]{64}/g, "…"));
}
