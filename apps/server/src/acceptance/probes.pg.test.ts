import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { after, before, describe, test } from "node:test";
import { Api, makeFolder, ok, removeFolder, type RunningServer, startServer } from "./testing.ts";

describe("Responses that could disclose hidden nodes", () => {
  let folder: string;
  let server: RunningServer;
  let owner: Api;
  let editor: Api;
  let other: Api;
  let admin: Api;

  before(async () => {
    folder = makeFolder("probes");
    server = await startServer({ dataFolder: `${folder}/data` });
    admin = await Api.signIn(server.url);
    const join = async (name: string) => {
      const account = { email: `${name}@example.com`, password: `the password of ${name}` };
      await ok(admin, "POST", "/admin/users", { ...account, name });
      return Api.signIn(server.url, account);
    };
    owner = await join("owner");
    editor = await join("editor");
    other = await join("other");
  });

  after(async () => {
    await server?.stop();
    removeFolder(folder);
  });

  const mkdir = async (path: string) =>
    (await ok(owner, "POST", "/metadata", { path, kind: "folder", parents: true })).id as string;
  const put = async (api: Api, path: string) => {
    const answer = await api.put(path, "x");
    assert.ok(answer.status < 300, `put ${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
    return answer.body.id as string;
  };
  const share = (node: string, role: string) =>
    ok(owner, "POST", `/files/${node}/share`, { email: "editor@example.com", role });
  const delta = async (api: Api, operation: object) => {
    const operation_id = randomBytes(16).toString("hex");
    return (await ok(api, "POST", "/sync/delta", { operations: [{ operation_id, ...operation }] })).results[0];
  };

  test("cursors of hidden nodes give no access and the same response as unknown ones", async () => {
    const top = await mkdir("/walked");
    const hidden = await mkdir("/walked/hidden");
    const inner = await mkdir("/walked/hidden/inner");
    const secrets = [
      await put(owner, "/walked/hidden/inner/a secret"),
      await put(owner, "/walked/hidden/inner/b secret"),
    ];
    await share(top, "viewer");
    await share(hidden, "uploader");
    await ok(editor, "POST", "/mounts", { node_id: top });
    const cursorOf = (...position: unknown[]) => Buffer.from(JSON.stringify(position)).toString("base64url");
    const digest = createHash("sha256").update(hidden).digest().toString("base64url", 0, 16);
    const { token } = await ok(editor, "GET", "/changes/start_token");
    const unknown = top.replace(/.{12}$/, "000000000000");
    const ways = {
      list: (at: string) => `/folders/${top}/contents?recursive=true&limit=1&cursor=${at}`,
      snapshot: (at: string) => `/changes/snapshot?limit=1&cursor=${cursorOf(token, null, top, at)}`,
      "search for what is there": (at: string) => `/search?q=secret&in=${top}&limit=1&cursor=${cursorOf(top, at)}`,
      "search for what is not": (at: string) => `/search?q=nothing&in=${top}&limit=1&cursor=${cursorOf(top, at)}`,
    };
    for (const [way, path] of Object.entries(ways)) {
      const pages: string[] = [];
      for (const listed of [inner, unknown]) {
        const { items, next_cursor: next } = await ok(
          editor,
          "GET",
          path(cursorOf(hidden, hidden, digest, listed, null)),
        );
        pages.push(JSON.stringify([items, next]));
        for (const id of secrets) assert.ok(!deciphered(next).includes(id), `${way}: the cursor names ${id}`);
      }
      assert.equal(pages[0], pages[1], way);
    }
  });

  test("nodes brought into a write-only folder are returned under the requested name", async () => {
    const top = await mkdir("/brought");
    const box = await mkdir("/brought/box");
    await share(top, "editor");
    await share(box, "uploader");
    let made = 0;
    const make = {
      file: async () => put(owner, `/brought/file ${(made += 1)}`),
      folder: async () => mkdir(`/brought/folder ${(made += 1)}`),
      own: async () => put(editor, `/own ${(made += 1)}`),
    };
    const trashed = async (id: string) => {
      await ok(owner, "DELETE", `/files/${id}`);
      return id;
    };
    const revive = async (op: object) => (await delta(editor, { ...op, parent_id: box, name, revive: true })).node;
    const name = "taken";
    const into = { parent_id: box, name };
    const ways: Record<string, () => Promise<{ name: string }>> = {
      "a copy": async () => ok(editor, "POST", `/files/${await make.file()}/copy`, into),
      "a copy of a folder": async () => ok(editor, "POST", `/files/${await make.folder()}/copy`, into),
      "a copy of one's own": async () => ok(editor, "POST", `/files/${await make.own()}/copy`, into),
      "a move": async () => ok(editor, "PATCH", `/files/${await make.file()}`, into),
      "a move of a folder": async () => ok(editor, "PATCH", `/files/${await make.folder()}`, into),
      "out of the trash": async () => {
        const id = await make.file();
        await ok(owner, "PATCH", `/files/${id}`, { name });
        return ok(editor, "POST", `/trash/${await trashed(id)}/restore`, { parent_id: box });
      },
      "out of the trash, renamed": async () => {
        const id = await make.file();
        await ok(owner, "PATCH", `/files/${id}`, { name });
        return ok(editor, "POST", `/trash/${await trashed(id)}/restore`, { parent_id: box, on_conflict: "rename" });
      },
      "a move out of the trash": async () => revive({ op: "move", file_id: await trashed(await make.file()) }),
      "a content for what is in the trash": async () => {
        const id = await make.file();
        const { version_id: base_version } = await ok(owner, "GET", `/files/${id}`);
        return revive({ op: "put", file_id: await trashed(id), base_version, size: 0, blocks: [] });
      },
    };
    await put(owner, "/brought/box/taken");
    const stored = async (): Promise<number> => (await ok(owner, "GET", `/folders/${box}/contents`)).items.length;
    for (const [way, bring] of Object.entries(ways)) {
      const count = await stored();
      assert.equal((await bring()).name, name, way);
      assert.equal(await stored(), count + 1, way);
    }
  });

  test("a path through a hidden folder is rejected as a taken name, and does not affect other operations", async () => {
    const top = await mkdir("/by path");
    const hidden = await mkdir("/by path/hidden");
    const inner = await mkdir("/by path/hidden/inner");
    await share(top, "editor");
    await share(hidden, "uploader");
    await ok(editor, "POST", "/mounts", { node_id: top });
    for (const path of ["/by path/hidden/inner", "/by path/hidden/none", "/by path/hidden/none/x"]) {
      const { status, body } = await editor.call("POST", "/metadata", { path, kind: "folder", parents: true });
      const text = JSON.stringify(body);
      assert.deepEqual([status, body.code, body.detail], [409, "exists", "This name is taken."], `${path}: ${text}`);
      assert.ok(!text.includes(hidden) && !text.includes(inner), text);
    }
    await ok(editor, "POST", "/metadata", { path: "/by path/free/x", kind: "folder", parents: true });
    assert.deepEqual(
      (await ok(owner, "GET", `/folders/${top}/contents?recursive=true`)).items
        .map(({ path }: { path: string }) => path)
        .toSorted(),
      ["/by path/free", "/by path/free/x", "/by path/hidden", "/by path/hidden/inner"],
    );
  });

  test("folders created on a path in a write-only folder get the requested names if free", async () => {
    const box = await mkdir("/box by path");
    await mkdir("/box by path/taken");
    const { token } = await ok(owner, "POST", `/files/${box}/share`, { link: true, role: "uploader" });
    const link = new Api(server.url, token);
    for (const name of ["taken", "free"]) {
      const made = await ok(link, "POST", "/metadata", { path: `/${name}/inside`, kind: "folder", parents: true });
      assert.deepEqual([made.name, made.path, made.parent_id], ["inside", "/", null], name);
    }
    assert.deepEqual(
      (await ok(owner, "GET", `/folders/${box}/contents?recursive=true`)).items
        .map(({ path }: { path: string }) => path.slice("/box by path/".length))
        .toSorted(),
      ["free", "free/inside", "taken", "taken (2)", "taken (2)/inside"],
    );
  });

  test("a token needs both the account and the files:read scope to create a webhook", async () => {
    const hook = { url: "https://example.com/", secret: "of a stranger", events: ["created"] };
    for (const [scopes, expected] of [
      [["account"], 403],
      [["files:read"], 403],
      [["account", "files:read"], 201],
    ] as const) {
      const { token } = await ok(owner, "POST", "/tokens", { name: "narrow", scopes });
      const { status, body } = await new Api(server.url, token).call("POST", "/webhooks", hook);
      assert.equal(status, expected, `${scopes.join()}: ${JSON.stringify(body)}`);
    }
  });

  test("shares by an editor never lower the access of others", async () => {
    const { id: third } = await ok(other, "GET", "/account");
    const group = await ok(admin, "POST", "/groups", { name: "all" });
    for (const api of [owner, editor, other]) {
      const { id } = await ok(api, "GET", "/account");
      await ok(admin, "PUT", `/groups/${group.id}/members/${id}`, { role: "member" });
    }
    const top = await mkdir("/kept rights");
    await ok(owner, "POST", `/files/${top}/share`, { group_id: group.id, role: "editor" });
    const ways = {
      "to the person below": { to: { user_id: third }, at: await mkdir("/kept rights/a") },
      "to the group below": { to: { group_id: group.id }, at: await mkdir("/kept rights/b") },
      "to the person, who has it by a group": { to: { user_id: third }, at: top },
    };
    const file = await put(owner, "/kept rights/a/f");
    for (const [way, { to, at }] of Object.entries(ways)) {
      for (const role of ["uploader", "viewer"]) {
        await ok(editor, "POST", `/files/${at}/share`, { ...to, role });
        assert.equal((await ok(other, "GET", `/files/${at}`)).role, "editor", `${way}, ${role}`);
        await ok(other, "PATCH", `/files/${file}`, { name: `${way} ${role}` });
        assert.equal((await ok(other, "GET", `/folders/${top}/contents`)).items.length, 2, `${way}, ${role}`);
      }
    }
  });

  test("links and shares by an editor give no access to folders that the owner hides from the editor", async () => {
    const editorId = (await ok(editor, "GET", "/account")).id;
    const otherId = (await ok(other, "GET", "/account")).id;
    const top = await mkdir("/partly");
    const kept = await mkdir("/partly/kept");
    const secret = await put(owner, "/partly/kept/secret");
    const seen = await put(owner, "/partly/seen");
    await ok(owner, "POST", `/files/${top}/share`, { user_id: editorId, role: "editor" });
    const byLink = async () => (await ok(editor, "POST", `/files/${top}/share`, { link: true, role: "viewer" })).token;
    const link = new Api(server.url, await byLink());
    await ok(editor, "POST", `/files/${top}/share`, { user_id: otherId, role: "viewer" });
    for (const api of [link, other]) await ok(api, "GET", `/files/${secret}`);
    const lowered = await ok(owner, "POST", `/files/${kept}/share`, { user_id: editorId, role: "uploader" });
    for (const id of [secret, kept, seen, top]) {
      assert.equal((await link.call("GET", `/files/${id}`)).status, 401);
      assert.equal((await other.call("GET", `/files/${id}`)).status, 404);
    }
    for (const given of [{ link: true }, { user_id: otherId }]) {
      const { status, body } = await editor.call("POST", `/files/${top}/share`, { ...given, role: "viewer" });
      assert.deepEqual(
        [status, /You have fewer permissions on something in this folder/.test(body.detail)],
        [403, true],
        body.detail,
      );
    }
    await ok(editor, "POST", `/files/${seen}/share`, { user_id: otherId, role: "viewer" });
    await ok(other, "GET", `/files/${seen}`);
    await ok(owner, "PATCH", `/permissions/${lowered.id}`, { role: "viewer" });
    const again = new Api(server.url, await byLink());
    await ok(again, "GET", `/files/${secret}`);
    const asEditor = await editor.call("POST", `/files/${top}/share`, { link: true, role: "editor" });
    assert.equal(asEditor.status, 403);
  });

  test("guessing addresses by ownership offers is limited like searching for people", async () => {
    const file = await ok(editor, "POST", "/metadata", { path: "/on offer", kind: "folder" });
    const ask = {
      offer: (email: string) => editor.call("POST", `/files/${file.id}/transfer`, { email }),
      look: (email: string) => editor.call("GET", `/users?q=${email}`),
    };
    const answers: string[] = [];
    for (let index = 0; index < 12; index += 1) {
      const { status } = await ask.offer(`nobody${index}@example.com`);
      answers.push(String(status));
    }
    assert.deepEqual([...new Set(answers)], ["422", "429"], answers.join(" "));
    for (const [way, call] of Object.entries(ask)) {
      for (const email of ["owner@example.com", "nobody@example.com"]) {
        const { status, body } = await call(email);
        assert.equal(status, 429, `${way} ${email}: ${JSON.stringify(body)}`);
      }
    }
  });
});

/** Cursor with all cursors inside it. */
function deciphered(cursor: string | null): string {
  const text = Buffer.from(cursor ?? "", "base64url").toString();
  return text + (text.match(/[\w-]{40,}/g) ?? []).map((inner) => Buffer.from(inner, "base64url").toString()).join("");
}
