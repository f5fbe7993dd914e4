import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { after, before, describe, test } from "node:test";
import { Api, type ApiAnswer, makeFolder, ok, removeFolder, type RunningServer, startServer } from "./testing.ts";

interface Asked {
  readonly api: Api;
  readonly method: string;
  readonly path: string;
  readonly body?: object;
  readonly other: string | object;
}

describe("Idempotent requests on permissions and comments", () => {
  let folder: string;
  let server: RunningServer;
  let owner: Api;
  let other: Api;
  let made = 0;

  before(async () => {
    folder = makeFolder("repeated-rights");
    server = await startServer({ dataFolder: `${folder}/data` });
    const admin = await Api.signIn(server.url);
    const join = async (name: string) => {
      const account = { email: `${name}@example.com`, password: `what ${name} alone knows` };
      await ok(admin, "POST", "/admin/users", { ...account, name });
      return Api.signIn(server.url, account);
    };
    owner = await join("owner");
    other = await join("other");
    await join("third");
  });
  after(async () => {
    await server?.stop();
    removeFolder(folder);
  });

  const mkdir = async (): Promise<string> =>
    (await ok(owner, "POST", "/metadata", { path: `/folder ${(made += 1)}`, kind: "folder" })).id;
  const share = async (node: string): Promise<string> =>
    (await ok(owner, "POST", `/files/${node}/share`, { email: "other@example.com", role: "viewer" })).id;
  const offer = async (): Promise<string> =>
    (await ok(owner, "POST", `/files/${await mkdir()}/transfer`, { email: "other@example.com" })).id;
  const say = async (): Promise<string> =>
    (await ok(owner, "POST", `/files/${await mkdir()}/comments`, { text: "said" })).id;

  const requests: Readonly<Record<string, () => Promise<Asked>>> = {
    "POST share": async () => {
      const body = { email: "other@example.com", role: "viewer" };
      return { ...post(`/files/${await mkdir()}/share`, body), other: { ...body, role: "editor" } };
    },
    "POST share with an address that has no account": async () => {
      const body = { email: `new${(made += 1)}@example.com`, role: "viewer" };
      return { ...post(`/files/${await mkdir()}/share`, body), other: { ...body, role: "editor" } };
    },
    "PATCH of a permission": async () => ({
      api: owner,
      method: "PATCH",
      path: `/permissions/${await share(await mkdir())}`,
      body: { role: "editor" },
      other: { role: "commenter" },
    }),
    "DELETE of a permission": async () => ({
      api: owner,
      method: "DELETE",
      path: `/permissions/${await share(await mkdir())}`,
      other: `/permissions/${await share(await mkdir())}`,
    }),
    "DELETE of one's own permission, after which nothing is seen any more": async () => ({
      api: other,
      method: "DELETE",
      path: `/permissions/${await share(await mkdir())}`,
      other: `/permissions/${await share(await mkdir())}`,
    }),
    "POST mounts": async () => {
      const node = await mkdir();
      await share(node);
      return { ...post("/mounts", { node_id: node }), api: other, other: { node_id: node, name: "other name" } };
    },
    "POST transfer": async () => ({
      ...post(`/files/${await mkdir()}/transfer`, { email: "other@example.com" }),
      other: { email: "third@example.com" },
    }),
    "POST accept of a transfer": async () => ({
      ...post(`/transfers/${await offer()}/accept`),
      api: other,
      other: `/transfers/${await offer()}/accept`,
    }),
    "DELETE of a transfer": async () => ({
      api: owner,
      method: "DELETE",
      path: `/transfers/${await offer()}`,
      other: `/transfers/${await offer()}`,
    }),
    "POST comments": async () => ({
      ...post(`/files/${await mkdir()}/comments`, { text: "one" }),
      other: { text: "two" },
    }),
    "PATCH of a comment": async () => ({
      api: owner,
      method: "PATCH",
      path: `/comments/${await say()}`,
      body: { text: "one" },
      other: { text: "two" },
    }),
    "DELETE of a comment": async () => ({
      api: owner,
      method: "DELETE",
      path: `/comments/${await say()}`,
      other: `/comments/${await say()}`,
    }),
    "DELETE of the whole trash": async () => {
      await ok(owner, "DELETE", `/files/${await mkdir()}`);
      return { api: owner, method: "DELETE", path: "/trash", other: `/files/${await mkdir()}` };
    },
  };

  function post(path: string, body?: object) {
    return { api: owner, method: "POST", path, ...(body === undefined ? {} : { body }) };
  }

  function send({ api, method, path, body }: Omit<Asked, "other">, key: string): Promise<ApiAnswer> {
    return api.call(method, path, body, { headers: { "idempotency-key": key } });
  }

  for (const [name, prepare] of Object.entries(requests)) {
    test(`${name} repeats its first response, even when sent concurrently, and rejects another request`, async () => {
      const asked = await prepare();
      const key = randomBytes(8).toString("hex");
      const [left, right] = await Promise.all([send(asked, key), send(asked, key)]);
      assert.ok(left.status < 300, `${left.status} ${JSON.stringify(left.body)}`);
      const later = await send(asked, key);
      for (const answer of [right, later]) {
        assert.equal(answer.status, left.status, JSON.stringify(answer.body));
        assert.deepEqual(shown(answer.body), shown(left.body));
      }
      const changed = typeof asked.other === "string" ? { path: asked.other } : { body: asked.other };
      const refused = await send({ ...asked, ...changed }, key);
      assert.deepEqual([refused.status, refused.body.code], [422, "operation_reused"]);
    });
  }

  function shown(body: unknown): unknown {
    return Buffer.isBuffer(body) ? body.toString() : body;
  }

  test("comments and permissions are created once per key, and a deleted permission is not restored", async () => {
    const node = await mkdir();
    const comment = { ...post(`/files/${node}/comments`, { text: "once" }) };
    await Promise.all(["a", "a", "a"].map((key) => send(comment, `comment ${key}`)));
    assert.equal((await ok(owner, "GET", `/files/${node}/comments`)).items.length, 1);
    const grant = post(`/files/${node}/share`, { email: "other@example.com", role: "editor" });
    await send(grant, "grant");
    const [permission] = (await ok(owner, "GET", `/files/${node}/permissions`)).items;
    await ok(owner, "DELETE", `/permissions/${permission.id}`);
    assert.equal((await send(grant, "grant")).status, 201);
    assert.deepEqual((await ok(owner, "GET", `/files/${node}/permissions`)).items, []);
  });

  test("a repeated emptying of the trash keeps nodes deleted since", async () => {
    const empty = { api: owner, method: "DELETE", path: "/trash" };
    assert.equal((await send(empty, "empty")).status, 200);
    await ok(owner, "DELETE", `/files/${await mkdir()}`);
    assert.equal((await send(empty, "empty")).status, 200);
    assert.equal((await ok(owner, "GET", "/trash")).items.length, 1);
  });

  test("keys of requests that create a link or set its password are not stored", async () => {
    const node = await mkdir();
    const link = post(`/files/${node}/share`, { link: true, role: "viewer" });
    const [first, second] = [await send(link, "link"), await send(link, "link")];
    assert.notEqual(first.body.token, second.body.token);
    const path = `/permissions/${first.body.id}`;
    const change = { api: owner, method: "PATCH", path, body: { password: "first words" } };
    assert.equal((await send(change, "password")).status, 200);
    assert.equal((await send({ ...change, body: { password: "other words" } }, "password")).status, 200);
  });

  test("If-Match applies to all routes on a node's permissions, and a mismatch returns the node", async () => {
    const node = await mkdir();
    const { id: permission } = await ok(owner, "POST", `/files/${node}/share`, {
      email: "third@example.com",
      role: "viewer",
    });
    const now = new Date().toISOString();
    const calls: readonly (readonly [string, string, object?])[] = [
      ["POST", `/files/${node}/share`, { email: "other@example.com", role: "viewer" }],
      ["POST", `/files/${node}/share`, { link: true, role: "viewer" }],
      ["PATCH", `/permissions/${permission}`, { role: "editor" }],
      ["POST", `/files/${node}/rewind`, { to: now }],
      ["POST", `/files/${node}/comments`, { text: "said" }],
      ["POST", `/files/${node}/transfer`, { email: "other@example.com" }],
      ["DELETE", `/permissions/${permission}`],
    ];
    for (const [method, path, body] of calls) {
      const stale = await owner.call(method, path, body, { headers: { "if-match": '"stale"' } });
      assert.deepEqual([stale.status, stale.body.code, stale.body.node?.id], [412, "precondition", node], path);
    }
    for (const [method, path, body] of calls) {
      const { revision } = await ok(owner, "GET", `/files/${node}`);
      const answer = await owner.call(method, path, body, { headers: { "if-match": `"${revision}"` } });
      assert.ok(answer.status < 300, `${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
    }
  });

  test("a repeated share returns its recipient after the caller's permission ended, but not their new address", async () => {
    const admin = await Api.signIn(server.url);
    const account = { email: "moved@example.com", password: "what the moved one knows", name: "Moved" };
    const { id: moved } = await ok(admin, "POST", "/admin/users", account);
    const node = await mkdir();
    const right = await ok(owner, "POST", `/files/${node}/share`, { email: "other@example.com", role: "editor" });
    const headers = { "idempotency-key": randomBytes(8).toString("hex") };
    const give = () => other.call("POST", `/files/${node}/share`, { user_id: moved, role: "viewer" }, { headers });
    const first = await give();
    assert.deepEqual([first.status, first.body.grantee.email], [201, account.email]);
    await ok(admin, "PATCH", `/admin/users/${moved}`, { email: "now@example.com", name: "Now" });
    assert.equal((await give()).body.grantee.email, "now@example.com", "who may see the permission sees whose it is");
    await owner.call("DELETE", `/permissions/${right.id}`);
    const again = await give();
    assert.equal(again.status, 201);
    assert.deepEqual(again.body.grantee, { kind: "user", id: moved });
    assert.equal(again.body.id, first.body.id);
  });
});
