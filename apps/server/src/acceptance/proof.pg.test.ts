import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { limits } from "@holdfast/core/limits";
import type { Route } from "@holdfast/protocol/route";
import { type RouteName, routes, routeUrl } from "@holdfast/protocol/routes";
import { matrix } from "./authorisation-matrix.ts";
import type { Fixture } from "./authorisation-rows.ts";
import {
  administrator,
  Api,
  type ApiAnswer,
  makeFolder,
  ok,
  queryDatabase,
  removeFolder,
  type RunningServer,
  startServer,
} from "./testing.ts";

interface Bodies {
  readonly asked: readonly object[];
  /** Valid for the route, without a need for proof. */
  readonly unasked?: readonly object[];
}

const newUser = { email: "made@example.com", password: "a sentence of somebody" };

const asking: Partial<Record<RouteName, Bodies>> = {
  createToken: { asked: [{ name: "t", scopes: ["files:read"] }] },
  adminCreateUser: { asked: [{ ...newUser, admin: true }, newUser] },
  adminUpdateUser: {
    asked: [
      { admin: true },
      { admin: false },
      { password: "a sentence of mine" },
      { email: "elsewhere@example.com" },
      { second_factor: false },
      { disabled: true, admin: true },
      { disabled: false },
      { confirmed: true },
      { signed_out: true },
    ],
    unasked: [{ disabled: true }, { name: "Ann" }, { quota_bytes: null }],
  },
  adminInvite: { asked: [{ email: "guest@example.com" }], unasked: [{}] },
  adminShredUser: { asked: [{ dry_run: true }, {}] },
  // Devices upload again what was deleted while they were offline.
  adminRenewEpochs: { asked: [{ dry_run: true }, {}] },
  adminChangeAccessRule: { asked: [{}, { addresses: [] }] },
  adminAddOauthClient: { asked: [{ name: "p", redirect_uris: ["https://program.example/back"] }] },
  adminRemoveOauthClient: { asked: [{}] },
  answerProgramRequest: { asked: [{ allow: true }], unasked: [{ allow: false }] },
  answerDeviceRequest: {
    asked: [{ user_code: "BCDF-GHJK", allow: true }],
    unasked: [{ user_code: "BCDF-GHJK", allow: false }],
  },
  createWebhook: { asked: [{ url: "https://example.com/", secret: "s", events: ["edited"] }] },
  // Some are links that set the requester's password.
  unsentLinks: { asked: [{}] },
  // Old versions restore files that ransomware encrypted.
  pruneVersions: { asked: [{ keep: 1 }], unasked: [{ keep: 1, dry_run: true }] },
  transferNode: { asked: [{ email: "nobody@example.com" }] },
};

/** Administrators' changes without proof, with the reason. */
const harmless: Partial<Record<RouteName, string>> = {
  adminRemoveInvitation: "another one can be made",
  adminStartScrub: "reads",
  adminRebuildIndex: "makes anew what is there already",
  adminVerifyCopies: "reads",
  adminAddShard: "makes the tables of an empty database",
  adminMoveBuckets: "can be canceled, and moved on",
  adminCancelMove: "can be started again",
  adminVerifyAudit: "reads",
  adminCollect: "takes what nobody needs, after its time",
  adminRotateKeys: "loses nothing: the keys of before stay",
  adminResumeDevice: "the device can be suspended again",
  adminResolveReport: "can be taken back",
  adminRetryJob: "does what was to be done",
  adminRemoveJob: "does not what was given up already",
};

const signedIn = (Object.entries(routes) as [RouteName, Route][]).filter(
  ([, { access }]) => access !== "open" && access !== "signed",
);
const nothing = new Proxy({} as Fixture, {
  get: (_, name) => (name === "block" ? "0".repeat(64) : "00000000-0000-8000-8000-000000000000"),
});

describe("Session with an old proof", () => {
  let folder: string;
  let server: RunningServer;

  before(async () => {
    folder = makeFolder("proof");
    server = await startServer({ dataFolder: `${folder}/data`, env: { HOLDFAST_RATE_LIMIT_SIGN_IN: "0" } });
  });
  after(async () => {
    await server?.stop();
    removeFolder(folder);
  });

  const query = (statement: string) => queryDatabase(`${folder}/data`, statement);
  const grownOld = () => query("update shard.sessions set proven_at = proven_at - 61 * 60 * 1000000::int8");

  async function send(api: Api, name: RouteName, given?: object): Promise<ApiAnswer> {
    const route: Route = routes[name];
    const { path = {}, query: asked, body = {}, headers } = matrix[name].request(nothing);
    const filled = routeUrl(route).replaceAll(/:(\w+)/g, (_, each: string) => encodeURIComponent(path[each] ?? "none"));
    const url = `${api.url}${filled}${asked === undefined ? "" : `?${new URLSearchParams(asked).toString()}`}`;
    const hasBody = route.method !== "GET" && route.bodyKind === "json";
    const signal = AbortSignal.timeout(60_000);
    return api.call(route.method, url, hasBody ? (given ?? body) : undefined, {
      signal,
      headers: { ...headers, origin: server.url },
    });
  }

  test("is rejected by exactly the listed routes", () => {
    const marked = signedIn
      .filter(([, { asksProof }]) => asksProof !== undefined && asksProof !== "sometimes")
      .map(([name]) => name);
    assert.deepEqual(marked.toSorted(), Object.keys(asking).toSorted());
    const changing = signedIn.filter(([, { access, method }]) => access === "admin" && method !== "GET");
    const unmarked = changing.map(([name]) => name).filter((name) => asking[name] === undefined);
    assert.deepEqual(unmarked.toSorted(), Object.keys(harmless).toSorted());
  });

  let kept: Api | undefined;
  const oldSession = async (): Promise<Api> => {
    if ((await kept?.call("GET", "/account"))?.status === 200) return kept as Api;
    kept = await Api.signIn(server.url);
    await grownOld();
    return kept;
  };

  for (const [name] of signedIn) {
    const { asked = [], unasked = [undefined] } = asking[name] ?? {};
    const isAlways = asked.length > 0 && asking[name]?.unasked === undefined;
    test(`${name} ${asked.length > 0 ? "rejects it" : "accepts it"}`, async () => {
      const old = await oldSession();
      for (const body of asked) {
        const { status, body: problem } = await send(old, name, body);
        assert.deepEqual([status, problem.code, problem.retryable], [403, "proof_required", false], problem.detail);
      }
      for (const body of isAlways ? [] : unasked)
        assert.notEqual((await send(old, name, body)).body.code, "proof_required", JSON.stringify(body));
    });
  }

  test("cannot remove a member from a group with an access rule, nor delete the group", async () => {
    const old = await Api.signIn(server.url);
    const person = await ok(old, "POST", "/admin/users", { email: "bound@example.com", password: "a long sentence" });
    const groupOf = async (name: string) => {
      const { id } = await ok(old, "POST", "/groups", { name });
      await ok(old, "PUT", `/groups/${id}/members/${person.id}`, { role: "member" });
      return id as string;
    };
    const [bound, free] = [await groupOf("bound"), await groupOf("free")];
    await ok(old, "PATCH", "/admin/access-rules", { group_id: bound, second_factor: { required: true } });
    await grownOld();
    for (const path of [`/groups/${bound}/members/${person.id}`, `/groups/${bound}`]) {
      const { status, body } = await old.call("DELETE", path);
      assert.deepEqual([status, body.code], [403, "proof_required"], path);
    }
    await ok(old, "DELETE", `/groups/${free}/members/${person.id}`);
    await ok(old, "DELETE", `/groups/${free}`);
    await ok(await Api.signIn(server.url), "DELETE", `/groups/${bound}`);
  });

  test("cannot lower the new-device alert, nor can a token, but both can raise it", async () => {
    const old = await Api.signIn(server.url);
    const token = new Api(server.url, (await ok(old, "POST", "/tokens", tokenOf("account"))).token);
    await grownOld();
    const set = async (api: Api, device: string) => {
      const { status, body } = await api.call("PATCH", "/account", { notify: { device, comment: "app" } });
      return status === 200 ? body.notify.device : body.code;
    };
    for (const device of ["app", "off"]) {
      assert.equal(await set(old, device), "proof_required");
      assert.equal(await set(token, device), "forbidden");
    }
    for (const api of [old, token]) assert.equal(await set(api, "mail"), "mail", "as it was");
    await ok(old, "POST", "/sessions/current/proof", administrator);
    assert.equal(await set(old, "off"), "off");
    await grownOld();
    assert.equal(await set(token, "app"), "app");
    assert.equal(await set(old, "off"), "proof_required");
    assert.equal(await set(old, "mail"), "mail");
  });

  test("leaves rejected requests without effect, and can retry them after a new proof", async () => {
    const old = await Api.signIn(server.url);
    await grownOld();
    const counts = () =>
      query(`select (select count(*) from shard.tokens) as tokens, (select count(*) from shard.webhooks) as webhooks,
        (select count(*) from shard.users where admin) as administrators`);
    const former = await counts();
    const wanted: [RouteName, object][] = [
      ["createToken", { name: "t", scopes: ["admin"] }],
      ["createWebhook", { url: "https://example.com/", secret: "s", events: ["edited"] }],
      ["adminCreateUser", { email: "root@example.com", password: "a sentence of mine", admin: true }],
    ];
    for (const [name, body] of wanted) assert.equal((await send(old, name, body)).body.code, "proof_required");
    assert.deepEqual(await counts(), former);
    const { proven_until: until } = await ok(old, "POST", "/sessions/current/proof", administrator);
    assert.ok(Math.abs(Date.parse(until) - Date.now() - limits.sessionProofMs) < 60_000, until);
    for (const [name, body] of wanted) assert.equal((await send(old, name, body)).status, 201, name);
    await grownOld();
    for (const [name, body] of wanted) assert.equal((await send(old, name, body)).body.code, "proof_required");
  });

  test("renews only its own proof, not that of other sessions", async () => {
    const [one, other] = [await Api.signIn(server.url), await Api.signIn(server.url)];
    const token = new Api(
      server.url,
      (await ok(one, "POST", "/tokens", tokenOf("files:read", "account", "admin"))).token,
    );
    await grownOld();
    await ok(one, "POST", "/sessions/current/proof", administrator);
    assert.equal((await send(one, "createToken")).status, 201);
    assert.equal((await send(other, "createToken")).body.code, "proof_required");
    const byToken = await token.call("POST", "/sessions/current/proof", administrator);
    assert.deepEqual([byToken.status, byToken.body.code], [403, "forbidden"]);
    assert.equal((await send(other, "createToken")).body.code, "proof_required");
  });

  test("is not renewed by refreshing its tokens", async () => {
    const { body } = await new Api(server.url).call("POST", "/sessions", administrator);
    await grownOld();
    const renewed = await ok(new Api(server.url), "POST", "/sessions/refresh", { refresh_token: body.refresh_token });
    assert.equal((await send(new Api(server.url, renewed.access_token), "createToken")).body.code, "proof_required");
  });

  test("does not restrict tokens", async () => {
    const session = await Api.signIn(server.url);
    const token = new Api(
      server.url,
      (await ok(session, "POST", "/tokens", tokenOf("files:read", "account", "admin"))).token,
    );
    await grownOld();
    assert.equal((await send(token, "createToken")).status, 201);
    assert.equal((await send(session, "createToken")).body.code, "proof_required");
  });

  test("appears in the audit with rejected requests and with proofs, failed and successful", async () => {
    const old = await Api.signIn(server.url);
    await grownOld();
    await send(old, "adminAddOauthClient");
    await old.call("POST", "/sessions/current/proof", { password: "not it" });
    await ok(old, "POST", "/sessions/current/proof", administrator);
    const { items } = await ok(old, "GET", "/admin/audit?limit=1000");
    const told = new Set(
      (items as { action: string; result: string }[]).map(({ action, result }) => `${action} ${result}`),
    );
    for (const line of ["oauth_client.add proof_required", "session.prove invalid_field", "session.prove ok"])
      assert.ok(told.has(line), `${line}: ${JSON.stringify(items.slice(-4))}`);
  });
});

function tokenOf(...scopes: string[]) {
  return { name: "t", scopes };
}
