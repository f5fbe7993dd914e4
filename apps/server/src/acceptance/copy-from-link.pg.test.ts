import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { after, before, describe, test } from "node:test";
import pg from "pg";
import {
  Api,
  connectionsOf,
  eventually,
  makeFolder,
  ok,
  queryDatabase,
  removeFolder,
  type RunningServer,
  startServer,
} from "./testing.ts";
import { linkMaker, readFileBy } from "./testing-links.ts";

describe("Copy from a link to own files", () => {
  const folder = makeFolder("copy-from-link");
  let server: RunningServer;
  let owner: Api;
  let receiver: Api;
  const receiverEmail = "rita@example.com";

  before(async () => {
    const env = { HOLDFAST_PLANS: JSON.stringify({ small: 100_000 }), HOLDFAST_DEFAULT_PLAN: "small" };
    server = await startServer({ dataFolder: `${folder}/data`, env });
    const admin = await Api.signIn(server.url);
    const signUp = async (email: string) => {
      const account = { email, password: "long enough for it" };
      await ok(admin, "POST", "/admin/users", account);
      return Api.signIn(server.url, account);
    };
    owner = await signUp("olive@example.com");
    receiver = await signUp(receiverEmail);
  });

  after(async () => {
    await server?.stop();
    removeFolder(folder);
  });

  const { mkdir, put, makeLink } = linkMaker(() => owner);
  const copy = (token: string, more: Record<string, unknown> = {}, headers: Record<string, string> = {}) =>
    receiver.call("POST", "/links/copy", { token, parent_id: "root", on_conflict: "rename", ...more }, { headers });
  const downloadsOf = async (node: string) => (await ok(owner, "GET", `/files/${node}/permissions`)).items[0].downloads;

  test("contains the whole folder, counts as one download and outlives the source", async () => {
    const top = await mkdir("/holiday");
    await put("/holiday/beach.txt", "sand");
    await mkdir("/holiday/2026");
    await put("/holiday/2026/hill.txt", "stones");
    const { token } = await makeLink(top);
    const { status, body } = await copy(token);
    assert.deepEqual(
      [status, body.path, body.role, body.shared],
      [201, "/holiday", "owner", false],
      JSON.stringify(body),
    );
    assert.equal(await downloadsOf(top), 1);
    await ok(owner, "DELETE", `/files/${top}?permanent=true`);
    assert.equal(await readFileBy(receiver, await receiver.idOf("/holiday/beach.txt")), "sand");
    assert.equal(await readFileBy(receiver, await receiver.idOf("/holiday/2026/hill.txt")), "stones");
  });

  test("can be of an item below the link, but not of items beside it", async () => {
    const top = await mkdir("/parts");
    const part = await put("/parts/one.txt", "one");
    const beside = await put("/beside.txt", "secret");
    const { token } = await makeLink(top);
    assert.equal((await copy(token, { file_id: part.id })).body.path, "/one.txt");
    for (const id of [beside.id, beside.parent_id]) {
      const { status, body } = await copy(token, { file_id: id });
      assert.deepEqual([status, body.code], [404, "not_found"]);
    }
    assert.equal(await downloadsOf(top), 1);
  });

  test("requires a live link that shows content, and its password", async () => {
    const top = await mkdir("/guarded");
    await put("/guarded/file.txt", "guarded");
    const { token: box } = await makeLink(top, { role: "uploader" });
    assert.equal((await copy(box)).status, 404);
    const { token, id } = await makeLink(top, { password: "sesame" });
    const refused = await copy(token);
    assert.deepEqual([refused.status, refused.body.code, refused.body.field], [403, "forbidden", "token"]);
    const session = await ok(receiver, "POST", "/links/session", { token, password: "sesame" });
    assert.equal((await copy(session.access_token)).status, 201);
    await ok(owner, "PATCH", `/permissions/${id}`, { password: "barley" });
    assert.equal((await copy(session.access_token)).status, 404);
    await ok(owner, "DELETE", `/permissions/${id}`);
    assert.equal((await copy(token)).status, 404);
  });

  test("fails after the link ended, its owner was suspended or the item was trashed", async () => {
    const top = await mkdir("/ended");
    const file = await put("/ended/file.txt", "ended");
    const gone = await put("/ended/gone.txt", "in the trash");
    const [viewer, editor] = [await makeLink(top), await makeLink(top, { role: "editor" })];
    await ok(owner, "DELETE", `/files/${gone.id}`);
    const codeOf = async (token: string, id?: string) => {
      const { status, body } = await copy(token, id === undefined ? {} : { file_id: id });
      return `${status} ${body.code}`;
    };
    assert.equal(await codeOf(viewer.token, gone.id), "404 not_found");
    assert.equal(await codeOf(editor.token, gone.id), "409 trashed");
    const made = await copy(viewer.token);
    const { items } = await ok(receiver, "GET", `/folders/${made.body.id}/contents`);
    assert.deepEqual(
      items.map(({ name }: { readonly name: string }) => name),
      ["file.txt"],
    );
    const change = (text: string) => queryDatabase(`${folder}/data`, text);
    const isEnded = async () => {
      for (const token of [viewer.token, editor.token]) assert.equal(await codeOf(token), "404 not_found");
      assert.equal(await codeOf(viewer.token, file.id), "404 not_found");
    };
    for (const [table, column, id] of [
      ["grants", "expires_at", viewer.id],
      ["grants", "disabled_at", viewer.id],
    ]) {
      await change(`update shard.${table} set ${column} = 1 where id = '${id}'`);
      assert.equal(await codeOf(viewer.token), "404 not_found", column);
      await change(`update shard.${table} set ${column} = null where id = '${id}'`);
    }
    await change("update shard.users set disabled_at = 1 where email = 'olive@example.com'");
    await isEnded();
    await change("update shard.users set disabled_at = null where email = 'olive@example.com'");
    await ok(owner, "DELETE", `/files/${top}`);
    await isEnded();
  });

  test("is rolled back if the link's password changes while it runs", async () => {
    const top = await mkdir("/changing");
    await put("/changing/file.txt", "changing");
    const { token, id } = await makeLink(top);
    // Marks the link as used, so that the copy does not wait for the row before it counts.
    await ok(new Api(server.url, token), "GET", "/links/current");
    const databases = connectionsOf(`${folder}/data`).map((connection) => new pg.Client(connection));
    for (const database of databases) await database.connect();
    try {
      for (const database of databases) {
        await database.query("begin");
        await database.query("update shard.grants set password_hash = 'another' where id = $1", [id]);
      }
      const copying = copy(token);
      await eventually("the copy waits to count", 60_000, async () => {
        const waiting = await queryDatabase(
          `${folder}/data`,
          "select from pg_stat_activity where wait_event_type = 'Lock' and query like '%downloads + 1%'",
        );
        return waiting.length > 0 ? true : undefined;
      });
      for (const database of databases) await database.query("commit");
      const { status, body } = await copying;
      assert.deepEqual([status, body.code], [404, "not_found"]);
    } finally {
      for (const database of databases) await database.end();
    }
    assert.equal(await downloadsOf(top), 1);
    await assert.rejects(receiver.idOf("/changing"));
  });

  test("requires permission to add files in the target folder", async () => {
    const top = await mkdir("/wanted");
    await put("/wanted/file.txt", "wanted");
    const { token, id } = await makeLink(top, { role: "editor" });
    const [seen, hidden] = [await mkdir("/seen by rita"), await mkdir("/not for rita")];
    await ok(owner, "POST", `/files/${seen}/share`, { email: receiverEmail, role: "viewer" });
    const refused = async (into: string) => {
      const { status, body } = await copy(token, { parent_id: into });
      return `${status} ${body.code}`;
    };
    assert.equal(await refused(seen), "403 forbidden");
    assert.equal(await refused(hidden), "404 not_found");
    assert.equal(await refused(top), "404 not_found", "the link may write there, but its visitor may not");
    assert.equal(await downloadsOf(top), 0);
    const app = await new Api(server.url, token).call("POST", "/links/copy", { token, parent_id: "root" });
    assert.deepEqual([app.status, app.body.code], [403, "forbidden"], "the link itself");
    const rita = await queryDatabase(
      `${folder}/data`,
      `update shard.users set disabled_at = 1 where email = '${receiverEmail}' returning id`,
    );
    assert.equal((await copy(token)).status, 401);
    await queryDatabase(`${folder}/data`, `update shard.users set disabled_at = null where id = '${rita[0]?.["id"]}'`);
    assert.equal(await downloadsOf(top), 0);
    await ok(owner, "DELETE", `/permissions/${id}`);
  });

  test("counts one download when repeated, none when rejected, and never exceeds the limit", async () => {
    const top = await mkdir("/limited");
    const file = await put("/limited/file.bin", "y".repeat(40_000));
    const { token, id } = await makeLink(top, { max_downloads: 1 });
    assert.equal((await copy(token, { parent_id: file.id })).status, 404, "a folder that the receiver does not have");
    await ok(receiver, "POST", "/metadata", { path: "/taken", kind: "folder" });
    const taken = await copy(token, { name: "taken", on_conflict: "fail" });
    assert.deepEqual([taken.status, taken.body.code], [409, "exists"]);
    await receiver.put("/filling.bin", "x".repeat(70_000));
    const { body: full } = await copy(token);
    assert.equal(full.code, "quota");
    assert.equal(await downloadsOf(top), 0);
    await ok(receiver, "DELETE", `/files/${await receiver.idOf("/filling.bin")}?permanent=true`);
    const key = { "idempotency-key": randomBytes(8).toString("hex") };
    const [first, again] = [await copy(token, {}, key), await copy(token, {}, key)];
    assert.deepEqual([first.status, again.status, again.body.id], [201, 201, first.body.id]);
    const beyond = await copy(token);
    assert.deepEqual([beyond.status, beyond.body.code], [403, "forbidden"]);
    assert.equal(await downloadsOf(top), 1);
    await ok(owner, "DELETE", `/permissions/${id}`);
    assert.equal((await copy(token, {}, key)).body.id, first.body.id, "the lost response of a link that has ended");
  });

  test("respects the download limit when several run concurrently", async () => {
    const top = await mkdir("/raced");
    await put("/raced/file.txt", "raced");
    const { token } = await makeLink(top, { max_downloads: 2 });
    const answers = await Promise.all([1, 2, 3, 4, 5].map(() => copy(token)));
    const statuses = answers.map(({ status }) => status).toSorted((one, another) => one - another);
    assert.deepEqual(statuses, [201, 201, 403, 403, 403]);
    assert.equal(await downloadsOf(top), 2);
  });

  test("works for the link's owner", async () => {
    const top = await mkdir("/own");
    await put("/own/file.txt", "own");
    const { token } = await makeLink(top);
    const made = await ok(owner, "POST", "/links/copy", { token, parent_id: "root", name: "own again" });
    assert.equal(await readFileBy(owner, await owner.idOf("/own again/file.txt")), "own");
    assert.equal(made.path, "/own again");
    assert.equal(await downloadsOf(top), 1);
  });

  test("works into a folder that the link's owner shares", async () => {
    const [top, into] = [await mkdir("/source"), await mkdir("/for rita")];
    await put("/source/file.txt", "from the same owner");
    await ok(owner, "POST", `/files/${into}/share`, { email: receiverEmail, role: "editor" });
    const { token } = await makeLink(top);
    const { status, body } = await copy(token, { parent_id: into });
    assert.equal(status, 201, JSON.stringify(body));
    assert.equal(await readFileBy(owner, await owner.idOf("/for rita/source/file.txt")), "from the same owner");
  });
});
