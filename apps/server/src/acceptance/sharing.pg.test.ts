import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { after, before, describe, test } from "node:test";
import {
  Api,
  eventually,
  makeFolder,
  ok,
  queueWorked,
  removeFolder,
  type RunningServer,
  startServer,
} from "./testing.ts";

describe("Shared folders", () => {
  let folder: string;
  let server: RunningServer;
  let owner: Api;
  let other: Api;
  let third: Api;
  let admin: Api;

  before(async () => {
    folder = makeFolder("sharing");
    server = await startServer({ dataFolder: `${folder}/data` });
    admin = await Api.signIn(server.url);
    const join = async (email: string) => {
      const account = { email, password: `what ${email.split("@")[0]} alone knows` };
      const made = await admin.call("POST", "/admin/users", { ...account, name: email.slice(0, email.indexOf("@")) });
      assert.equal(made.status, 201, JSON.stringify(made.body));
      return Api.signIn(server.url, account);
    };
    owner = await join("owner@example.com");
    other = await join("other@example.com");
    third = await join("third@example.com");
  });

  after(async () => {
    await server?.stop();
    removeFolder(folder);
  });

  const mkdir = async (api: Api, path: string) =>
    (await ok(api, "POST", "/metadata", { path, kind: "folder", parents: true })).id as string;
  const put = async (api: Api, path: string, content: string, query = "") => {
    const answer = await api.put(path, content, query);
    assert.ok(answer.status < 300, `put ${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
    return answer.body;
  };
  const putIn = (api: Api, parent: string, name: string, content: string) =>
    api.call("POST", `/files/upload?uploadType=media&parent_id=${parent}&name=${name}`, undefined, {
      body: content,
      headers: { "content-type": "application/octet-stream" },
    });
  const share = (node: string, role: string, who = "other@example.com") =>
    ok(owner, "POST", `/files/${node}/share`, { email: who, role });
  const text = async (api: Api, id: string) => {
    const { status, body } = await api.call("GET", `/files/${id}/download`);
    return status === 200 ? Buffer.from(body).toString() : status;
  };

  test("a viewer reads a shared folder, and nothing beside it", async () => {
    const top = await mkdir(owner, "/a/shared");
    const file = await put(owner, "/a/shared/file.txt", "the content");
    const beside = await put(owner, "/a/beside.txt", "secret");
    assert.equal(await text(other, file.id), 404);
    const permission = await share(top, "viewer");
    assert.equal(permission.role, "viewer");
    assert.equal(permission.grantee.email, "other@example.com");
    assert.equal(await text(other, file.id), "the content");
    const node = await ok(other, "GET", `/files/${top}`);
    assert.deepEqual(
      [node.parent_id, node.path, node.role, node.granted, node.shared],
      [null, "/", "viewer", true, true],
    );
    const { items } = await ok(other, "GET", `/folders/${top}/contents`);
    assert.deepEqual(
      items.map((item: { name: string; path: string; role: string }) => [item.name, item.path, item.role]),
      [["file.txt", "/file.txt", "viewer"]],
    );
    assert.equal(await text(other, beside.id), 404);
    assert.equal((await other.call("GET", `/files/${node.parent_id ?? beside.parent_id}`)).status, 404);
    assert.equal((await other.call("PATCH", `/files/${file.id}`, { name: "x" })).status, 403);
    assert.equal((await other.call("DELETE", `/files/${file.id}`)).status, 403);
    assert.equal((await putIn(other, top, "new", "x")).status, 403);
    assert.equal((await third.call("GET", `/files/${file.id}`)).status, 404);
    await ok(owner, "DELETE", `/permissions/${permission.id}`);
    assert.equal(await text(other, file.id), 404);
  });

  test("an editor changes content at the owner's quota, but only the owner can rename or delete the folder", async () => {
    const top = await mkdir(owner, "/edited");
    const usedBefore = (await ok(owner, "GET", "/account")).used_bytes;
    await share(top, "editor");
    const made = await putIn(other, top, "made.txt", "made by the other");
    assert.equal(made.status, 201, JSON.stringify(made.body));
    assert.equal(made.body.path, "/made.txt");
    assert.equal((await ok(owner, "GET", "/account")).used_bytes, usedBefore + 17);
    assert.equal((await ok(other, "GET", "/account")).used_bytes, 0);
    assert.equal(await text(owner, made.body.id), "made by the other");
    const moved = await ok(other, "PATCH", `/files/${made.body.id}`, { name: "renamed.txt" });
    assert.equal(moved.name, "renamed.txt");
    assert.equal((await other.call("PATCH", `/files/${top}`, { name: "mine" })).status, 403);
    assert.equal((await other.call("DELETE", `/files/${top}`)).status, 403);
    assert.equal((await other.call("DELETE", `/files/${made.body.id}?permanent=true`)).status, 403);
    assert.equal((await other.call("PATCH", `/files/${made.body.id}`, { parent_id: "root" })).status, 422);
    await ok(other, "DELETE", `/files/${made.body.id}`);
    assert.equal((await ok(owner, "GET", `/files/${made.body.id}`)).trashed_at === null, false);
    await ok(other, "POST", `/trash/${made.body.id}/restore`, {});
    assert.equal((await ok(owner, "GET", `/files/${made.body.id}`)).trashed_at, null);
    const { items } = await ok(owner, "GET", `/files/${made.body.id}/versions`);
    assert.equal(items.length, 1);
  });

  test("a file moved out of the share is not found by operations that move it back in", async () => {
    const top = await mkdir(owner, "/left behind");
    const away = await mkdir(owner, "/taken away");
    const file = await put(owner, "/left behind/f.txt", "0");
    await share(top, "editor");
    await ok(owner, "PATCH", `/files/${file.id}`, { parent_id: away });
    const place = { file_id: file.id, parent_id: top, name: "f.txt" };
    const { results } = await ok(other, "POST", "/sync/delta", {
      operations: [
        { operation_id: "a".repeat(32), op: "put", ...place, revive: true, size: 0, blocks: [] },
        { operation_id: "b".repeat(32), op: "move", ...place },
      ],
    });
    assert.deepEqual(
      results.map((result: { code: string }) => result.code),
      ["not_found", "not_found"],
    );
  });

  test("a grant on a subfolder raises or lowers the role, and a mount shows the folder under its own path", async () => {
    const top = await mkdir(owner, "/mounted");
    const low = await mkdir(owner, "/mounted/low");
    const file = await put(owner, "/mounted/low/f.txt", "deep");
    await share(top, "viewer");
    await share(low, "editor");
    assert.equal((await ok(other, "GET", `/files/${file.id}`)).role, "editor");
    assert.equal((await ok(other, "GET", `/files/${file.id}`)).path, "/low/f.txt");
    const mount = await ok(other, "POST", "/mounts", { node_id: top });
    assert.deepEqual([mount.kind, mount.target, mount.path], ["mount", top, "/mounted"]);
    assert.equal((await ok(other, "GET", `/files/${file.id}`)).path, "/mounted/low/f.txt");
    assert.equal((await ok(other, "GET", "/metadata?path=/mounted/low/f.txt")).id, file.id);
    const listed = await ok(other, "GET", `/folders/${mount.id}/contents`);
    assert.deepEqual(
      listed.items.map((item: { name: string; parent_id: string }) => [item.name, item.parent_id]),
      [["low", top]],
    );
    const through = await put(other, "/mounted/low/new.txt", "by path");
    assert.equal(through.path, "/mounted/low/new.txt");
    assert.equal(await text(owner, through.id), "by path");
    assert.equal((await other.put("/mounted/refused.txt", "x")).status, 403);
    const moved = await ok(other, "PATCH", `/files/${mount.id}`, { name: "shown" });
    assert.deepEqual([moved.role, moved.path], ["viewer", "/shown"]);
    assert.equal((await ok(other, "GET", `/files/${file.id}`)).path, "/shown/low/f.txt");
    await ok(other, "PATCH", `/files/${mount.id}`, { name: "mounted" });
    assert.equal((await other.call("POST", "/mounts", { node_id: top })).status, 409);
    assert.equal((await other.call("POST", "/mounts", { node_id: low })).status, 409);
    assert.equal((await owner.call("POST", "/mounts", { node_id: top })).status, 422);
    await ok(other, "DELETE", `/files/${mount.id}`);
    assert.equal((await other.call("GET", "/metadata?path=/mounted")).status, 404);
    assert.equal((await ok(owner, "GET", "/metadata?path=/mounted")).id, top);
  });

  test("a mount is removed when the permission ends or the folder is trashed or deleted", async () => {
    const isGone = async (id: string) => {
      await eventually("the mount goes", 60_000, async () =>
        (await other.call("GET", `/files/${id}`)).status === 404 ? true : undefined,
      );
    };
    const top = await mkdir(owner, "/ending");
    const permission = await share(top, "viewer");
    const first = await ok(other, "POST", "/mounts", { node_id: top });
    await ok(owner, "DELETE", `/permissions/${permission.id}`);
    await isGone(first.id);
    await share(top, "viewer");
    const second = await ok(other, "POST", "/mounts", { node_id: top });
    await ok(owner, "DELETE", `/files/${top}`);
    await isGone(second.id);
    await ok(owner, "POST", `/trash/${top}/restore`, {});
    const last = await ok(other, "POST", "/mounts", { node_id: top });
    await ok(owner, "DELETE", `/files/${top}?permanent=true`);
    await isGone(last.id);
  });

  test("devices are notified of changes in a mount, and of nothing beside it", async () => {
    const top = await mkdir(owner, "/heard");
    const beside = await mkdir(owner, "/unheard");
    await put(owner, "/heard/old.txt", "old");
    await share(top, "editor");
    // The pointer, and the notification, which also answers a poll.
    await queueWorked(`${folder}/data`);
    const { token: beforeMount } = await ok(other, "GET", "/changes/start_token");
    const mount = await ok(other, "POST", "/mounts", { node_id: top });
    const first = await ok(other, "GET", `/changes/list?since_token=${beforeMount}`);
    assert.deepEqual(
      first.changes.map((each: { kind: string; id: string }) => [each.kind, each.id]),
      [["appeared", mount.id]],
    );
    const poll = async (token: string, seconds: number) =>
      other.call("GET", `/notifications/poll?since_token=${token}`, undefined, {
        headers: { timeout: String(seconds) },
      });
    const held = poll(first.next_token, 30);
    const made = await put(owner, "/heard/new.txt", "new");
    const woken = await held;
    assert.deepEqual([woken.status, woken.body.event_type, woken.body.file_id], [200, "file_create", made.id]);
    const list = async (token: string) => {
      const page = await ok(other, "GET", `/changes/list?since_token=${token}`);
      return { page, kinds: page.changes.map((each: { kind: string; id: string }) => [each.kind, each.id]) };
    };
    const second = await list(first.next_token);
    assert.deepEqual(second.kinds, [["changed", made.id]]);
    assert.deepEqual(Object.keys(second.page.share_seqs), [mount.id]);
    assert.equal(second.page.changes[0].node.path, "/heard/new.txt");
    await put(owner, "/unheard/secret.txt", "secret");
    assert.equal((await poll(second.page.next_token, 1)).status, 204);
    const quiet = await list(second.page.next_token);
    assert.deepEqual(quiet.kinds, []);
    await ok(owner, "PATCH", `/files/${made.id}`, { parent_id: beside });
    const left = await list(quiet.page.next_token);
    assert.deepEqual(left.kinds, [["gone", made.id]]);
    await ok(owner, "PATCH", `/files/${made.id}`, { parent_id: top });
    assert.deepEqual((await list(left.page.next_token)).kinds, [["appeared", made.id]]);
    const snapshot = await snapshotOf(other);
    assert.deepEqual(
      snapshot
        .filter(({ path }) => path.startsWith("/heard"))
        .map(({ path }) => path)
        .toSorted(),
      ["/heard", "/heard/new.txt", "/heard/old.txt"],
    );
    assert.ok(!snapshot.some(({ id }) => id === beside || id === top));
  });

  const snapshotOf = async (api: Api) => {
    const items: { id: string; path: string }[] = [];
    let cursor: string | null = null;
    do {
      const page: { items: { id: string; path: string }[]; next_cursor: string | null } = await ok(
        api,
        "GET",
        `/changes/snapshot?limit=3${cursor === null ? "" : `&cursor=${cursor}`}`,
      );
      items.push(...page.items);
      cursor = page.next_cursor;
    } while (cursor !== null);
    return items;
  };

  test("while its owner is suspended a mount waits, and devices list it again afterwards", async () => {
    const top = await mkdir(owner, "/suspended");
    const file = await put(owner, "/suspended/file.txt", "here");
    await share(top, "viewer");
    const mount = await ok(other, "POST", "/mounts", { node_id: top });
    const { token } = await ok(other, "GET", "/changes/start_token");
    await put(owner, "/suspended/later.txt", "not heard of yet");
    const changesSince = async (since: string) => ok(other, "GET", `/changes/list?since_token=${since}`);
    await ok(admin, "PATCH", "/admin/users/owner@example.com", { disabled: true });
    assert.equal(await text(other, file.id), 404);
    const waiting = await ok(other, "GET", `/files/${mount.id}`);
    assert.equal(waiting.waits, true);
    const suspended = await eventually("the device hears of it", 60_000, async () => {
      const page = await changesSince(token);
      return page.changes.some((each: { node?: { waits?: boolean } }) => each.node?.waits === true) ? page : undefined;
    });
    assert.equal(suspended.share_seqs[mount.id], undefined);
    await ok(admin, "PATCH", "/admin/users/owner@example.com", { disabled: false });
    const back = await eventually("the device hears that it is back", 60_000, async () => {
      const page = await changesSince(suspended.next_token);
      return page.changes.find(
        (each: { kind: string; id: string }) => each.id === mount.id && each.kind === "appeared",
      );
    });
    assert.equal(back.node.waits, undefined);
    assert.equal(await text(other, file.id), "here");
    owner = await Api.signIn(server.url, { email: "owner@example.com", password: "what owner alone knows" });
  });

  test("a hash does not give access to a block that was not shared", async () => {
    const top = await mkdir(owner, "/hashes");
    const secret = "what only the owner knows, and nobody guesses";
    await put(owner, "/not shared.txt", secret);
    await share(top, "editor");
    const hash = createHash("sha256").update(secret).digest("hex");
    const asked = await ok(other, "POST", "/blocks/query", { hashes: [hash], into: top });
    assert.deepEqual(asked.missing, [hash]);
    const operation = {
      operation_id: "0".repeat(31) + "1",
      op: "put",
      parent_id: top,
      name: "stolen",
      size: secret.length,
      blocks: [{ hash, size: secret.length }],
    };
    const { results } = await ok(other, "POST", "/sync/delta", { operations: [operation] });
    assert.deepEqual([results[0].status, results[0].missing_blocks], ["missing", [hash]]);
    const sent = await other.call("PUT", `/chunks/${hash}?into=${top}`, undefined, { body: secret });
    assert.equal(sent.status, 201, JSON.stringify(sent.body));
    const again = await ok(other, "POST", "/sync/delta", { operations: [operation] });
    assert.equal(again.results[0].status, "committed", JSON.stringify(again.results));
  });

  test("an uploader adds files to a folder that stays hidden from them", async () => {
    const move = async (id: string, parent_id: string) => {
      const { status, body } = await other.call("PATCH", `/files/${id}`, { parent_id });
      return [status, body.code, body.field];
    };
    const top = await mkdir(owner, "/drop box");
    await put(owner, "/drop box/taken.txt", "the owner's");
    await share(top, "uploader");
    assert.equal((await other.call("GET", `/files/${top}`)).status, 404);
    assert.equal((await other.call("GET", `/folders/${top}/contents`)).status, 404);
    const made = await putIn(other, top, "taken.txt", "the other's");
    assert.equal(made.status, 201, JSON.stringify(made.body));
    assert.equal(made.body.name, "taken.txt");
    const { items } = await ok(owner, "GET", `/folders/${top}/contents`);
    assert.deepEqual(items.map((item: { name: string }) => item.name).toSorted(), ["taken (2).txt", "taken.txt"]);
    assert.equal(
      await text(owner, items.find((item: { name: string }) => item.name === "taken.txt").id),
      "the owner's",
    );
    const hidden = items.find((item: { name: string }) => item.name === "taken.txt").id as string;
    const nowhere = hidden.replace(/.$/, (last) => (last === "0" ? "1" : "0"));
    for (const parent_id of ["root", top]) {
      const [to, from] = [await move(hidden, parent_id), await move(nowhere, parent_id)];
      assert.deepEqual(to, from, `moving what is hidden to ${parent_id} is not answered as what is nowhere`);
    }
  });

  test("a share is listed for both accounts, and its permissions only for accounts that may share", async () => {
    const top = await mkdir(owner, "/listed");
    const given = await share(top, "viewer");
    const mine = await ok(owner, "GET", "/shared-by-me?limit=1000");
    assert.ok(mine.items.some((item: { permission: { id: string } }) => item.permission.id === given.id));
    const theirs = await eventually("the pointer arrives", 60_000, async () => {
      const { items } = await ok(other, "GET", "/shared-with-me?limit=1000");
      return items.find((item: { permission: { id: string } }) => item.permission.id === given.id);
    });
    assert.deepEqual([theirs.node.id, theirs.owner.email, theirs.mount_id], [top, "owner@example.com", null]);
    assert.equal((await other.call("GET", `/files/${top}/permissions`)).status, 403);
    assert.deepEqual(
      (await ok(owner, "GET", `/files/${top}/permissions`)).items.map((each: { id: string }) => each.id),
      [given.id],
    );
    assert.equal((await share(top, "commenter")).id, given.id);
    await ok(other, "DELETE", `/permissions/${given.id}`);
    assert.equal((await other.call("GET", `/files/${top}`)).status, 404);
  });

  test("an invalid share is rejected with the wrong field", async () => {
    const top = await mkdir(owner, "/refused");
    const tell = async (body: unknown, node = top) => {
      const answer = await owner.call("POST", `/files/${node}/share`, body);
      return [answer.status, answer.body.field];
    };
    assert.deepEqual(await tell({ email: "owner@example.com", role: "viewer" }), [422, "email"]);
    assert.deepEqual(await tell({ email: "other@example.com", role: "owner" }), [422, "role"]);
    assert.deepEqual(await tell({ role: "viewer" }), [422, "email"]);
    assert.deepEqual(await tell({ email: "other@example.com", role: "viewer", password: "x" }), [422, "password"]);
    assert.deepEqual(await tell({ email: "other@example.com", role: "viewer", expires_at: "2020-01-01T00:00:00Z" }), [
      422,
      "expires_at",
    ]);
    const trashed = await mkdir(owner, "/refused trash");
    await ok(owner, "DELETE", `/files/${trashed}`);
    assert.deepEqual(await tell({ email: "other@example.com", role: "viewer" }, trashed), [422, "id"]);
  });
});
