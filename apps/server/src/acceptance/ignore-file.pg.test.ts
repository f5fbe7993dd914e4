import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { after, before, test } from "node:test";
import { longTest } from "@holdfast/tools/tiers";
import { administrator, Api, makeFolder, ok, removeFolder, type RunningServer, startServer } from "./testing.ts";

const folder = makeFolder("ignore-file");
let server: RunningServer;
let owner: Api;

before(async () => {
  server = await startServer({ dataFolder: `${folder}/data` });
  owner = await Api.signIn(server.url);
});
after(async () => {
  await server?.stop();
  removeFolder(folder);
});

async function join(account: string): Promise<Api> {
  const person = { email: `${account}@example.com`, password: "long enough for it" };
  await ok(owner, "POST", "/admin/users", person);
  return Api.signIn(server.url, person);
}

const names = [".holdfastignore", ".git"];
const upload = (api: Api, query: string) =>
  api.call("POST", `/files/upload?uploadType=media&${query}`, undefined, { body: "*", headers: bytes });
const bytes = { "content-type": "application/octet-stream" };
const sync = async (api: Api, operation: object) => {
  const operations = [{ operation_id: randomBytes(16).toString("hex"), ...operation }];
  const { results } = await ok(api, "POST", "/sync/delta", { operations });
  return { status: results[0].status, body: { ...results[0], code: results[0].code } };
};

async function makeBox(path: string, name: string) {
  const { id: box } = await ok(owner, "POST", "/metadata", { path, kind: "folder" });
  const { id: sub } = await ok(owner, "POST", "/metadata", { path: `${path}/sub`, kind: "folder" });
  const put = async (file: string) => (await owner.put(`${path}/${file}`, "one")).body.id as string;
  const [plain, rules] = [await put("plain.txt"), await put(`sub/${name}`)];
  await owner.put(`${path}/sub/${name}`, "two", "&on_conflict=replace");
  return { box, sub, plain, rules, name, otherCase: name.replace(/[gi]/, (letter) => letter.toUpperCase()) };
}
type Box = Awaited<ReturnType<typeof makeBox>>;

const puttingIn: Readonly<
  Record<string, (api: Api, box: Box) => Promise<{ status: unknown; body: { code?: unknown } }>>
> = {
  "an upload by name": (api, { box, name }) => upload(api, `parent_id=${box}&name=${name}`),
  "a name that a filesystem may take for it": (api, { box, otherCase }) =>
    upload(api, `parent_id=${box}&name=${otherCase}`),
  "an upload that takes another name": (api, { box, name }) =>
    upload(api, `parent_id=${box}&name=${name}&on_conflict=rename`),
  "a put of a batch": (api, { box, name }) => sync(api, { op: "put", parent_id: box, name, size: 0, blocks: [] }),
  "a folder": (api, { box, name }) => api.call("POST", "/metadata", { parent_id: box, name, kind: "folder" }),
  "a symbolic link": (api, { box, name }) => sync(api, { op: "symlink", parent_id: box, name, target: "x" }),
};

const changing: typeof puttingIn = {
  "a new name": (api, { plain, name }) => api.call("PATCH", `/files/${plain}`, { name }),
  "a move": (api, { rules, box }) => api.call("PATCH", `/files/${rules}`, { parent_id: box }),
  "a copy": (api, { plain, box, name }) => api.call("POST", `/files/${plain}/copy`, { parent_id: box, name }),
  "a copy that keeps its name": (api, { rules, box }) => api.call("POST", `/files/${rules}/copy`, { parent_id: box }),
  "another content by name": (api, { sub, name }) => upload(api, `parent_id=${sub}&name=${name}&on_conflict=replace`),
  "another content": (api, { rules }) => upload(api, `file_id=${rules}`),
  "a name that is no rule": (api, { rules }) => api.call("PATCH", `/files/${rules}`, { name: "none" }),
  "a move away": (api, { rules, box }) => api.call("PATCH", `/files/${rules}`, { parent_id: box, name: "none" }),
  "the trash": (api, { rules }) => api.call("DELETE", `/files/${rules}`),
  "a delete of a batch": (api, { rules }) => sync(api, { op: "delete", file_id: rules }),
  "another file in its place": (api, { sub, plain, name }) =>
    api.call("PATCH", `/files/${plain}`, { parent_id: sub, name, on_conflict: "replace" }),
  "an older version": (api, { rules }) => api.call("POST", `/files/${rules}/restore?version=1`),
};

for (const [place, name] of names.entries())
  (place === 0 ? test : longTest)(
    `links and uploaders cannot create, change or remove nodes named ${name}`,
    async () => {
      const guest = await join(`uploader${name}`);
      const box = await makeBox(`/strangers${name}`, name);
      await ok(owner, "POST", `/files/${box.box}/share`, { email: `uploader${name}@example.com`, role: "uploader" });
      const linkOf = async (role: string) =>
        new Api(server.url, (await ok(owner, "POST", `/files/${box.box}/share`, { link: true, role })).token);
      const [uploader, editor] = [await linkOf("uploader"), await linkOf("editor")];
      for (const [what, act] of Object.entries(puttingIn)) {
        for (const api of [guest, uploader, editor]) {
          const { body } = await act(api, box);
          assert.equal(body.code, "forbidden", `${what} ${JSON.stringify(body)}`);
        }
      }
      for (const [what, act] of Object.entries(changing)) {
        const { body } = await act(editor, box);
        assert.equal(body.code, "forbidden", `${what} ${JSON.stringify(body)}`);
      }
      const onTheWay = { path: `/${name}/folder`, kind: "folder", parents: true };
      assert.equal((await editor.call("POST", "/metadata", onTheWay)).body.code, "forbidden");
    },
  );

for (const name of names)
  longTest(`an account that is an editor writes ${name} in each of these ways`, async () => {
    const editor = await join(`editor${name}`);
    const { id } = await ok(owner, "POST", "/metadata", { path: `/edited${name}`, kind: "folder" });
    await ok(owner, "POST", `/files/${id}/share`, { email: `editor${name}@example.com`, role: "editor" });
    for (const [what, act] of Object.entries({ ...puttingIn, ...changing })) {
      const box = await makeBox(`/edited${name}/${what}`, name);
      const { status, body } = await act(editor, box);
      assert.ok(
        status === "committed" || (Number(status) < 300 && body.code === undefined),
        `${what} ${JSON.stringify(body)}`,
      );
    }
  });

test("an editor link can change files beside a git repository, but not in it", async () => {
  const { id: box } = await ok(owner, "POST", "/metadata", { path: "/code/app", kind: "folder", parents: true });
  await ok(owner, "POST", "/metadata", { path: "/code/app/.git/hooks", kind: "folder", parents: true });
  const { id: config } = (await owner.put("/code/app/.git/config", "[core]")).body;
  const hooks = await owner.idOf("/code/app/.git/hooks");
  const { id: main } = (await owner.put("/code/app/main.c", "main")).body;
  const link = await ok(owner, "POST", `/files/${box}/share`, { link: true, role: "editor" });
  const visitor = new Api(server.url, link.token);
  const refused = [
    await upload(visitor, `file_id=${config}`),
    await upload(visitor, `parent_id=${hooks}&name=post-checkout`),
    await visitor.call("PATCH", `/files/${main}`, { parent_id: hooks }),
    await visitor.call("PATCH", `/files/${config}`, { name: "other" }),
    await visitor.call("DELETE", `/files/${config}`),
  ];
  assert.deepEqual(
    refused.map(({ body }) => body.code),
    refused.map(() => "forbidden"),
  );
  assert.equal((await upload(visitor, `file_id=${main}`)).status, 200);
});

test("links and uploaders cannot add symbolic links, alone or within a folder", async () => {
  const guest = await join("carrier");
  const { box } = await makeBox("/drop", ".holdfastignore");
  await ok(owner, "POST", "/metadata", { path: "/drop/own link", kind: "symlink", target: "plain.txt" });
  await ok(owner, "POST", `/files/${box}/share`, { email: "carrier@example.com", role: "uploader" });
  const linkOf = async (role: string) =>
    new Api(server.url, (await ok(owner, "POST", `/files/${box}/share`, { link: true, role })).token);
  const [uploader, editor] = [await linkOf("uploader"), await linkOf("editor")];
  const symlink = { name: "anon-link", kind: "symlink", target: "/etc/passwd" };
  for (const api of [guest, uploader, editor]) {
    const made = await api.call("POST", "/metadata", { ...symlink, parent_id: box });
    assert.deepEqual([made.status, made.body.code], [403, "forbidden"]);
    const { body } = await sync(api, { op: "symlink", parent_id: box, name: "anon-link", target: "/etc/passwd" });
    assert.equal(body.code, "forbidden");
  }
  const ownLink = await owner.idOf("/drop/own link");
  assert.equal((await editor.call("POST", `/files/${ownLink}/copy`, { parent_id: box, name: "x" })).status, 403);

  const carry = async (path: string) =>
    (await guest.call("POST", `/files/${await guest.idOf(path)}/copy`, { parent_id: box })).status;
  await ok(guest, "POST", "/metadata", { path: "/l", kind: "symlink", target: "/etc/passwd" });
  await ok(guest, "POST", "/metadata", { path: "/with link/deep/l", kind: "symlink", target: "x", parents: true });
  await ok(guest, "POST", "/metadata", { path: "/repository/deep/.git", kind: "folder", parents: true });
  await ok(guest, "POST", "/metadata", { path: "/plain/deep", kind: "folder", parents: true });
  assert.equal((await guest.put("/plain/deep/file", "x")).status, 201);
  assert.deepEqual([await carry("/l"), await carry("/with link"), await carry("/repository")], [403, 403, 403]);
  assert.equal(await carry("/plain"), 201);
  const { items } = await ok(owner, "GET", `/folders/${box}/contents?recursive=true`);
  assert.deepEqual(items.map((node: { path: string }) => node.path.slice("/drop/".length)).toSorted(), [
    "own link",
    "plain",
    "plain.txt",
    "plain/deep",
    "plain/deep/file",
    "sub",
    "sub/.holdfastignore",
  ]);
});

test("an app password for a folder can write the ignore file there", async () => {
  const { box } = await makeBox("/app", ".holdfastignore");
  const request = { name: "camera", scopes: ["files:read", "files:write"], folder_id: box };
  const { app_password } = await ok(owner, "POST", "/tokens/app-passwords", {
    ...request,
    password: administrator.password,
  });
  const app = Api.withBasic(server.url, administrator.email, app_password);
  assert.equal((await app.put("/.holdfastignore", "*")).status, 201);
});
