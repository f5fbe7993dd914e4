import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { after, before, describe, test } from "node:test";
import type { Route } from "@holdfast/protocol/route";
import { type RouteName, routes, routeUrl } from "@holdfast/protocol/routes";
import { isLongTier, longTest } from "@holdfast/tools/tiers";
import { makeGroup } from "./authorisation-groups.ts";
import { linkRoutes, mayAppCall } from "./authorisation-callers.ts";
import { matrix } from "./authorisation-matrix.ts";
import { type Fixture, makeJobs, type Row, stranger } from "./authorisation-rows.ts";
import { type BadToken, makeBadTokens } from "./bad-tokens.ts";
import {
  administrator,
  Api,
  type ApiAnswer,
  makeFolder,
  removeFolder,
  type RunningServer,
  startServer,
} from "./testing.ts";

const scopes: readonly string[] = ["files:read", "files:write", "account", "admin"];

const names = Object.keys(matrix) as RouteName[];

describe("Authorization of every route", () => {
  let folder: string;
  let server: RunningServer;
  let admin: Api;
  let owner: Api;
  let fixture: Fixture;
  let badTokens: readonly BadToken[] = [];
  /** Opens an empty folder of the owner's for an editor. */
  let link: Api;
  let apps: { both: Api; reading: Api };
  const withoutScope = new Map<string, string>();
  let other: Api | undefined;

  const asStranger = async (): Promise<Api> => {
    if ((await other?.call("GET", "/account"))?.status !== 200) other = await Api.signIn(server.url, stranger);
    return other as Api;
  };
  before(async () => {
    folder = makeFolder("authorisation");
    // Routes with a password are also tried with a wrong one.
    server = await startServer({ dataFolder: `${folder}/data`, env: { HOLDFAST_RATE_LIMIT_SIGN_IN: "0" } });
    admin = await Api.signIn(server.url);
    const account = { email: "owner@example.com", password: "the owner's password" };
    assert.equal((await admin.call("POST", "/admin/users", account)).status, 201);
    assert.equal((await admin.call("POST", "/admin/users", stranger)).status, 201);
    owner = await Api.signIn(server.url, account);
    fixture = {
      ...(await makeFixture(owner, account)),
      ...(await makeJobs(`${folder}/data`)),
      ...(await makeGroup(admin, owner)),
    };
    const shown = (await owner.call("POST", "/metadata", { path: "/shown", kind: "folder" })).body.id;
    const shared = await owner.call("POST", `/files/${shown}/share`, { link: true, role: "editor" });
    link = new Api(server.url, shared.body.token);
    const appPassword = async (...given: string[]) => {
      const request = { name: "a program", scopes: given, password: account.password };
      const { body } = await owner.call("POST", "/tokens/app-passwords", request);
      return Api.withBasic(server.url, account.email, body.app_password);
    };
    apps = { both: await appPassword("files:read", "files:write"), reading: await appPassword("files:read") };
    badTokens = await makeBadTokens({ data: `${folder}/data`, owner, admin, account });
    for (const scope of scopes) {
      const others = scopes.filter((each) => each !== scope);
      const caller = scope === "admin" ? admin : owner;
      // Only administrators may create administration tokens.
      const allowed = caller === admin ? others : others.filter((each) => each !== "admin");
      const { body } = await caller.call("POST", "/tokens", { name: `all but ${scope}`, scopes: allowed });
      withoutScope.set(scope, body.token);
    }
  });

  after(async () => {
    await server?.stop();
    removeFolder(folder);
  });

  /** The gate tries each route without a token, and with one of the others in turn. */
  const badTokensFor = (index: number): readonly BadToken[] =>
    badTokens.filter(({ name }, place) => isLongTier || name === "no token" || place === index % badTokens.length);

  for (const [index, name] of names.entries()) {
    const route: Route = routes[name];
    const row = matrix[name];
    if (route.access !== "open" && route.access !== "signed") {
      test(`${name} rejects every invalid token`, async () => {
        for (const { name: what, token } of badTokensFor(index)) {
          const answer = await send(new Api(server.url, token), route, row, fixture);
          assert.equal(answer.status, 401, `${what} was answered ${answer.status}`);
          assert.equal(answer.body.code, "unauthenticated", what);
        }
      });
    }
    if (scopes.includes(route.access)) {
      test(`${name} rejects tokens without its scope`, async () => {
        const token = withoutScope.get(route.access);
        assert.ok(token !== undefined);
        const answer = await send(new Api(server.url, token), route, row, fixture);
        assert.equal(answer.status, 403, JSON.stringify(answer.body));
        assert.equal(answer.body.code, "forbidden");
      });
    }
    if (route.access !== "open" && route.access !== "signed" && !linkRoutes.has(name)) {
      test(`${name} rejects links`, async () => {
        const answer = await send(link, route, row, fixture);
        assert.equal(answer.status, 403, JSON.stringify(answer.body));
        assert.equal(answer.body.code, "forbidden");
      });
    }
    if (route.access !== "open" && route.access !== "signed") {
      test(`${name} ${mayAppCall(name) ? "accepts app passwords with its scope" : "rejects app passwords"}`, async () => {
        if (!mayAppCall(name)) {
          const answer = await send(apps.both, route, row, fixture);
          assert.deepEqual([answer.status, answer.body.code], [403, "forbidden"], JSON.stringify(answer.body));
        } else if (route.access === "files:write") {
          const answer = await send(apps.reading, route, row, fixture);
          assert.deepEqual([answer.status, answer.body.code], [403, "forbidden"], JSON.stringify(answer.body));
        } else {
          // Uses unknown ids, because later tests need the existing ones.
          const answer = await send(apps.both, route, row, missing(fixture));
          assert.ok(![401, 403].includes(answer.status), `${answer.status} ${JSON.stringify(answer.body)}`);
        }
      });
    }
    if (linkRoutes.has(name)) {
      // Both polls wait a second for the same handler.
      (name === "pollEvents" ? longTest : test)(`${name} discloses nothing to a link for another node`, async () => {
        const answer = await send(link, route, row, fixture);
        if (row.stranger !== "404") {
          assert.ok(answer.status < 300 || answer.status === 410, `${answer.status} ${JSON.stringify(answer.body)}`);
          assertSaysNothing(answer, fixture, JSON.stringify(row.request(fixture)));
          return;
        }
        assert.equal(answer.status, 404, JSON.stringify(answer.body));
        const nowhere = await send(link, route, row, missing(fixture));
        assert.deepEqual(
          withoutRequest(answer.body),
          withoutRequest(nowhere.body),
          "not the answer of what does not exist",
        );
      });
    }
    if (row.stranger !== "open") {
      test(`${name} discloses nothing to other users`, async () => {
        const api = await asStranger();
        const answer = await send(api, route, row, fixture);
        if (row.stranger === "own") {
          // 409: the stranger has no such object.
          assert.ok(
            answer.status < 300 || answer.status === 410 || answer.status === 409,
            `answered ${answer.status} ${JSON.stringify(answer.body)}`,
          );
          assertSaysNothing(answer, fixture, JSON.stringify(row.request(fixture)));
          return;
        }
        assert.equal(answer.status, Number(row.stranger), JSON.stringify(answer.body));
        if (row.stranger === "404") {
          const nowhere = await send(api, route, row, missing(fixture));
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

  test("HEAD of a download discloses no more to other users than GET", async () => {
    const api = await asStranger();
    const head = await api.call("HEAD", `/files/${fixture.file}/download`);
    const nowhere = await api.call("HEAD", `/files/${missing(fixture).file}/download`);
    assert.deepEqual([head.status, nowhere.status], [404, 404]);
    assert.deepEqual([...head.headers.keys()], [...nowhere.headers.keys()]);
    assert.equal(head.headers.get("content-length"), nowhere.headers.get("content-length"));
  });

  for (const name of names) {
    const route: Route = routes[name];
    const row = matrix[name];
    test(`${name} accepts an authorized caller`, async () => {
      const caller = route.access === "admin" ? admin : owner;
      const answer = await send(caller, route, row, fixture);
      assert.ok(
        row.owner.includes(answer.status),
        `answered ${answer.status} ${JSON.stringify(answer.body).slice(0, 500)}`,
      );
    });
  }
});

async function makeFixture(
  owner: Api,
  account: { email: string; password: string },
): Promise<Omit<Fixture, "job" | "deadJob" | "group" | "member">> {
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
  const shared = (await owner.call("POST", "/metadata", { path: "/shared with somebody", kind: "folder" })).body.id;
  const given = await owner.call("POST", `/files/${shared}/share`, { email: "nobody@example.com", role: "viewer" });
  assert.equal(given.status, 201, JSON.stringify(given.body));
  const offered = await owner.call("POST", `/files/${shared}/transfer`, { email: administrator.email });
  assert.equal(offered.status, 201, JSON.stringify(offered.body));
  return {
    permission: given.body.id,
    transfer: offered.body.id,
    folder,
    file: file.id,
    doomed,
    trashed,
    trashed2,
    upload: await startUpload("upload"),
    upload2: await startUpload("upload2"),
    block: createHash("sha256").update(secret).digest("hex"),
    version: fileV2.version_id,
    rewind: (await owner.call("POST", `/files/${file.id}/rewind`, { to: fileV2.updated_at })).body.rewind_id,
    comment: (await owner.call("POST", `/files/${file.id}/comments`, { text: "a secret comment" })).body.id,
    webhook: (await owner.call("POST", "/webhooks", { url: "https://example.com/", secret: "s", events: ["created"] }))
      .body.id,
    token: (await owner.call("POST", "/tokens", { name: "the owner's token", scopes: ["files:read"] })).body.id,
    device: second.device_id,
    startToken: (await owner.call("GET", "/changes/start_token")).body.token,
    refresh: (await new Api(owner.url).call("POST", "/sessions", account)).body.refresh_token,
    secret,
  };
}

/** Same fixture with unknown ids: strangers must not notice a difference. */
function missing(fixture: Fixture): Fixture {
  const flip = (text: string) => text.slice(0, -1) + (text.endsWith("0") ? "1" : "0");
  return {
    ...fixture,
    permission: flip(fixture.permission),
    job: flip(fixture.job),
    folder: flip(fixture.folder),
    file: flip(fixture.file),
    doomed: flip(fixture.doomed),
    trashed: flip(fixture.trashed),
    trashed2: flip(fixture.trashed2),
    upload: flip(fixture.upload),
    upload2: flip(fixture.upload2),
    block: flip(fixture.block),
    version: flip(fixture.version),
    rewind: flip(fixture.rewind),
    comment: flip(fixture.comment),
    transfer: flip(fixture.transfer),
    token: flip(fixture.token),
    device: flip(fixture.device),
    group: flip(fixture.group),
    member: flip(fixture.member),
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

function assertSaysNothing(answer: ApiAnswer, fixture: Fixture, request: string): void {
  const whole = Buffer.isBuffer(answer.body) ? answer.body.toString("latin1") : JSON.stringify(answer.body);
  // Field names are not data.
  const text = whole.replaceAll(/"secret":|[?&]secret=/g, "");
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
