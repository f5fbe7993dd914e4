import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { limits } from "@holdfast/core/limits";
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

describe("Unusual shares", () => {
  let folder: string;
  let server: RunningServer;
  let admin: Api;
  let ann: Api;
  let bob: Api;
  let carol: Api;

  before(async () => {
    folder = makeFolder("sharing-corners");
    server = await startServer({ dataFolder: `${folder}/data` });
    admin = await Api.signIn(server.url);
    ann = await join("ann");
    bob = await join("bob");
    carol = await join("carol");
  });

  after(async () => {
    await server?.stop();
    removeFolder(folder);
  });

  const join = async (name: string) => {
    const account = { email: `${name}@example.com`, password: `the password of ${name}` };
    await ok(admin, "POST", "/admin/users", { ...account, name });
    return Api.signIn(server.url, account);
  };
  const mkdir = async (api: Api, path: string) =>
    (await ok(api, "POST", "/metadata", { path, kind: "folder", parents: true })).id as string;
  const share = (api: Api, node: string, role: string, who: string) =>
    ok(api, "POST", `/files/${node}/share`, { email: `${who}@example.com`, role });
  const refusal = async (api: Api, method: string, path: string, json?: unknown) => {
    const { status, body } = await api.call(method, path, json);
    assert.ok(status >= 400, `${method} ${path} was done: ${JSON.stringify(body)}`);
    assert.ok(body.detail.length > 10, "it says why");
    return [status, body.code, body.field];
  };
  const statusOf = async (api: Api, id: string) => (await api.call("GET", `/files/${id}`)).status;
  const namesBelow = async (api: Api, id: string): Promise<string[]> => {
    const names: string[] = [];
    let cursor: string | null = null;
    do {
      const more: string = cursor === null ? "" : `&cursor=${cursor}`;
      const page = await ok(api, "GET", `/folders/${id}/contents?recursive=true&limit=2${more}`);
      names.push(...page.items.map(({ path }: { path: string }) => path));
      cursor = page.next_cursor;
      assert.ok(names.length < 50, `it has no end: ${names.join(" ")}`);
    } while (cursor !== null);
    return names.toSorted();
  };

  test("with oneself, the owner or a suspended account, of a mount, and by a viewer", async () => {
    const top = await mkdir(ann, "/odd");
    const low = await mkdir(ann, "/odd/low");
    await share(ann, top, "editor", "bob");
    const to = (api: Api, who: string, node = low) =>
      refusal(api, "POST", `/files/${node}/share`, { email: `${who}@example.com`, role: "viewer" });
    assert.deepEqual(await to(ann, "ann"), [422, "invalid_field", "email"]);
    assert.deepEqual(await to(bob, "bob"), [422, "invalid_field", "email"]);
    assert.deepEqual(await to(bob, "ann"), [422, "invalid_field", "email"]);
    const mount = await ok(bob, "POST", "/mounts", { node_id: top, name: "of Ann" });
    assert.deepEqual((await to(bob, "carol", mount.id)).slice(0, 2), [422, "invalid_field"]);
    const away = await join("away");
    await ok(admin, "PATCH", `/admin/users/${(await ok(away, "GET", "/account")).id}`, { disabled: true });
    const given = await ann.call("POST", `/files/${low}/share`, { email: "away@example.com", role: "viewer" });
    assert.ok(given.status === 201 || given.status === 422, "it is a right that waits, or is refused in words");
    await share(bob, low, "viewer", "carol");
    const { items } = await ok(ann, "GET", `/files/${low}/permissions`);
    assert.ok(
      items.some(({ grantee }: { grantee: { email?: string } }) => grantee.email === "carol@example.com"),
      "the owner sees what an editor has given on",
    );
    assert.deepEqual(await to(carol, "bob"), [403, "forbidden", undefined]);
  });

  test("mounted twice, inside another mount, or around one", async () => {
    const [top, low] = [await mkdir(ann, "/once"), await mkdir(ann, "/once/low")];
    await share(ann, top, "viewer", "carol");
    const mount = await ok(carol, "POST", "/mounts", { node_id: low, name: "low" });
    for (const node_id of [low, top]) {
      assert.deepEqual(await refusal(carol, "POST", "/mounts", { node_id, name: "again" }), [
        409,
        "conflict",
        "node_id",
      ]);
    }
    await ok(carol, "DELETE", `/files/${mount.id}`);
    await ok(carol, "POST", "/mounts", { node_id: top, name: "top" });
    assert.deepEqual((await refusal(carol, "POST", "/mounts", { node_id: low, name: "low" }))[0], 409);
  });

  test("a guest cannot delete or replace a folder that contains a folder mounted separately", async () => {
    const top = await mkdir(ann, "/work");
    const projects = await mkdir(ann, "/work/projects");
    const alpha = await mkdir(ann, "/alpha");
    for (const node of [top, alpha]) await share(ann, node, "editor", "bob");
    await ok(bob, "POST", "/mounts", { node_id: top, name: "work" });
    const { id: mount } = await ok(bob, "POST", "/mounts", { node_id: alpha, name: "my alpha" });
    const other = (await bob.put("/work/other", "text")).body.id;
    await ok(ann, "PATCH", `/files/${alpha}`, { parent_id: projects });
    const place = { parent_id: top, name: "projects", on_conflict: "replace" };
    const attempts = [
      ["DELETE", `/files/${projects}`, undefined],
      ["PATCH", `/files/${other}`, place],
      ["POST", `/files/${other}/copy`, place],
    ] as const;
    for (const [method, path, json] of attempts) {
      const { status, body } = await bob.call(method, path, json);
      assert.equal(status, 403, `${method} ${path}`);
      assert.match(body.detail, /"projects" contains the folder that you see at "\/my alpha"/);
    }
    const writing = (await ok(bob, "POST", "/tokens", { name: "writing", scopes: ["files:write"] })).token;
    const unnamed = await new Api(server.url, writing).call("DELETE", `/files/${projects}`);
    assert.match(
      unnamed.body.detail,
      /contains the folder that you see elsewhere, which/,
      "a token that reads nothing",
    );
    assert.deepEqual([await statusOf(bob, other), await statusOf(ann, alpha)], [200, 200]);
    await ok(bob, "DELETE", `/files/${mount}`);
    await ok(bob, "PATCH", `/files/${other}`, place);
    assert.notEqual((await ok(ann, "GET", `/files/${projects}`)).trashed_at, null);
  });

  test("the zip of a folder contains a subfolder that is also mounted separately", async () => {
    const [top, alpha] = [await mkdir(ann, "/zipped"), await mkdir(ann, "/alone")];
    await mkdir(ann, "/alone/inner");
    for (const node of [top, alpha]) await share(ann, node, "viewer", "bob");
    const mount = await ok(bob, "POST", "/mounts", { node_id: top, name: "zipped" });
    await ok(bob, "POST", "/mounts", { node_id: alpha, name: "a" });
    await ok(ann, "PATCH", `/files/${alpha}`, { parent_id: top, name: "alpha" });
    const headers = { authorization: `Bearer ${bob.token}` };
    const answer = await fetch(`${server.url}/api/v1/files/${mount.id}/download`, { headers });
    // Times and checksums around the names may contain slashes.
    const names = (await answer.text()).match(/(?:[a-z]{5}\/)+/g);
    assert.deepEqual(new Set(names), new Set(["alpha/", "alpha/inner/"]));
    await ok(bob, "DELETE", `/files/${mount.id}`);
  });

  test("a guest cannot delete or replace a folder with read-only or hidden content", async () => {
    const top = await mkdir(ann, "/plans");
    const year = await mkdir(ann, "/plans/year");
    const inner = await mkdir(ann, "/plans/year/inner");
    await share(ann, top, "editor", "bob");
    await ok(bob, "POST", "/mounts", { node_id: top, name: "plans" });
    const other = (await bob.put("/plans/other", "text")).body.id;
    const place = { parent_id: top, name: "year", on_conflict: "replace" };
    for (const [role, reason] of [
      ["viewer", /"year" contains "\/plans\/year\/inner", which you can only view/],
      ["uploader", /"year" contains an item that you cannot see/],
    ] as const) {
      await share(ann, inner, role, "bob");
      for (const [method, path, json] of [
        ["DELETE", `/files/${year}`, undefined],
        ["PATCH", `/files/${other}`, place],
      ] as const) {
        const { status, body } = await bob.call(method, path, json);
        assert.equal(status, 403, `${role}: ${method} ${path}`);
        assert.match(body.detail, reason);
        assert.equal(body.field, "contents");
      }
      const writing = (await ok(bob, "POST", "/tokens", { name: role, scopes: ["files:write"] })).token;
      const hidden = await new Api(server.url, writing).call("DELETE", `/files/${year}`);
      assert.match(hidden.body.detail, /contains an item that you cannot see/, "a token that reads nothing");
      assert.deepEqual([await statusOf(bob, other), await statusOf(ann, inner)], [200, 200]);
    }
    await share(ann, top, "editor", "carol");
    await ok(carol, "DELETE", `/files/${year}`);
    assert.notEqual((await ok(ann, "GET", `/files/${year}`)).trashed_at, null);
  });

  test("a circle of mounts between two accounts ends for both", async () => {
    const [ofAnn, ofBob] = [await mkdir(ann, "/circle of Ann"), await mkdir(bob, "/circle of Bob")];
    await share(ann, ofAnn, "editor", "bob");
    await share(bob, ofBob, "editor", "ann");
    await ok(bob, "POST", "/mounts", { node_id: ofAnn, parent_id: ofBob, name: "from Ann" });
    await ok(ann, "POST", "/mounts", { node_id: ofBob, parent_id: ofAnn, name: "from Bob" });
    await ok(ann, "POST", "/metadata", { parent_id: ofAnn, name: "in Ann's", kind: "folder" });
    await ok(bob, "POST", "/metadata", { parent_id: ofBob, name: "in Bob's", kind: "folder" });
    assert.deepEqual(
      await namesBelow(ann, ofBob),
      ["/circle of Ann/from Bob/in Bob's"],
      "nobody else's mounts are in it",
    );
    assert.deepEqual(await namesBelow(bob, ofAnn), ["/circle of Bob/from Ann/in Ann's"]);
    for (const [api, own] of [
      [ann, "/circle of Ann"],
      [bob, "/circle of Bob"],
    ] as const) {
      const paths: string[] = [];
      let cursor: string | null = null;
      do {
        const page: { items: { path: string }[]; next_cursor: string | null } = await ok(
          api,
          "GET",
          `/changes/snapshot?limit=5${cursor === null ? "" : `&cursor=${cursor}`}`,
        );
        paths.push(...page.items.map(({ path }) => path));
        cursor = page.next_cursor;
        assert.ok(paths.length < 100, "the snapshot has no end");
      } while (cursor !== null);
      assert.equal(paths.length, new Set(paths).size, "each is told once");
      assert.equal(paths.filter((path) => path.startsWith(`${own}/`)).length, 3, paths.join(" "));
    }
  });

  test("a name that is taken in the receiver's root", async () => {
    const top = await mkdir(ann, "/taken name");
    await mkdir(carol, "/taken name");
    await share(ann, top, "viewer", "carol");
    assert.deepEqual((await refusal(carol, "POST", "/mounts", { node_id: top, name: "taken name" }))[1], "exists");
    assert.equal((await ok(carol, "POST", "/mounts", { node_id: top })).name, "taken name (2)");
    await ok(carol, "PATCH", "/account", { auto_mount: true });
    const other = await mkdir(ann, "/within/taken name");
    await share(ann, other, "viewer", "carol");
    const mounted = await eventually("it is mounted under a free name", 60_000, async () => {
      const { items } = await ok(carol, "GET", "/folders/root/contents?limit=1000");
      return items.find(({ target }: { target?: string }) => target === other);
    });
    assert.equal(mounted.name, "taken name (3)");
    await ok(carol, "PATCH", "/account", { auto_mount: false });
  });

  test("a folder that its owner trashes, restores and deletes permanently", async () => {
    const top = await mkdir(ann, "/comes and goes");
    const low = await mkdir(ann, "/comes and goes/low");
    await share(ann, top, "editor", "bob");
    const mount = await ok(bob, "POST", "/mounts", { node_id: top });
    await ok(ann, "DELETE", `/files/${top}`);
    for (const id of [top, low]) assert.equal(await statusOf(bob, id), 404);
    assert.equal((await bob.call("POST", `/trash/${top}/restore`, {})).status, 404, "the owner's trash is the owner's");
    await eventually("the mount goes", 60_000, async () =>
      (await statusOf(bob, mount.id)) === 404 ? true : undefined,
    );
    await ok(ann, "POST", `/trash/${top}/restore`, {});
    for (const id of [top, low]) assert.equal(await statusOf(bob, id), 200);
    assert.equal(await statusOf(bob, mount.id), 404, "it does not come back by itself");
    await ok(bob, "POST", "/mounts", { node_id: top });
    await ok(ann, "DELETE", `/files/${top}?permanent=true`);
    for (const id of [top, low]) assert.equal(await statusOf(bob, id), 404);
    const { items } = await ok(bob, "GET", "/shared-with-me?limit=1000");
    assert.ok(!items.some(({ node }: { node: { id: string } }) => node.id === top));
  });

  test("a role lost during an upload rejects the rest, and the upload uses no quota", async () => {
    for (const [what, change] of [
      ["lowered", (id: string) => ok(ann, "PATCH", `/permissions/${id}`, { role: "viewer" })],
      ["taken away", (id: string) => ok(ann, "DELETE", `/permissions/${id}`)],
    ] as const) {
      const top = await mkdir(ann, `/half ${what}`);
      const { id } = await share(ann, top, "editor", "bob");
      const usage = await ok(ann, "GET", "/account");
      const size = 9 * 1024 * 1024;
      const half = Buffer.alloc(5 * 1024 * 1024, "half");
      const session = await ok(bob, "POST", "/files/upload?uploadType=resumable", { parent_id: top, name: "f", size });
      const send = (from: number, body: Buffer<ArrayBuffer>) =>
        bob.call("PUT", `/upload/${session.upload_id}`, undefined, {
          body,
          headers: { "content-range": `bytes ${from}-${from + body.length - 1}/${size}` },
        });
      assert.equal((await send(0, half)).status, 308, "half of it is there");
      await change(id);
      const rest = await send(half.length, Buffer.alloc(size - half.length, "rest"));
      const committed = await bob.call("POST", `/upload/${session.upload_id}/commit`, {});
      const expected = what === "lowered" ? 403 : 404;
      assert.equal(rest.status, expected, `${what}: ${JSON.stringify(rest.body)}`);
      assert.ok(committed.status >= 400, `${what}: ${JSON.stringify(committed.body)}`);
      assert.deepEqual((await ok(ann, "GET", `/folders/${top}/contents`)).items, [], what);
      assert.equal((await ok(ann, "GET", "/account")).used_bytes, usage.used_bytes, what);
      assert.ok(Date.parse(session.expires_at) > Date.now(), "what was sent has an end");
    }
  });

  test("the number of unknown addresses that an account can share with is limited, even without mail", async () => {
    const dave = await join("dave");
    const top = await mkdir(dave, "/asked");
    const ask = (email: string) => dave.call("POST", `/files/${top}/share`, { email, role: "viewer" });
    let pending = 0;
    for (let round = 0; round < 10; round += 1) {
      const { status, body } = await ask(`nobody${round}@example.com`);
      if (status === 429) break;
      assert.deepEqual([status, body.grantee.kind], [201, "pending"]);
      pending += 1;
      if (round > 0) continue;
      const nearlyFull = `update shard.mail_allowances set level = ${limits.mailsCausedHourMax - 3} returning user_id`;
      assert.equal((await queryDatabase(`${folder}/data`, nearlyFull)).length, 1, "the first one counts");
    }
    // The allowance refills during the test.
    assert.ok(pending >= 4 && pending < 8, `${pending} addresses`);
    assert.equal((await ask("bob@example.com")).status, 201);
  });
});
