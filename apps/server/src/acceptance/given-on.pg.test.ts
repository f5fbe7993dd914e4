import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { Api, endSoon, eventually, makeFolder, ok, removeFolder, type RunningServer, startServer } from "./testing.ts";

/** Grants by an editor end with the editor's own right, however it ends, at the next request. */
describe("Permission granted by an editor", () => {
  let folder: string;
  let server: RunningServer;
  let admin: Api;
  let owner: Api;
  let editor: Api;
  let third: Api;
  let fourth: Api;
  let count = 0;
  const idOf = new Map<Api, string>();

  before(async () => {
    folder = makeFolder("given-on");
    server = await startServer({ dataFolder: `${folder}/data` });
    admin = await Api.signIn(server.url);
    [owner, editor, third, fourth] = (await Promise.all(["owner", "editor", "third", "fourth"].map(join))) as [
      Api,
      Api,
      Api,
      Api,
    ];
  });

  after(async () => {
    await server?.stop();
    removeFolder(folder);
  });

  const accountOf = (name: string) => ({ email: `${name}@example.com`, password: `the password of ${name}` });
  const join = async (name: string) => {
    await ok(admin, "POST", "/admin/users", { ...accountOf(name), name });
    const api = await Api.signIn(server.url, accountOf(name));
    idOf.set(api, (await ok(api, "GET", "/account")).id);
    return api;
  };
  const mkdir = async (path: string) =>
    (await ok(owner, "POST", "/metadata", { path, kind: "folder", parents: true })).id as string;
  const share = (api: Api, node: string, role: string, to: object) =>
    ok(api, "POST", `/files/${node}/share`, { role, ...to });
  const to = (api: Api) => ({ user_id: idOf.get(api) });
  const putIn = async (api: Api, parent: string) =>
    (await api.call("POST", "/metadata", { parent_id: parent, name: `new ${count++}`, kind: "folder" })).status;

  const passOn = async () => {
    const name = `/top ${count++}`;
    const [top, low] = [await mkdir(name), await mkdir(`${name}/low`)];
    const group = await ok(admin, "POST", "/groups", { name: `group ${count++}` });
    for (const api of [owner, editor]) {
      await ok(admin, "PUT", `/groups/${group.id}/members/${idOf.get(api)}`, { role: "member" });
    }
    const given = await share(owner, top, "editor", { group_id: group.id });
    const file = await ok(owner, "POST", "/metadata", { path: `${name}/low/file`, kind: "folder" });
    await share(editor, low, "editor", to(third));
    const { token } = await share(editor, low, "editor", { link: true });
    await share(third, low, "editor", to(fourth));
    const mount = await ok(fourth, "POST", "/mounts", { node_id: low, name: `mount ${count++}` });
    const link = new Api(server.url, token);
    return { top, low, group, given, file: file.id as string, mount: mount.id as string, link };
  };
  type Given = Awaited<ReturnType<typeof passOn>>;

  const holds = async ({ low, file, link }: Given, what: string) => {
    for (const api of [third, fourth, link]) {
      assert.equal((await api.call("GET", `/files/${file}`)).status, 200, what);
      assert.equal(await putIn(api, low), 201, what);
    }
  };
  const isOver = async ({ low, file, link }: Given, what: string) => {
    for (const api of [third, fourth]) {
      assert.equal((await api.call("GET", `/files/${file}`)).status, 404, what);
      assert.equal(await putIn(api, low), 404, what);
    }
    assert.equal((await link.call("GET", `/files/${file}`)).status, 401, what);
    assert.equal(await putIn(link, low), 401, what);
  };
  const mountStatus = async ({ mount }: Given) => (await fourth.call("GET", `/files/${mount}`)).status;

  const ends: Readonly<Record<string, (given: Given) => Promise<unknown>>> = {
    "a lower grant on a subfolder": ({ low }) => share(owner, low, "viewer", to(editor)),
    "a lower personal grant": ({ top }) => share(owner, top, "commenter", to(editor)),
    "a lower group grant on a subfolder": ({ low, group }) => share(owner, low, "viewer", { group_id: group.id }),
    "a lower role": ({ given }) => ok(owner, "PATCH", `/permissions/${given.id}`, { role: "viewer" }),
    "a revoked permission": ({ given }) => ok(owner, "DELETE", `/permissions/${given.id}`),
    "the editor leaving the group": ({ group }) =>
      ok(admin, "DELETE", `/groups/${group.id}/members/${idOf.get(editor)}`),
    "the group's deletion": ({ group }) => ok(admin, "DELETE", `/groups/${group.id}`),
  };
  for (const [what, end] of Object.entries(ends)) {
    test(`ends immediately and permanently with ${what}`, async () => {
      const given = await passOn();
      await holds(given, "before");
      await end(given);
      await isOver(given, what);
      await eventually("the mount goes", 60_000, async () => ((await mountStatus(given)) === 404 ? true : undefined));
      await share(owner, given.low, "editor", to(editor));
      await isOver(given, "the editor may share again, and has not");
      const { items } = await ok(owner, "GET", `/files/${given.low}/permissions`);
      assert.deepEqual(
        items.filter((item: { created_by: string }) => item.created_by !== idOf.get(owner)),
        [],
      );
    });
  }

  test("ends when the node is moved out of the editor's folder", async () => {
    const given = await passOn();
    await ok(owner, "PATCH", `/files/${given.low}`, { parent_id: "root", name: `moved ${count++}` });
    await isOver(given, "moved");
  });

  test("ends when the editor's own permission expires", async () => {
    const given = await passOn();
    const endAt = (expires_at: string) => owner.call("PATCH", `/permissions/${given.given.id}`, { expires_at });
    assert.equal((await endAt(new Date(Date.now() + 3_600_000).toISOString())).status, 200);
    await holds(given, "before");
    const { status, body } = await endSoon(endAt);
    assert.equal(status, 200);
    await eventually("it has expired", 60_000, () => (Date.now() > Date.parse(body.expires_at) ? true : undefined));
    await isOver(given, "expired");
  });

  test("pauses while the editor is suspended, and its mounts wait", async () => {
    const given = await passOn();
    const setDisabled = (disabled: boolean) => ok(admin, "PATCH", `/admin/users/${idOf.get(editor)}`, { disabled });
    await setDisabled(true);
    await isOver(given, "suspended");
    const waits = (expected: boolean) =>
      eventually(`the mount waits: ${expected}`, 60_000, async () => {
        const node = await ok(fourth, "GET", `/files/${given.mount}`);
        return (node.waits === true) === expected ? node : undefined;
      });
    await waits(true);
    await setDisabled(false);
    await holds(given, "back");
    await waits(false);
    editor = await Api.signIn(server.url, accountOf("editor"));
    idOf.set(editor, (await ok(editor, "GET", "/account")).id);
    await setDisabled(true);
    await ok(owner, "DELETE", `/permissions/${given.given.id}`);
    await eventually("the mount goes", 60_000, async () => ((await mountStatus(given)) === 404 ? true : undefined));
    await setDisabled(false);
    await isOver(given, "back without the right");
  });
});
