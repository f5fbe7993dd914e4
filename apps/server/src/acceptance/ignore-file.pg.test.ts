import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { after, before, test } from "node:test";
import { administrator, Api, makeFolder, ok, removeFolder, type RunningServer, startServer } from "./testing.ts";

const folder = makeFolder("ignore-file");
const name = ".holdfastignore";
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

const upload = (api: Api, query: string) =>
  api.call("POST", `/files/upload?uploadType=media&${query}`, undefined, { body: "*", headers: bytes });
const bytes = { "content-type": "application/octet-stream" };
const sync = async (api: Api, operation: object) => {
  const operations = [{ operation_id: randomBytes(16).toString("hex"), ...operation }];
  const { results } = await ok(api, "POST", "/sync/delta", { operations });
  return { status: results[0].status, body: { ...results[0], code: results[0].code } };
};

/** A shared folder with files, before anybody writes a rule in it. */
async function makeBox(path: string) {
  const { id: box } = await ok(owner, "POST", "/metadata", { path, kind: "folder" });
  const { id: sub } = await ok(owner, "POST", "/metadata", { path: `${path}/sub`, kind: "folder" });
  const put = async (file: string) => (await owner.put(`${path}/${file}`, "one")).body.id as string;
  const [plain, rules] = [await put("plain.txt"), await put(`sub/${name}`)];
  await owner.put(`${path}/sub/${name}`, "two", "&on_conflict=replace");
  return { box, sub, plain, rules };
}
type Box = Awaited<ReturnType<typeof makeBox>>;

const puttingIn: Readonly<
  Record<string, (api: Api, box: Box) => Promise<{ status: unknown; body: { code?: unknown } }>>
> = {
  "an upload by name": (api, { box }) => upload(api, `parent_id=${box}&name=${name}`),
  "a name that a filesystem may take for it": (api, { box }) => upload(api, `parent_id=${box}&name=.HoldfastIgnore`),
  "an upload that takes another name": (api, { box }) =>
    upload(api, `parent_id=${box}&name=${name}&on_conflict=rename`),
  "a put of a batch": (api, { box }) => sync(api, { op: "put", parent_id: box, name, size: 0, blocks: [] }),
  "a folder": (api, { box }) => api.call("POST", "/metadata", { parent_id: box, name, kind: "folder" }),
  "a symbolic link": (api, { box }) => sync(api, { op: "symlink", parent_id: box, name, target: "x" }),
};

const changing: typeof puttingIn = {
  "a new name": (api, { plain }) => api.call("PATCH", `/files/${plain}`, { name }),
  "a move": (api, { rules, box }) => api.call("PATCH", `/files/${rules}`, { parent_id: box }),
  "a copy": (api, { plain, box }) => api.call("POST", `/files/${plain}/copy`, { parent_id: box, name }),
  "a copy that keeps its name": (api, { rules, box }) => api.call("POST", `/files/${rules}/copy`, { parent_id: box }),
  "another content by name": (api, { sub }) => upload(api, `parent_id=${sub}&name=${name}&on_conflict=replace`),
  "another content": (api, { rules }) => upload(api, `file_id=${rules}`),
  "a name that is no rule": (api, { rules }) => api.call("PATCH", `/files/${rules}`, { name: "none" }),
  "a move away": (api, { rules, box }) => api.call("PATCH", `/files/${rules}`, { parent_id: box, name: "none" }),
  "the trash": (api, { rules }) => api.call("DELETE", `/files/${rules}`),
  "a delete of a batch": (api, { rules }) => sync(api, { op: "delete", file_id: rules }),
  "another file in its place": (api, { sub, plain }) =>
    api.call("PATCH", `/files/${plain}`, { parent_id: sub, name, on_conflict: "replace" }),
  "an older version": (api, { rules }) => api.call("POST", `/files/${rules}/restore?version=1`),
};

test("links and uploaders give no node the name of the ignore file, and change and remove none", async () => {
  const guest = await join("uploader");
  const box = await makeBox("/strangers");
  await ok(owner, "POST", `/files/${box.box}/share`, { email: "uploader@example.com", role: "uploader" });
  const linkOf = async (role: string) =>
    new Api(server.url, (await ok(owner, "POST", `/files/${box.box}/share`, { link: true, role })).token);
  const [uploader, editor] = [await linkOf("uploader"), await linkOf("editor")];
  for (const [what, act] of Object.entries(puttingIn)) {
    for (const api of [guest, uploader, editor])
      assert.equal((await act(api, box)).body.code, "forbidden", `${what} ${JSON.stringify(await act(api, box))}`);
  }
  for (const [what, act] of Object.entries(changing)) {
    const { body } = await act(editor, box);
    assert.equal(body.code, "forbidden", `${what} ${JSON.stringify(body)}`);
  }
  const onTheWay = { path: `/${name}/folder`, kind: "folder", parents: true };
  assert.equal((await editor.call("POST", "/metadata", onTheWay)).body.code, "forbidden");
});

test("an account that is an editor writes the ignore file in each of these ways", async () => {
  const editor = await join("editor");
  for (const [what, act] of Object.entries({ ...puttingIn, ...changing })) {
    const box = await makeBox(`/${what}`);
    await ok(owner, "POST", `/files/${box.box}/share`, { email: "editor@example.com", role: "editor" });
    const { status, body } = await act(editor, box);
    assert.ok(
      status === "committed" || (Number(status) < 300 && body.code === undefined),
      `${what} ${JSON.stringify(body)}`,
    );
  }
});

test("an app password that is held in a folder is its account, and writes the ignore file there", async () => {
  const { box } = await makeBox("/app");
  const request = { name: "camera", scopes: ["files:read", "files:write"], folder_id: box };
  const { app_password } = await ok(owner, "POST", "/tokens/app-passwords", {
    ...request,
    password: administrator.password,
  });
  const app = Api.withBasic(server.url, administrator.email, app_password);
  assert.equal((await app.put(`/${name}`, "*")).status, 201);
});
