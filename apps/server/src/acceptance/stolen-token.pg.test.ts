import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { after, before, describe, test } from "node:test";
import {
  Api,
  eventually,
  makeFolder,
  ok,
  queryDatabase,
  removeFolder,
  type RunningServer,
  startServer,
} from "./testing.ts";

const home = "192.0.2.7";
const away = "198.51.100.7";

describe("Stolen tokens and signed URLs", () => {
  let folder: string;
  let server: RunningServer;
  let admin: Api;
  let thief: Api;
  let people = 0;

  before(async () => {
    folder = makeFolder("stolen-token");
    server = await startServer({
      dataFolder: `${folder}/data`,
      args: ["--behind-proxy"],
      env: { HOLDFAST_RATE_LIMIT_SIGN_IN: "600" },
    });
    admin = await Api.signIn(server.url);
    thief = await withToken(admin, ["admin", "account"]);
  });
  after(async () => {
    await server?.stop();
    removeFolder(folder);
  });

  const withToken = async (of: Api, scopes: readonly string[]) =>
    new Api(server.url, (await ok(of, "POST", "/tokens", { name: "script", scopes })).token);
  const newPerson = async (more: object = {}) => {
    const account = { email: `person${++people}@example.com`, password: "a sentence of somebody" };
    const { id } = await ok(admin, "POST", "/admin/users", { ...account, ...more });
    return { ...account, id: id as string, api: await Api.signIn(server.url, account) };
  };
  const statusFrom = async (address: string, { token }: Api, path = "/account") => {
    const headers = { "x-forwarded-for": address };
    return (await new Api(server.url, token).call("GET", path, undefined, { headers })).status;
  };
  const rule = (by: Api, of: object, asked: object) => by.call("PATCH", "/admin/access-rules", { ...of, ...asked });
  const scim = (id: string, userName: string) =>
    thief.call("PATCH", `${server.url}/scim/v2/Users/${id}`, undefined, {
      body: JSON.stringify({
        schemas: ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
        Operations: [{ op: "replace", path: "userName", value: userName }],
      }),
      headers: { "content-type": "application/scim+json" },
    });
  const assertRefused = ({ status, body }: { status: number; body: { code?: string; detail?: string } }) => {
    assert.deepEqual([status, body.code], [403, "forbidden"]);
    assert.match(body.detail ?? "", /Sign in with the password/);
  };

  test("can narrow an account's allowed networks, but not widen them", async () => {
    const { email, api } = await newPerson();
    const of = { user: email };
    assert.equal((await rule(thief, of, { addresses: ["192.0.2.0/24", "2001:db8::/32"] })).status, 200);
    for (const addresses of [
      ["0.0.0.0/0", "::/0"],
      [],
      ["192.0.2.0/23"],
      [`${home}/32`, `${away}/32`],
      ["2001:db8::/31"],
    ]) {
      assertRefused(await rule(thief, of, { addresses }));
    }
    assert.equal((await rule(thief, of, { addresses: [`${home}/32`] })).status, 200);
    assertRefused(await rule(thief, of, { addresses: ["192.0.2.0/24"] }));
    assert.deepEqual([await statusFrom(home, api), await statusFrom(away, api)], [200, 403]);
    assert.equal((await rule(admin, of, { addresses: ["0.0.0.0/0", "::/0"] })).status, 200);
    assert.equal(await statusFrom(away, api), 200);
  });

  test("cannot narrow networks for administrators", async () => {
    const root = await ok(admin, "GET", "/account");
    const { id: officeId } = await ok(admin, "POST", "/groups", { name: "office" });
    await ok(admin, "PUT", `/groups/${officeId}/members/${root.id}`, { role: "member" });
    const from = async (by: Api, of: object, addresses: readonly string[]) => {
      const headers = { "x-forwarded-for": away };
      return by.call("PATCH", "/admin/access-rules", { ...of, addresses }, { headers });
    };
    for (const subject of [{}, { group_id: officeId }, { user: root.email }]) {
      // The rule includes the script's address, but not the administrator's.
      assertRefused(await from(thief, subject, [`${away}/32`]));
      assert.equal(await statusFrom(home, admin), 200);
      await ok(admin, "PATCH", "/admin/access-rules", { ...subject, addresses: ["0.0.0.0/0", "::/0"] });
      assertRefused(await from(thief, subject, [`${away}/32`]));
      assert.equal((await from(thief, subject, ["0.0.0.0/0", "::/0"])).status, 200, "the same again");
      assert.equal((await from(admin, subject, [home])).status, 409, "a session, from an address that is not within");
      await ok(admin, "PATCH", "/admin/access-rules", { ...subject, addresses: [] });
    }
    const { id } = await ok(admin, "POST", "/groups", { name: "elsewhere" });
    assert.equal((await rule(thief, { group_id: id }, { addresses: [`${away}/32`] })).status, 200);
    const headers = { "x-forwarded-for": away };
    const join = (by: Api) => by.call("PUT", `/groups/${id}/members/${root.id}`, { role: "member" }, { headers });
    assert.equal((await join(thief)).status, 403);
    assert.equal(await statusFrom(home, admin), 200);
    for (const group of [id, officeId]) await ok(admin, "DELETE", `/groups/${group}`);
  });

  test("can require a second factor earlier, but not later", async () => {
    const { email, api } = await newPerson();
    const of = { user: email };
    const within = (grace_seconds: number) => ({ second_factor: { required: true, grace_seconds } });
    assert.equal((await rule(thief, of, within(86_400))).status, 200);
    assertRefused(await rule(thief, of, within(2 * 86_400)));
    assert.equal((await rule(thief, of, within(0))).status, 200);
    assertRefused(await rule(thief, of, within(7 * 86_400)));
    assertRefused(await rule(thief, of, { second_factor: { required: false } }));
    assert.equal((await rule(thief, of, within(0))).status, 200, "the same again");
    assert.equal(await statusFrom(home, api, "/trash"), 403);
    assert.equal((await rule(admin, of, within(7 * 86_400))).status, 200);
    assert.equal(await statusFrom(home, api, "/trash"), 200);
  });

  test("cannot remove members from a group with an access rule, delete the group or add managers", async () => {
    const { id: userId, api } = await newPerson();
    const { id } = await ok(thief, "POST", "/groups", { name: "bound" });
    const member = `/groups/${id}/members/${userId}`;
    await ok(thief, "PUT", member, { role: "member" });
    await ok(thief, "DELETE", member);
    assertRefused(await thief.call("PUT", member, { role: "manager" }));
    await ok(admin, "PUT", member, { role: "manager" });
    const manager = await withToken(api, ["account"]);
    const other = await newPerson();
    for (const role of ["member", "manager"])
      assertRefused(await manager.call("PUT", `/groups/${id}/members/${other.id}`, { role }));
    await ok(api, "PUT", `/groups/${id}/members/${other.id}`, { role: "member" });
    assert.equal((await rule(thief, { group_id: id }, { addresses: [`${home}/32`] })).status, 200);
    const fromHome = { headers: { "x-forwarded-for": home } };
    for (const by of [thief, manager]) {
      assertRefused(await by.call("DELETE", member, undefined, fromHome));
      assertRefused(await by.call("DELETE", `/groups/${id}`, undefined, fromHome));
    }
    assert.equal(await statusFrom(away, api), 403);
    await ok(admin, "DELETE", member);
    assert.equal(await statusFrom(away, api), 200);
    await ok(admin, "DELETE", `/groups/${id}`);
    const { id: free } = await ok(thief, "POST", "/groups", { name: "free" });
    await ok(thief, "DELETE", `/groups/${free}`);
  });

  test("cannot create administrators or take over their accounts", async () => {
    const password = "a sentence of the thief";
    assertRefused(await thief.call("POST", "/admin/users", { email: "mine@example.com", password, admin: true }));
    const mine = await ok(thief, "POST", "/admin/users", { email: "mine@example.com", password });
    assertRefused(await thief.call("PATCH", `/admin/users/${mine.id}`, { admin: true }));
    const other = await newPerson({ admin: true });
    const own = await ok(admin, "GET", "/account");
    for (const id of [other.id, own.id]) {
      assertRefused(await thief.call("PATCH", `/admin/users/${id}`, { password }));
      assertRefused(await thief.call("PATCH", `/admin/users/${id}`, { email: "thief@example.com" }));
      for (const more of [{}, { password }, { disabled: true }])
        assertRefused(await thief.call("PATCH", `/admin/users/${id}`, { admin: false, ...more }));
      await ok(thief, "PATCH", `/admin/users/${id}`, { name: "Somebody" });
    }
    const victim = await newPerson();
    for (const change of [{ password }, { email: "thief@example.com" }, { password, end_passkeys: true }])
      assertRefused(await thief.call("PATCH", `/admin/users/${victim.id}`, change));
    await Api.signIn(server.url, victim);
    assert.equal((await other.api.call("GET", "/admin/users")).status, 200);
    await ok(thief, "PATCH", `/admin/users/${other.id}`, { disabled: true });
    assertRefused(await thief.call("PATCH", `/admin/users/${other.id}`, { disabled: false }));
    await ok(admin, "PATCH", `/admin/users/${other.id}`, { disabled: false });
    await ok(admin, "PATCH", `/admin/users/${mine.id}`, { admin: true });
    await ok(admin, "PATCH", `/admin/users/${mine.id}`, { admin: false });
    await ok(thief, "PATCH", `/admin/users/${mine.id}`, { admin: false });
  });

  test("cannot transfer files or shred accounts", async () => {
    const { id, api } = await newPerson();
    const { email } = await newPerson();
    const file = await ok(api, "POST", "/metadata", { path: "/mine", kind: "folder" });
    const token = await withToken(api, ["files:read", "files:write"]);
    assertRefused(await token.call("POST", `/files/${file.id}/transfer`, { email }));
    await ok(api, "POST", `/files/${file.id}/transfer`, { email });
    assertRefused(await thief.call("POST", `/admin/users/${id}/shred`, {}));
    assert.equal((await thief.call("POST", `/admin/users/${id}/shred`, { dry_run: true })).status, 202);
    assert.equal((await api.call("GET", "/account")).status, 200);
  });

  test("cannot register or remove OAuth clients", async () => {
    const asked = { name: "Holdfast Mobile", redirect_uris: ["https://thief.example/back"] };
    assertRefused(await thief.call("POST", "/admin/oauth-clients", asked));
    const { id } = await ok(admin, "POST", "/admin/oauth-clients", { ...asked, name: "Reader" });
    assertRefused(await thief.call("DELETE", `/admin/oauth-clients/${id}`));
    const { items } = await ok(thief, "GET", "/admin/oauth-clients");
    assert.deepEqual(
      items.map(({ name }: { name: string }) => name),
      ["Reader"],
    );
  });

  test("cannot read links that set a password or create an account", async () => {
    const { email } = await newPerson({ admin: true });
    assert.equal((await new Api(server.url).call("POST", "/account/password/reset/mail", { email })).status, 202);
    const shared = await ok(admin, "POST", "/metadata", { path: "/for a guest", kind: "folder" });
    await ok(admin, "POST", `/files/${shared.id}/share`, { email: "guest@example.com", role: "viewer" });
    const told = async (by: Api) => {
      const { items } = await ok(by, "GET", "/admin/unsent-links");
      return (items as { to: string; template: string }[]).map(({ to, template }) => `${template} ${to}`).toSorted();
    };
    const reset = `password_reset ${email}`;
    await eventually("both are there", 60_000, async () => {
      const links = await told(admin);
      return links.includes(reset) && links.includes("invitation guest@example.com") ? true : undefined;
    });
    assertRefused(await thief.call("GET", "/admin/unsent-links"));
  });

  test("cannot confirm addresses with pending shares, or enable disabled accounts", async () => {
    const password = "a sentence of the thief";
    const shared = await ok(admin, "POST", "/metadata", { path: "/for others", kind: "folder" });
    const [made, invited, wanted] = ["made@example.org", "invited@example.org", "wanted@example.org"];
    const { token: invite } = await ok(thief, "POST", "/admin/invitations", { email: invited });
    const sharer = await withToken(admin, ["admin", "files:read", "files:write"]);
    for (const email of [made, invited, wanted]) {
      const { invitation_url: url } = await ok(sharer, "POST", `/files/${shared.id}/share`, { email, role: "viewer" });
      assert.equal(url, undefined);
    }
    await ok(thief, "POST", "/admin/users", { email: made, password });
    await ok(new Api(server.url), "POST", "/accounts", { email: invited, password, name: "Thief", invite });
    for (const email of [made, invited]) {
      const api = await Api.signIn(server.url, { email, password });
      assert.equal((await ok(api, "GET", "/account")).confirmed, false, email);
      assertRefused(await thief.call("PATCH", `/admin/users/${email}`, { confirmed: true }));
    }
    const own = await newPerson();
    const { id: madeId } = await ok(admin, "GET", "/admin/users").then(({ items }) =>
      items.find((user: { email: string }) => user.email === made),
    );
    for (const [id, userName] of [
      [madeId, made.toUpperCase()],
      [own.id, wanted],
    ]) {
      assert.equal((await scim(id, userName)).status, 200);
      const { items } = await ok(admin, "GET", "/admin/users");
      const moved = items.find((user: { id: string }) => user.id === id);
      assert.deepEqual([moved.email, moved.confirmed], [userName, false]);
      const at = `select email_confirmed_at as at from shard.users where id = '${id}'`;
      assert.deepEqual(await queryDatabase(`${folder}/data`, at), [{ at: null }]);
    }
    const former = await newPerson();
    await ok(admin, "PATCH", `/admin/users/${former.id}`, { disabled: true });
    assertRefused(await thief.call("PATCH", `/admin/users/${former.id}`, { disabled: false }));
  });

  test("can move an account by SCIM, but password resets are mailed only after its next sign-in", async () => {
    const { id, email, password } = await newPerson();
    const moved = `moved-${email}`;
    assert.equal((await scim(id, moved)).status, 200);
    const links = async () => {
      const { items } = await ok(admin, "GET", "/admin/unsent-links");
      return (items as { to: string; template: string }[]).filter(({ template }) => template === "password_reset");
    };
    const asks = async (to: string) => {
      const anybody = new Api(server.url);
      assert.equal((await anybody.call("POST", "/account/password/reset/mail", { email: to })).status, 202);
    };
    await asks(moved);
    const unused = await ok(admin, "POST", "/admin/users", { email: "unused@example.com", password });
    await queryDatabase(`${folder}/data`, `update shard.users set has_password = false where id = '${unused.id}'`);
    assert.equal((await scim(unused.id, "unused@moved.example")).status, 200);
    await asks("unused@moved.example");
    await eventually("nothing waits to be done", 60_000, async () => {
      const waiting = await queryDatabase(`${folder}/data`, "select from shard.messages where kind = 'password_reset'");
      return waiting.length === 0 ? true : undefined;
    });
    const others = (await links()).filter(({ to }) => to === moved || to === "unused@moved.example");
    assert.deepEqual(others, []);
    const again = await Api.signIn(server.url, { email: moved, password });
    assert.equal((await ok(again, "GET", "/account")).confirmed, true);
    await asks(moved);
    await eventually("it is there", 60_000, async () =>
      (await links()).some(({ to }) => to === moved) ? true : undefined,
    );
  });

  test("can provision only with the scope scim, which only administrators can issue", async () => {
    const person = await newPerson();
    const make = (by: Api, scopes: string[]) => by.call("POST", "/tokens", { name: "t", scopes });
    assert.equal((await make(person.api, ["scim"])).status, 403);
    const token = new Api(server.url, (await make(admin, ["scim"])).body.token);
    const refused = [
      ["GET", "/files/root"],
      ["GET", "/tokens"],
      ["GET", "/admin/users"],
      ["PATCH", `/admin/users/${person.id}`, { disabled: true }],
      ["GET", "/admin/audit"],
      ["POST", "/tokens", { name: "more", scopes: ["scim"] }],
    ] as const;
    for (const [method, path, body] of refused) {
      const answer = await token.call(method, path, body);
      assert.deepEqual([answer.status, answer.body.code], [403, "forbidden"], `${method} ${path}`);
    }
    assert.equal((await person.api.call("GET", "/account")).status, 200);
    const byAdminToken = new Api(server.url, (await make(admin, ["admin", "account"])).body.token);
    assert.equal((await make(byAdminToken, ["scim"])).status, 201, "admin has scim too");
  });

  test("cannot make a device remove its copies, but can sign it out", async () => {
    const { email, password, api } = await newPerson();
    const device = { email, password, device_name: "laptop" };
    const { device_id: id, device_secret } = await ok(new Api(server.url), "POST", "/sessions", device);
    const token = await withToken(api, ["account"]);
    assertRefused(await token.call("DELETE", `/devices/${id}?remove_copies=true`));
    await ok(api, "DELETE", `/devices/${id}?remove_copies=true`);
    // The epoch reveals to the device if the server was restored since.
    const { token: since } = await ok(api, "GET", "/changes/start_token");
    const { epoch } = await ok(api, "GET", `/changes/list?since_token=${encodeURIComponent(since)}`);
    const order = await ok(new Api(server.url), "POST", "/devices/clearing", { device_secret });
    assert.deepEqual([order.device_id, order.epoch], [id, epoch]);
    const { device_id: next } = await ok(new Api(server.url), "POST", "/sessions", device);
    await ok(token, "DELETE", `/devices/${next}`);
  });

  test("cannot upload a block by signed URL against the account's access rules", async () => {
    const { email, api } = await newPerson();
    const block = randomBytes(5000);
    const hash = createHash("sha256").update(block).digest("hex");
    const { url } = await ok(api, "POST", "/blocks/upload-url", { hash, size: block.length });
    const putFrom = async (address: string) =>
      (await fetch(url, { method: "PUT", body: block, headers: { "x-forwarded-for": address } })).status;
    await rule(admin, { user: email }, { addresses: [`${home}/32`] });
    assert.deepEqual([await putFrom(away), await putFrom(`${away}:443`), await putFrom("unknown")], [403, 403, 403]);
    assert.equal(await putFrom(`${home}:443`), 201);
    await rule(admin, { user: email }, { second_factor: { required: true } });
    assert.equal(await putFrom(home), 403);
  });
});
