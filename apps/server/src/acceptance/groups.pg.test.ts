import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import {
  administrator,
  Api,
  eventually,
  makeFolder,
  ok,
  removeFolder,
  type RunningServer,
  startServer,
} from "./testing.ts";

/** Usually within two seconds, but this machine may be busy. */
const waitMs = 60_000;

describe("Shares with a group or an address", () => {
  let folder: string;
  let server: RunningServer;
  let admin: Api;
  let owner: Api;
  let member: Api;
  let memberId: string;

  before(async () => {
    folder = makeFolder("groups");
    server = await startServer({ dataFolder: `${folder}/data`, env: { HOLDFAST_OPEN_REGISTRATION: "true" } });
    admin = await Api.signIn(server.url);
    owner = await join("owner@example.com");
    member = await join("member@example.com");
    memberId = await idOf(member);
  });
  after(async () => {
    await server?.stop();
    removeFolder(folder);
  });

  const passwordOf = (email: string) => `the password of ${email}`;
  const join = async (email: string) => {
    await ok(admin, "POST", "/admin/users", { email, password: passwordOf(email), name: email.split("@")[0] });
    return Api.signIn(server.url, { email, password: passwordOf(email) });
  };
  const idOf = async (api: Api) => (await ok(api, "GET", "/account")).id as string;
  const statusOf = async (api: Api, id: string) => (await api.call("GET", `/files/${id}`)).status;
  const mkdir = async (path: string) => (await ok(owner, "POST", "/metadata", { path, kind: "folder" })).id as string;
  const newGroup = async (name: string) => {
    const { id } = await ok(admin, "POST", "/groups", { name });
    await ok(admin, "PUT", `/groups/${id}/members/${await idOf(owner)}`, { role: "manager" });
    await ok(owner, "PUT", `/groups/${id}/members/${memberId}`, { role: "member" });
    return id as string;
  };
  const isMounted = async (mount: string) => (await statusOf(member, mount)) === 200;

  test("new members have access from the next request, and former members lose it with their mounts", async () => {
    const group = await newGroup("Choir");
    const scores = await mkdir("/scores");
    await ok(owner, "POST", `/files/${scores}/share`, { group_id: group, role: "viewer" });
    assert.equal(await statusOf(member, scores), 200);
    // The list is on the account's shard, which is updated by a message.
    const listed = await eventually("it is listed", waitMs, async () => {
      const { items } = await ok(member, "GET", "/shared-with-me");
      return items.length > 0 ? items.map((item: { node: { id: string } }) => item.node.id) : undefined;
    });
    assert.deepEqual(listed, [scores]);
    assert.deepEqual((await ok(owner, "GET", "/shared-with-me")).items, [], "one's own is not from others");
    const mount = (await ok(member, "POST", "/mounts", { node_id: scores })).id;
    await ok(owner, "DELETE", `/groups/${group}/members/${memberId}`);
    assert.equal(await statusOf(member, scores), 404);
    await eventually("the mount goes", waitMs, async () => ((await isMounted(mount)) ? undefined : true));
    await ok(owner, "PUT", `/groups/${group}/members/${memberId}`, { role: "member" });
    assert.equal(await statusOf(member, scores), 200);
  });

  test("a deleted group's shares end, and so do its members' mounts", async () => {
    const group = await newGroup("Gone");
    const plans = await mkdir("/plans");
    await ok(owner, "POST", `/files/${plans}/share`, { group_id: group, role: "editor" });
    const mount = (await ok(member, "POST", "/mounts", { node_id: plans })).id;
    await ok(owner, "DELETE", `/groups/${group}`);
    assert.equal(await statusOf(member, plans), 404);
    await eventually("the mount goes", waitMs, async () => ((await isMounted(mount)) ? undefined : true));
    await eventually("nothing is shared any more", waitMs, async () => {
      const { shared } = await ok(owner, "GET", `/files/${plans}`);
      return shared ? undefined : true;
    });
    assert.deepEqual((await ok(owner, "GET", `/files/${plans}/permissions`)).items, []);
  });

  test("a manager with a lower personal role keeps it, and still chooses the group's members", async () => {
    const group = await newGroup("Crew");
    await ok(admin, "PUT", `/groups/${group}/members/${memberId}`, { role: "manager" });
    const [box, added] = [await mkdir("/box"), await join("added@example.com")];
    const { id: own } = await ok(owner, "POST", `/files/${box}/share`, { user_id: memberId, role: "uploader" });
    await ok(owner, "POST", `/files/${box}/share`, { group_id: group, role: "editor" });
    await ok(member, "PUT", `/groups/${group}/members/${await idOf(added)}`, { role: "member" });
    assert.deepEqual([await statusOf(member, box), await statusOf(added, box)], [404, 200]);
    // The manager cannot raise the role by leaving.
    assert.equal((await member.call("DELETE", `/permissions/${own}`)).status, 403);
    await ok(owner, "DELETE", `/permissions/${own}`);
    assert.equal(await statusOf(member, box), 200);
  });

  test("suspended members lose access, and owners can share only with groups that they belong to", async () => {
    const group = await newGroup("Away");
    const notes = await mkdir("/notes");
    await ok(owner, "POST", `/files/${notes}/share`, { group_id: group, role: "viewer" });
    const other = await join("suspended@example.com");
    await ok(owner, "PUT", `/groups/${group}/members/${await idOf(other)}`, { role: "member" });
    assert.equal(await statusOf(other, notes), 200);
    await ok(admin, "PATCH", "/admin/users/suspended@example.com", { disabled: true });
    assert.equal(await statusOf(other, notes), 401);
    const foreign = (await ok(admin, "POST", "/groups", { name: "Foreign" })).id;
    const refused = await owner.call("POST", `/files/${notes}/share`, { group_id: foreign, role: "viewer" });
    assert.deepEqual([refused.status, refused.body.field], [422, "group_id"]);
  });

  test("an address gives access to its confirmed or invited account, not to an unconfirmed claim", async () => {
    const gifts = await mkdir("/gifts");
    const share = async (email: string) => {
      const made = await ok(owner, "POST", `/files/${gifts}/share`, { email, role: "viewer" });
      assert.deepEqual([made.grantee.kind, made.grantee.email], ["pending", email]);
      return made.id as string;
    };
    const signUp = async (email: string, invite?: string) => {
      const body = { email, password: passwordOf(email), name: "New", ...(invite === undefined ? {} : { invite }) };
      await ok(new Api(server.url), "POST", "/accounts", body);
      return Api.signIn(server.url, { email, password: passwordOf(email) });
    };
    const waiting = await share("claimed@example.com");
    const claims = await signUp("claimed@example.com");
    assert.equal((await ok(claims, "GET", "/account")).confirmed, false);
    assert.equal(await statusOf(claims, gifts), 404);
    await ok(admin, "PATCH", "/admin/users/claimed@example.com", { confirmed: true });
    assert.equal(await statusOf(claims, gifts), 200);

    await share("invited@example.com");
    const { token } = await ok(admin, "POST", "/admin/invitations", { email: "invited@example.com" });
    const invited = await signUp("invited@example.com", token);
    assert.equal((await ok(invited, "GET", "/account")).confirmed, true);
    assert.equal(await statusOf(invited, gifts), 200);
    const { items } = await ok(owner, "GET", `/files/${gifts}/permissions`);
    assert.ok(
      items.some(
        (item: { id: string; grantee: { kind: string } }) => item.id === waiting && item.grantee.kind === "user",
      ),
    );
    await eventually("the account is told", waitMs, async () => {
      const { items: shared } = await ok(invited, "GET", "/shared-with-me");
      return shared.length === 1 ? true : undefined;
    });
  });

  test("only an administrator who shares with an address gets the invitation link", async () => {
    const gift = (await ok(admin, "POST", "/metadata", { path: "/gift", kind: "folder" })).id as string;
    const email = "linked@example.com";
    const { invitation_url: link, invitation_expires_at: end } = await ok(admin, "POST", `/files/${gift}/share`, {
      email,
      role: "viewer",
    });
    assert.match(link, new RegExp(`^${server.url}/setup#hfi_`));
    const stranger = new Api(server.url);
    const facts = await ok(stranger, "POST", "/accounts/invitation", { token: link.split("#")[1] });
    assert.deepEqual([facts.expires_at, facts.shared], [end, [{ name: "gift", by: "Administrator" }]]);
    const { token: forAnybody } = await ok(admin, "POST", "/admin/invitations", {});
    assert.deepEqual((await ok(stranger, "POST", "/accounts/invitation", { token: forAnybody })).shared, []);
    const { token } = await ok(admin, "POST", "/tokens", {
      name: "files alone",
      scopes: ["files:read", "files:write"],
    });
    const folderOfOwner = await mkdir("/linked");
    for (const [api, node] of [
      [owner, folderOfOwner],
      [new Api(server.url, token), gift],
    ] as const) {
      const answer = await ok(api, "POST", `/files/${node}/share`, { email, role: "viewer" });
      assert.equal(JSON.stringify(answer).includes("hfi_"), false);
    }
    const body = { email, password: passwordOf(email), name: "New", invite: link.split("#")[1] };
    await ok(new Api(server.url), "POST", "/accounts", body);
    const invited = await Api.signIn(server.url, { email, password: passwordOf(email) });
    assert.deepEqual([await statusOf(invited, gift), await statusOf(invited, folderOfOwner)], [200, 200]);
    const again = await ok(admin, "POST", `/files/${gift}/share`, { email, role: "editor" });
    assert.deepEqual([again.grantee.kind, again.invitation_url], ["user", undefined]);
  });

  test("people are found by exact address, and by name only within a common group", async () => {
    const found = async (q: string) =>
      (await ok(owner, "GET", `/users?q=${encodeURIComponent(q)}`)).items.map(({ email }: { email: string }) => email);
    assert.deepEqual(await found(administrator.email.toUpperCase()), [administrator.email]);
    assert.deepEqual(await found("member"), ["member@example.com"]);
    assert.deepEqual(await found("admin"), []);
    assert.deepEqual(await found("suspended@example.com"), []);
  });
});
