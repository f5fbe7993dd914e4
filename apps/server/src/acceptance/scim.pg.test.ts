import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { newPerson } from "./new-person.ts";
import { groupSchema, oktaUser, ScimClient, userSchema } from "./scim-client.ts";
import {
  administrator,
  Api,
  type ApiAnswer,
  eventually,
  makeFolder,
  ok,
  queryDatabase,
  removeFolder,
  type RunningServer,
  startServer,
} from "./testing.ts";

const waitMs = 60_000;

describe("SCIM provisioning", () => {
  let folder: string;
  let server: RunningServer;
  let admin: Api;
  let scim: ScimClient;

  before(async () => {
    folder = makeFolder("scim");
    server = await startServer({ dataFolder: `${folder}/data`, env: { HOLDFAST_RATE_LIMIT_SIGN_IN: "0" } });
    admin = await Api.signIn(server.url);
    scim = await identitySystem(admin, ["scim"]);
  });
  after(async () => {
    await server?.stop();
    removeFolder(folder);
  });

  const identitySystem = async (of: Api, scopes: readonly string[]) =>
    new ScimClient(server.url, (await ok(of, "POST", "/tokens", { name: "identity system", scopes })).token);
  const signedIn = async (id: string, email: string) => {
    const password = "a sentence of their own";
    await ok(admin, "PATCH", `/admin/users/${id}`, { password });
    return Api.signIn(server.url, { email, password });
  };
  const statusOf = async (api: Api, path = "/account") => (await api.call("GET", path)).status;
  const assertError = ({ status, body, headers }: ApiAnswer, expected: number, scimType?: string) => {
    assert.equal(status, expected, JSON.stringify(body));
    assert.deepEqual(body.schemas, ["urn:ietf:params:scim:api:messages:2.0:Error"]);
    assert.deepEqual([body.status, body.scimType], [String(expected), scimType]);
    assert.equal(headers.get("content-type"), "application/scim+json");
  };

  test("rejects an external ID with a NUL character before creating anything", async () => {
    const externalId = "a\0b";
    const user = { ...oktaUser("nul@example.com"), externalId };
    assertError(await scim.call("POST", "/Users", user), 400, "invalidValue");
    assertError(await scim.call("POST", "/Groups", { displayName: "nul", externalId }), 400, "invalidValue");
    assert.equal((await scim.find("Users", 'userName eq "nul@example.com"')).totalResults, 0);
    assert.equal((await scim.find("Groups", 'displayName eq "nul"')).totalResults, 0);
  });

  test("supports Okta: create, find by userName, suspend, enable and rename", async () => {
    const userName = "okta.user@example.com";
    const empty = await scim.find("Users", `userName eq "${userName}"`, "&startIndex=1&count=100");
    assert.deepEqual([empty.totalResults, empty.Resources, empty.startIndex], [0, [], 1]);
    const answer = await scim.call("POST", "/Users", oktaUser(userName));
    assert.equal(answer.status, 201);
    const made = answer.body;
    assert.equal(answer.headers.get("location"), made.meta.location);
    assert.equal(made.meta.location, `${server.url}/scim/v2/Users/${made.id}`);
    assert.deepEqual(
      [made.userName, made.displayName, made.active, made.externalId, made.password],
      [userName, "Test User", true, `okta-${userName}`, undefined],
    );
    assert.deepEqual(await scim.ok("GET", `/Users/${made.id}`), made);
    for (const filter of [
      `userName eq "OKTA.user@Example.com"`,
      `externalId eq "okta-${userName}"`,
      `emails.value eq "${userName}"`,
    ])
      assert.deepEqual((await scim.find("Users", filter)).Resources, [made], filter);
    const refused = { email: userName, password: "1mz050nq", device_name: "d" };
    assert.equal((await new Api(server.url).call("POST", "/sessions", refused)).status, 401, "no password is taken");
    const api = await signedIn(made.id, userName);
    assert.equal(await statusOf(api), 200);
    const suspended = await scim.patch(`/Users/${made.id}`, { op: "replace", value: { active: false } });
    assert.deepEqual([suspended.status, suspended.body.active], [200, false]);
    assert.equal(await statusOf(api), 401, "the session is refused at once");
    assert.equal((await scim.ok("PUT", `/Users/${made.id}`, oktaUser(userName))).active, true);
    const back = await Api.signIn(server.url, { email: userName, password: "a sentence of their own" });
    const changed = { ...oktaUser("okta.married@example.com"), displayName: "Test Married", id: made.id };
    const { userName: address, displayName, externalId } = await scim.ok("PUT", `/Users/${made.id}`, changed);
    assert.deepEqual(
      [address, displayName, externalId],
      ["okta.married@example.com", "Test Married", "okta-okta.married@example.com"],
    );
    const account = await ok(back, "GET", "/account");
    // A new address is confirmed by the first sign-in with it.
    assert.deepEqual([account.email, account.name, account.confirmed], [address, displayName, false]);
  });

  test("supports Entra: capitalized operations, booleans as text, and removal with a grace period of 30 days", async () => {
    const userName = "entra.user@example.com";
    const { id } = await scim.ok("POST", "/Users", {
      schemas: [userSchema, "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"],
      externalId: "0a21f0f2-8d2a-4f8e-bf98-7363c4aed4ef",
      userName,
      active: true,
      emails: [{ primary: true, type: "work", value: "other@example.com" }],
      meta: { resourceType: "User" },
      name: { formatted: "givenName familyName", familyName: "familyName", givenName: "givenName" },
      roles: [],
    });
    const api = await signedIn(id, userName);
    const path = `/Users/${id}`;
    const renamed = await scim.patch(
      path,
      { op: "Replace", path: "displayName", value: "New Name" },
      { op: "Add", path: 'emails[type eq "work"].value', value: "updated@example.com" },
      { op: "Add", path: "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department", value: "bob" },
      { op: "Replace", path: "name.familyName", value: "updatedFamilyName" },
    );
    assert.deepEqual([renamed.status, renamed.body.displayName, renamed.body.userName], [200, "New Name", userName]);
    const flat = await scim.patch(path, { op: "replace", value: { displayName: "Flat Name", "name.familyName": "X" } });
    assert.equal(flat.body.displayName, "Flat Name");
    const value = { active: "False", displayName: "\u202bFlat Name\u202c" };
    const off = await scim.patch(path, { op: "Replace", value });
    assert.deepEqual([off.status, off.body.active], [200, false]);
    assert.equal(await statusOf(api), 401);
    assert.equal((await scim.patch(path, { op: "Replace", path: "active", value: "True" })).body.active, true);
    assert.equal((await scim.call("DELETE", path)).status, 204);
    assertError(await scim.call("GET", path), 404);
    assertError(await scim.call("DELETE", path), 404);
    assertError(await scim.patch(path, { op: "replace", value: { active: true } }), 404);
    assert.equal((await scim.find("Users", `userName eq "${userName}"`)).totalResults, 0);
    // The account has the same grace period as one that its owner deleted. Only an administrator can end it.
    const stands = (await ok(admin, "GET", "/admin/users?limit=1000")).items.find(
      (user: { id: string }) => user.id === id,
    );
    const days = (Date.parse(stands.leaving_until) - Date.now()) / (24 * 3600_000);
    assert.ok(stands.disabled && days > 29.9 && days < 30.1, String(days));
    const proof = { email: userName, password: "a sentence of their own", device_name: "d" };
    const kept = await new Api(server.url).call("POST", "/sessions", { ...proof, keep_account: true });
    assert.deepEqual([kept.status, kept.body.code], [403, "forbidden"]);
    assertError(await scim.call("POST", "/Users", oktaUser(userName)), 409, "uniqueness");
    await ok(admin, "PATCH", `/admin/users/${id}`, { disabled: false });
    assert.equal((await scim.ok("GET", path)).active, true);
    assert.equal((await new Api(server.url).call("POST", "/sessions", proof)).status, 200);
  });

  test("enables only accounts that it suspended, not those suspended by an administrator or left by their owner", async () => {
    const userName = "held@example.com";
    const { id } = await scim.ok("POST", "/Users", oktaUser(userName));
    const path = `/Users/${id}`;
    const api = await signedIn(id, userName);
    const push = (name: string) => scim.ok("PUT", path, { ...oktaUser(userName), displayName: name });
    const active = (value: string) => scim.patch(path, { op: "Replace", path: "active", value });

    await ok(admin, "PATCH", `/admin/users/${id}`, { disabled: true });
    const pushed = await push("Renamed");
    assert.deepEqual([pushed.active, pushed.displayName], [false, "Renamed"]);
    assert.equal((await active("True")).body.active, false);
    assert.equal(await statusOf(api), 401);
    await ok(admin, "PATCH", `/admin/users/${id}`, { disabled: false });

    assert.equal((await active("False")).body.active, false);
    await ok(admin, "PATCH", `/admin/users/${id}`, { disabled: true });
    assert.equal((await active("True")).body.active, false, "an administrator suspended it as well");
    await ok(admin, "PATCH", `/admin/users/${id}`, { disabled: false });
    assert.equal((await active("False")).body.active, false);
    assert.equal((await active("True")).body.active, true);

    const proof = { email: userName, password: "a sentence of their own" };
    const owner = await Api.signIn(server.url, proof);
    await ok(owner, "DELETE", "/account", { password: proof.password });
    assert.equal((await push("Renamed again")).active, false);
    const leaving = await new Api(server.url).call("POST", "/sessions", { ...proof, device_name: "d" });
    assert.deepEqual([leaving.status, leaving.body.code], [403, "account_leaving"]);
  });

  test("controls access to group shares by adding and removing members, in each form of request", async () => {
    const owner = await newPerson(admin);
    const member = await scim.ok("POST", "/Users", oktaUser("member@example.com"));
    const api = await signedIn(member.id, "member@example.com");
    const { id } = await scim.ok("POST", "/Groups", {
      schemas: [groupSchema],
      displayName: "Engineers",
      externalId: "g-1",
    });
    await ok(admin, "PUT", `/groups/${id}/members/${owner.id}`, { role: "manager" });
    const shared = (await ok(owner.api, "POST", "/metadata", { path: "/plans", kind: "folder" })).id;
    await ok(owner.api, "POST", `/files/${shared}/share`, { group_id: id, role: "viewer" });
    const sees = () => statusOf(api, `/files/${shared}`);
    assert.equal(await sees(), 404);
    const path = `/Groups/${id}`;
    const value = [{ value: member.id }];
    const add = { op: "Add", path: "members", value };
    const removals = [
      { op: "Remove", path: "members", value },
      { op: "remove", path: `members[value eq "${member.id}"]` },
      { op: "replace", path: "members", value: [{ value: owner.id }] },
      { op: "replace", value: { members: [{ value: owner.id }] } },
    ];
    for (const removal of removals) {
      assert.equal((await scim.patch(path, add)).status, 204);
      assert.equal((await scim.patch(path, add)).status, 204, "once more");
      assert.equal(await sees(), 200);
      await eventually("it appears", waitMs, async () => {
        const { items } = await ok(api, "GET", "/shared-with-me");
        return items.some((item: { node: { id: string } }) => item.node.id === shared) ? true : undefined;
      });
      assert.equal((await scim.patch(path, removal)).status, 204, JSON.stringify(removal));
      assert.equal(await sees(), 404, JSON.stringify(removal));
    }
    const whole = { schemas: [groupSchema], displayName: "Builders", members: [...value, { value: owner.id }] };
    const put = await scim.ok("PUT", path, whole);
    assert.deepEqual(new Set(put.members.map((each: { value: string }) => each.value)), new Set([member.id, owner.id]));
    const { items } = await ok(admin, "GET", `/groups/${id}/members`);
    const roles = new Map(items.map((each: { user_id: string; role: string }) => [each.user_id, each.role]));
    assert.equal(roles.get(owner.id), "manager", "who manages goes on to");
    for (const filter of ['displayName eq "builders"', 'externalId eq "g-1"']) {
      const list = await scim.find("Groups", filter, "&excludedAttributes=members");
      assert.deepEqual(
        [list.totalResults, list.Resources[0].id, list.Resources[0].members],
        [1, id, undefined],
        filter,
      );
    }
    assert.equal((await scim.call("DELETE", path)).status, 204);
    assertError(await scim.call("GET", path), 404);
    assert.equal(await sees(), 404);
    assert.deepEqual(await queryDatabase(`${folder}/data`, "select from shard.provisioned_groups"), []);
  });

  test("rejects unknown members without creating or changing a group", async () => {
    const user = await scim.ok("POST", "/Users", oktaUser("alone@example.com"));
    const members = [{ value: user.id }, { value: "00000000-0000-8000-8000-00000000abcd" }];
    assertError(await scim.call("POST", "/Groups", { displayName: "Half", members }), 400, "invalidValue");
    assert.equal((await scim.find("Groups", 'displayName eq "Half"')).totalResults, 0);
    const { id } = await scim.ok("POST", "/Groups", { displayName: "Whole" });
    assertError(await scim.patch(`/Groups/${id}`, { op: "add", path: "members", value: members }), 400, "invalidValue");
    assert.deepEqual((await scim.ok("GET", `/Groups/${id}`)).members, []);
    const nested = { op: "add", path: "members", value: [{ value: id, type: "Group" }] };
    assertError(await scim.patch(`/Groups/${id}`, nested), 400, "invalidValue");
  });

  test("creates one of several concurrent users with the same userName", async () => {
    const answers = await Promise.all(
      ["race@example.com", "Race@example.com", "race@Example.com"].map((name) =>
        scim.call("POST", "/Users", oktaUser(name)),
      ),
    );
    assert.equal(answers.filter(({ status }) => status === 201).length, 1);
    for (const answer of answers) if (answer.status !== 201) assertError(answer, 409, "uniqueness");
    assert.equal((await scim.find("Users", 'userName eq "race@example.com"')).totalResults, 1);
    const other = await scim.ok("POST", "/Users", oktaUser("race2@example.com"));
    const taking = { op: "replace", value: { userName: "race@example.com" } };
    assertError(await scim.patch(`/Users/${other.id}`, taking), 409, "uniqueness");
  });

  test("requires an administrator's token with the scim scope", async () => {
    const person = await newPerson(admin);
    const second = await newPerson(admin);
    await ok(admin, "PATCH", `/admin/users/${second.id}`, { admin: true });
    const wide = { name: "phone", scopes: ["files:read", "files:write"], password: administrator.password };
    const app = await ok(admin, "POST", "/tokens/app-passwords", wide);
    const basic = `Basic ${Buffer.from(`${administrator.email}:${app.app_password}`).toString("base64")}`;
    const callers: readonly (readonly [string, ScimClient, number])[] = [
      ["nobody", new ScimClient(server.url), 401],
      ["a forged token", new ScimClient(server.url, `hfp_${"a".repeat(40)}`), 401],
      ["a person's token", await identitySystem(person.api, ["account", "files:read"]), 403],
      ["an administrator's token without the scope", await identitySystem(admin, ["account", "files:write"]), 403],
      ["an administrator's app password", new ScimClient(server.url, basic), 403],
      ["an administrator's session", new ScimClient(server.url, admin.token), 403],
    ];
    const paths = [
      ["GET", "/ServiceProviderConfig"],
      ["GET", "/Users"],
      ["POST", "/Users", oktaUser("stranger@example.com")],
      ["GET", `/Users/${person.id}`],
      ["PUT", `/Users/${person.id}`, oktaUser("stranger@example.com")],
      ["PATCH", `/Users/${person.id}`, { Operations: [{ op: "replace", value: { active: false } }] }],
      ["DELETE", `/Users/${person.id}`],
      ["GET", "/Groups"],
      ["POST", "/Groups", { displayName: "Strangers" }],
      ["DELETE", `/Groups/${person.id}`],
    ] as const;
    for (const [who, client, status] of callers) {
      for (const [method, path, body] of paths) {
        const answer = await client.call(method, path, body);
        assert.equal(answer.status, status, `${who}: ${method} ${path}`);
        assertError(answer, status);
      }
    }
    assert.equal(await statusOf(person.api), 200);
    const ended = await identitySystem(await Api.signIn(server.url, second), ["scim"]);
    assert.equal((await ended.call("GET", "/Users?count=1")).status, 200);
    await ok(admin, "PATCH", `/admin/users/${second.id}`, { admin: false });
    assert.equal((await ended.call("GET", "/Users?count=1")).status, 403, "who administers no more has no such token");
  });

  test("cannot suspend, remove, rename or enable administrators, or remove members of a group with a rule", async () => {
    const other = await newPerson(admin);
    await ok(admin, "PATCH", `/admin/users/${other.id}`, { admin: true });
    const own = (await scim.find("Users", `userName eq "${administrator.email}"`)).Resources[0];
    for (const id of [other.id, own.id]) {
      assertError(await scim.patch(`/Users/${id}`, { op: "Replace", path: "active", value: "False" }), 403);
      assertError(await scim.call("DELETE", `/Users/${id}`), 403);
      assertError(await scim.patch(`/Users/${id}`, { op: "replace", value: { userName: "thief@example.com" } }), 403);
    }
    assert.equal(await statusOf(other.api), 200);
    await ok(admin, "PATCH", `/admin/users/${other.id}`, { disabled: true });
    assertError(await scim.patch(`/Users/${other.id}`, { op: "replace", value: { active: true } }), 403);
    const made = await scim.ok("POST", "/Users", {
      ...oktaUser("role@example.com"),
      roles: [{ value: "admin" }],
      admin: true,
    });
    const users = (await ok(admin, "GET", "/admin/users?limit=1000")).items;
    assert.equal(users.find((user: { id: string }) => user.id === made.id).admin, false);
    const { id } = await scim.ok("POST", "/Groups", { displayName: "Bound", members: [{ value: made.id }] });
    await ok(admin, "PATCH", "/admin/access-rules", { group_id: id, addresses: ["127.0.0.1/32"] });
    for (const operation of [
      { op: "remove", path: `members[value eq "${made.id}"]` },
      { op: "replace", path: "members", value: [] },
    ])
      assertError(await scim.patch(`/Groups/${id}`, operation), 403);
    assertError(await scim.call("PUT", `/Groups/${id}`, { displayName: "Bound", members: [] }), 403);
    assertError(await scim.call("DELETE", `/Groups/${id}`), 403);
    assert.equal((await scim.ok("GET", `/Groups/${id}`)).members.length, 1);
  });

  test("pages its lists, and rejects invalid requests with SCIM errors", async () => {
    const first = await scim.ok("GET", "/Users?count=2");
    assert.deepEqual([first.itemsPerPage, first.startIndex, first.Resources.length], [2, 1, 2]);
    const seen = [];
    for (let at = 1; at <= first.totalResults; at += 2) {
      const { Resources, startIndex } = await scim.ok("GET", `/Users?startIndex=${at}&count=2`);
      assert.equal(startIndex, at);
      seen.push(...Resources.map(({ id }: { id: string }) => id));
    }
    assert.deepEqual([seen.length, new Set(seen).size], [first.totalResults, first.totalResults]);
    assert.equal((await scim.ok("GET", "/Users?count=100000&startIndex=-5")).startIndex, 1);
    assert.deepEqual((await scim.ok("GET", "/Users?count=0")).Resources, []);
    const deep = encodeURIComponent(`${"(".repeat(100)}userName pr${")".repeat(100)}`);
    for (const filter of ["userName%20co%20%22a%22", deep, "a".repeat(1000), "userName%20eq"])
      assertError(await scim.call("GET", `/Users?filter=${filter}`), 400, "invalidFilter");
    assertError(await scim.call("GET", "/Users?startIndex=999999999"), 413, "tooMany");
    assertError(await scim.call("GET", "/Users?count=many"), 400, "invalidSyntax");
    assertError(await scim.call("POST", "/Users", { ...oktaUser("x"), userName: "no address" }), 400, "invalidValue");
    assertError(await scim.call("POST", "/Users", { displayName: "nobody" }), 400, "invalidValue");
    const [{ id }] = (await scim.find("Users", 'userName eq "race@example.com"')).Resources;
    const path = `/Users/${id}`;
    for (const [operation, scimType] of [
      [{ op: "remove" }, "noTarget"],
      [{ op: "replace", path: "id", value: "x" }, "mutability"],
      [{ op: "replace", path: "a b[", value: "x" }, "invalidPath"],
      [{ op: "replace", path: "active", value: "perhaps" }, "invalidValue"],
      [{ op: "remove", path: "userName" }, "invalidValue"],
      [{ op: "move", path: "active", value: true }, "invalidSyntax"],
      [{ op: "replace", value: [1] }, "invalidValue"],
      [{ op: "replace", path: "displayName", value: "a\u0000b" }, "invalidValue"],
    ] as const)
      assertError(await scim.patch(path, operation), 400, scimType);
    assertError(await scim.call("POST", path, {}), 405);
    assertError(await scim.call("POST", "/Users", { ...oktaUser("x@example.com"), title: "x".repeat(2 ** 21) }), 413);
    const figures = await (await fetch(`${server.url}/metrics`)).text();
    assert.match(figures, /route="\/scim\/v2\/Users\/:id"/);
    assertError(await scim.call("GET", "/Users/none"), 404);
  });

  test("describes its features, and is audited", async () => {
    const config = await scim.ok("GET", "/ServiceProviderConfig");
    assert.deepEqual([config.patch.supported, config.bulk.supported, config.filter.maxResults], [true, false, 200]);
    assert.deepEqual(
      (await scim.ok("GET", "/ResourceTypes")).Resources.map(({ endpoint }: { endpoint: string }) => endpoint),
      ["/Users", "/Groups"],
    );
    const list = await scim.ok("GET", "/Schemas");
    for (const { id } of list.Resources) assert.equal((await scim.ok("GET", `/Schemas/${id}`)).id, id);
    assertError(await scim.call("GET", "/Schemas/constructor"), 404);
    const made = await scim.ok("POST", "/Users", oktaUser("audited@example.com"));
    await scim.call("DELETE", `/Users/${made.id}`);
    const member = await scim.ok("POST", "/Users", oktaUser("listed@example.com"));
    const group = await scim.ok("POST", "/Groups", { displayName: "Listed" });
    await scim.patch(`/Groups/${group.id}`, { op: "add", path: "members", value: [{ value: member.id }] });
    const { items } = await ok(admin, "GET", "/admin/audit?limit=1000");
    const entries = items.filter((entry: { target?: string }) => entry.target === made.id);
    const told = new Map(
      entries.map((entry: { action: string; detail: { by: string }; credential: string }) => [
        entry.action,
        `${entry.detail.by} ${entry.credential}`,
      ]),
    );
    assert.deepEqual([told.get("user.create"), told.get("user.remove")], ["scim token", "scim token"]);
    type Entry = { action: string; target?: string };
    const change = items.find(({ action, target }: Entry) => target === group.id && action === "group.change");
    assert.deepEqual([change.count, change.detail], [1, { by: "scim", added: [member.id] }]);
  });
});
