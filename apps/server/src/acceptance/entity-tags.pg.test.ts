import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { newPerson, type Person } from "./new-person.ts";
import { Api, makeFolder, ok, removeFolder, type RunningServer, startServer } from "./testing.ts";
import { linkMaker } from "./testing-links.ts";

/** One file for several callers: an ETag also detects another path, role or parent, and a change may depend on it. */
describe("ETag of a node", () => {
  let folder: string;
  let server: RunningServer;
  let owner: Api;
  let [editor, viewer] = [] as unknown as [Person, Person];

  before(async () => {
    folder = makeFolder("entity-tags");
    server = await startServer({ dataFolder: `${folder}/data` });
    owner = await Api.signIn(server.url);
    editor = await newPerson(owner);
    viewer = await newPerson(owner);
  });

  after(async () => {
    await server?.stop();
    removeFolder(folder);
  });

  const { mkdir, put, makeLink } = linkMaker(() => owner);

  const share = async (node: string, { email }: Person, role: string): Promise<string> =>
    (await ok(owner, "POST", `/files/${node}/share`, { email, role })).id;

  const read = async (api: Api, id: string) => {
    const { status, headers, body } = await api.call("GET", `/files/${id}`);
    assert.equal(status, 200);
    return { tag: headers.get("etag") ?? "", node: body };
  };

  const statusOf = async (api: Api, id: string, tag: string): Promise<number> =>
    (await api.call("GET", `/files/${id}`, undefined, { headers: { "if-none-match": tag } })).status;

  const touch = async (api: Api, id: string, tag: string): Promise<number> =>
    (await api.call("PATCH", `/files/${id}`, { executable: true }, { headers: { "if-match": tag } })).status;

  test("is the plain revision for its owner until it is shared or starred", async () => {
    await mkdir("/alone/below");
    const { id } = await put("/alone/below/file", "one");
    const alone = await read(owner, id);
    assert.equal(alone.tag, `"${alone.node.revision}"`);
    assert.equal(await statusOf(owner, id, alone.tag), 304);
    const byPath = await owner.call("GET", "/metadata?path=/alone/below/file");
    assert.equal(byPath.headers.get("etag"), alone.tag);
    await ok(owner, "PUT", `/files/${id}/star`);
    assert.equal(await statusOf(owner, id, alone.tag), 200, "it is starred now");
    const starred = await read(owner, id);
    assert.equal(starred.node.starred, true);
    await ok(owner, "DELETE", `/files/${id}/star`);
    assert.equal(await statusOf(owner, id, starred.tag), 200);
    assert.equal(await statusOf(owner, id, alone.tag), 304);
    await share(id, viewer, "viewer");
    assert.equal(await statusOf(owner, id, alone.tag), 200, "it is shared now");
    assert.equal(await touch(owner, id, alone.tag), 200, "and unchanged itself");
  });

  test("differs for owner, editor, viewer and link, and each can send theirs back", async () => {
    const top = await mkdir("/shared");
    const { id } = await put("/shared/file", "one");
    await share(top, editor, "editor");
    await share(top, viewer, "viewer");
    const { api: guest } = await makeLink(top);
    const callers = [owner, editor.api, viewer.api, guest];
    const tags = [];
    for (const api of callers) tags.push((await read(api, id)).tag);
    assert.equal(new Set(tags).size, callers.length, tags.join(" "));
    for (const [of, tag] of tags.entries()) {
      for (const [by, api] of callers.entries()) assert.equal(await statusOf(api, id, tag), of === by ? 304 : 200);
    }
    const { revision } = (await read(owner, id)).node;
    for (const [index, tag] of [...tags, `W/${tags[1]}`, `"${revision}"`, revision].entries()) {
      const headers = { "if-match": tag };
      const copied = await owner.call(
        "POST",
        `/files/${id}/copy`,
        { parent_id: "root", name: `copy ${index}` },
        { headers },
      );
      assert.equal(copied.status, 201, tag);
    }
    assert.equal(await touch(editor.api, id, tags[1] ?? ""), 200);
    for (const tag of tags) assert.equal(await touch(owner, id, tag), 412, "the node has changed since");
  });

  test("changes with the role and with a rename of a parent folder", async () => {
    const top = await mkdir("/named");
    const below = await mkdir("/named/below");
    const { id } = await put("/named/below/file", "one");
    const own = await read(owner, id);
    await owner.call("PATCH", `/files/${below}`, { name: "renamed" });
    const renamed = await read(owner, id);
    assert.deepEqual([renamed.node.revision, renamed.node.path], [own.node.revision, "/named/renamed/file"]);
    assert.equal(await statusOf(owner, id, own.tag), 200);
    assert.equal(await statusOf(owner, id, renamed.tag), 304);
    const permission = await share(top, editor, "editor");
    const seen = await read(editor.api, id);
    await owner.call("PATCH", `/files/${below}`, { name: "renamed again" });
    assert.equal(await statusOf(editor.api, id, seen.tag), 200);
    const again = await read(editor.api, id);
    await ok(owner, "PATCH", `/permissions/${permission}`, { role: "viewer" });
    assert.equal(await statusOf(editor.api, id, again.tag), 200);
    const [lowered, now] = [await read(editor.api, id), await read(owner, id)];
    assert.deepEqual(
      [lowered.node.role, lowered.node.revision, now.node.revision],
      ["viewer", own.node.revision, own.node.revision],
    );
    assert.equal(await touch(owner, id, own.tag), 200, "no change of the file itself");
  });

  test("is accepted in place of the revision by uploads and as base_revision", async () => {
    const top = await mkdir("/bases");
    const { id } = await put("/bases/file", "one");
    await share(top, editor, "editor");
    const { api } = editor;
    const upload = (base: string, headers: Record<string, string> = {}) =>
      api.call("POST", `/files/upload?uploadType=media&file_id=${id}${base}`, undefined, {
        headers,
        body: `${base} next`,
      });
    const { tag } = await read(api, id);
    assert.equal((await upload("", { "if-match": tag })).status, 200);
    assert.equal((await upload("", { "if-match": tag })).status, 412);
    const next = (await read(api, id)).tag.replaceAll('"', "");
    assert.equal((await upload(`&base_revision=${next}`)).status, 200);
    assert.equal((await upload(`&base_revision=${next}`)).status, 409);
    const start = { file_id: id };
    const { tag: last } = await read(api, id);
    const resumable = (if_match: string) =>
      api.call("POST", "/files/upload?uploadType=resumable", start, { headers: { "if-match": if_match } });
    assert.equal((await resumable(tag)).status, 412);
    assert.equal((await resumable(last)).status, 200);
  });
});
