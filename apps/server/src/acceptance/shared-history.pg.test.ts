import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { NodeJson } from "@holdfast/protocol/values";
import type { VersionJson } from "@holdfast/protocol/version-routes";
import { Api, eventually, makeFolder, ok, removeFolder, type RunningServer, startServer } from "./testing.ts";

describe("History of shared files", () => {
  let folder: string;
  let server: RunningServer;
  const people = new Map<string, Api>();
  const by = (name: string) => people.get(name) ?? assert.fail(name);

  before(async () => {
    folder = makeFolder("shared-history");
    server = await startServer({ dataFolder: `${folder}/data` });
    const admin = await Api.signIn(server.url);
    for (const name of ["owner", "viewer", "commenter", "editor", "uploader", "stranger"]) {
      const account = { email: `${name}@example.com`, password: `the password of ${name}` };
      await admin.call("POST", "/admin/users", { ...account, name });
      people.set(name, await Api.signIn(server.url, account));
    }
  });
  after(async () => {
    await server?.stop();
    removeFolder(folder);
  });

  const share = (id: string, name: string, role = name) =>
    ok(by("owner"), "POST", `/files/${id}/share`, { email: `${name}@example.com`, role });
  const write = async (api: Api, id: string, content: string) => {
    const { version_id } = await ok(api, "GET", `/files/${id}`);
    const path = `/files/upload?uploadType=resumable&file_id=${id}&base_version=${version_id}&size=${content.length}`;
    const { upload_url } = await ok(api, "POST", path);
    const put = await api.call("PUT", upload_url, undefined, { body: content });
    assert.equal(put.status, 200, JSON.stringify(put.body));
  };
  const namesIn = async (api: Api, list: "starred" | "recent") =>
    ((await ok(api, "GET", `/${list}`)).items as NodeJson[]).map(({ name }) => name);

  async function sharedFile(path: string, name: string) {
    const { id: top } = await ok(by("owner"), "POST", "/metadata", { path, kind: "folder" });
    const { id } = (await by("owner").put(`${path}/${name}`, "one")).body;
    for (const role of ["viewer", "commenter", "editor", "uploader"]) await share(top, role);
    return { top, id };
  }

  test("viewers see the author of each version, and only editors and the owner can label versions", async () => {
    const { id } = await sharedFile("/labels", "labelled");
    await write(by("editor"), id, "two");
    for (const name of ["owner", "viewer", "commenter", "editor"]) {
      const { items } = await ok(by(name), "GET", `/files/${id}/versions`);
      assert.deepEqual(
        (items as VersionJson[]).map(({ author }) => author.name),
        ["editor", "owner"],
        name,
      );
    }
    const label = (name: string) => by(name).call("PATCH", `/files/${id}/versions/1`, { label: name });
    for (const [name, status] of [
      ["stranger", 404],
      ["uploader", 404],
      ["viewer", 403],
      ["commenter", 403],
      ["editor", 200],
      ["owner", 200],
    ] as const) {
      assert.equal((await label(name)).status, status, name);
    }
    const { items } = await ok(by("viewer"), "GET", `/files/${id}/versions`);
    assert.equal(items[1].label, "owner");
    const key = { "idempotency-key": "an editor's" };
    const once = () => by("editor").call("PATCH", `/files/${id}/versions/2`, { label: "x" }, { headers: key });
    const first = await once();
    await ok(by("owner"), "PATCH", `/files/${id}/versions/2`, { label: "y" });
    assert.deepEqual((await once()).body, first.body);
  });

  test("stars and recent files include shared files while they are shared", async () => {
    const { top, id } = await sharedFile("/stars", "file");
    for (const name of ["stranger", "uploader"])
      assert.equal((await by(name).call("PUT", `/files/${id}/star`)).status, 404);
    for (const name of ["viewer", "editor"]) {
      await ok(by(name), "PUT", `/files/${id}/star`);
      await ok(by(name), "PUT", `/files/${top}/star`);
      assert.deepEqual(await namesIn(by(name), "starred"), ["stars", "file"], name);
    }
    assert.deepEqual(await namesIn(by("owner"), "starred"), []);
    await write(by("editor"), id, "two");
    // The message about the grant may not have reached the editor's shard yet.
    await eventually("the editor's change is recent", 60_000, async () =>
      (await namesIn(by("editor"), "recent")).includes("file") ? true : undefined,
    );
    assert.ok(!(await namesIn(by("viewer"), "recent")).includes("file"));
    const mount = await ok(by("editor"), "POST", "/mounts", { node_id: top, name: "mounted" });
    const [starred] = (await ok(by("editor"), "GET", "/starred")).items.slice(-1);
    assert.equal(starred.path, "/mounted/file");
    await ok(by("editor"), "PUT", `/files/${mount.id}/star`);
    assert.equal((await namesIn(by("editor"), "starred"))[0], "mounted");
    const { items } = await ok(by("owner"), "GET", `/files/${top}/permissions`);
    for (const permission of items) await ok(by("owner"), "DELETE", `/permissions/${permission.id}`);
    assert.deepEqual(await namesIn(by("viewer"), "starred"), []);
    assert.ok(!(await namesIn(by("editor"), "recent")).includes("file"));
  });
});
