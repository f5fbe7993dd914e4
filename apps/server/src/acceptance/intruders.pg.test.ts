import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { after, before, describe, test } from "node:test";
import { isLongTier } from "@holdfast/tools/tiers";
import { Api, eventually, makeFolder, ok, removeFolder, type RunningServer, startServer } from "./testing.ts";

describe("Access beyond a permission", () => {
  let folder: string;
  let server: RunningServer;
  let admin: Api;
  let owner: Api;
  let editor: Api;
  let third: Api;
  let late: Api;

  before(async () => {
    folder = makeFolder("intruders");
    server = await startServer({ dataFolder: `${folder}/data` });
    admin = await Api.signIn(server.url);
    const join = async (name: string) => {
      const account = { email: `${name}@example.com`, password: `the password of ${name}` };
      const made = await admin.call("POST", "/admin/users", { ...account, name });
      assert.equal(made.status, 201, JSON.stringify(made.body));
      return Api.signIn(server.url, account);
    };
    owner = await join("owner");
    editor = await join("editor");
    third = await join("third");
    late = await join("late");
  });

  after(async () => {
    await server?.stop();
    removeFolder(folder);
  });

  const mkdir = async (path: string) =>
    (await ok(owner, "POST", "/metadata", { path, kind: "folder", parents: true })).id as string;
  const put = async (path: string, content: string) => {
    const answer = await owner.put(path, content);
    assert.ok(answer.status < 300, `put ${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
    return answer.body.id as string;
  };
  const putIn = (api: Api, parent: string, name: string, content: string) =>
    api.call("POST", `/files/upload?uploadType=media&parent_id=${parent}&name=${name}`, undefined, {
      body: content,
      headers: { "content-type": "application/octet-stream" },
    });
  const share = (api: Api, node: string, role: string, who: string, more: object = {}) =>
    ok(api, "POST", `/files/${node}/share`, { email: `${who}@example.com`, role, ...more });
  const statusOf = async (api: Api, id: string) => (await api.call("GET", `/files/${id}`)).status;
  const ends = (what: string, api: Api, id: string) =>
    eventually(what, 60_000, async () => ((await statusOf(api, id)) === 404 ? true : undefined));
  const delta = async (api: Api, operation: object) => {
    const operation_id = randomBytes(16).toString("hex");
    return (await ok(api, "POST", "/sync/delta", { operations: [{ operation_id, ...operation }] })).results[0];
  };

  test("uploading other bytes under a hash does not give access to its block", async () => {
    const top = await mkdir("/claimed");
    const secret = "known to the owner alone";
    await put("/claimed secret.txt", secret);
    await share(owner, top, "editor", "editor");
    const hash = createHash("sha256").update(secret).digest("hex");
    const wrong = await editor.call("PUT", `/chunks/${hash}?into=${top}`, undefined, {
      body: "of another content......",
    });
    assert.equal(wrong.status, 422, JSON.stringify(wrong.body));
    const asked = await ok(editor, "POST", "/blocks/query", { hashes: [hash], into: top });
    assert.deepEqual(asked.missing, [hash]);
    const blocks = [{ hash, size: secret.length }];
    const stolen = await delta(editor, { op: "put", parent_id: top, name: "stolen", size: secret.length, blocks });
    assert.deepEqual([stolen.status, stolen.missing_blocks], ["missing", [hash]]);
  });

  test("a trashed shared folder is hidden from its editors, who cannot restore it", async () => {
    const top = await mkdir("/trashed whole");
    const elsewhere = await mkdir("/elsewhere");
    const file = await put("/trashed whole/f.txt", "gone");
    await share(owner, top, "editor", "editor");
    await share(owner, elsewhere, "editor", "editor");
    await ok(owner, "DELETE", `/files/${top}`);
    for (const id of [top, file]) assert.equal(await statusOf(editor, id), 404);
    assert.equal((await editor.call("GET", `/files/${file}/download`)).status, 404);
    const restored = await editor.call("POST", `/trash/${top}/restore`, { parent_id: elsewhere });
    assert.ok(restored.status >= 400, JSON.stringify(restored.body));
    assert.notEqual((await ok(owner, "GET", `/files/${top}`)).trashed_at, null);
  });

  test("restoring a file requires an editor of the folder that it was deleted from", async () => {
    const read = await mkdir("/only read");
    const written = await mkdir("/also written");
    const file = await put("/only read/f.txt", "given by itself");
    await share(owner, read, "viewer", "editor");
    await share(owner, written, "editor", "editor");
    await share(owner, file, "editor", "editor");
    await ok(owner, "DELETE", `/files/${file}`);
    const restored = await editor.call("POST", `/trash/${file}/restore`, { parent_id: written });
    assert.equal(restored.status, 403, JSON.stringify(restored.body));
    const { version_id: base_version } = await ok(owner, "GET", `/files/${file}`);
    const content = { size: 0, blocks: [], base_version, revive: true };
    const revived = await delta(editor, { op: "put", file_id: file, parent_id: written, name: "mine", ...content });
    assert.deepEqual([revived.status, revived.code], ["error", "forbidden"], JSON.stringify(revived));
    assert.notEqual((await ok(owner, "GET", `/files/${file}`)).trashed_at, null);
  });

  test("an editor's trash shows only deletions in the folder since it was shared", async () => {
    const top = await mkdir("/with trash");
    await mkdir("/with trash/low/lower");
    const hidden = await mkdir("/with trash/hidden");
    const paths = ["early", "b", "low/lower/deep", "hidden/h", "../other trash"];
    const ids = new Map<string, string>();
    for (const path of paths) ids.set(path, await put(`/with trash/${path}`.replace("/with trash/../", "/"), path));
    const discard = (path: string) => ok(owner, "DELETE", `/files/${ids.get(path)}`);
    await discard("early");
    await share(owner, top, "editor", "editor");
    await share(owner, hidden, "uploader", "editor");
    for (const path of ["low/lower/deep", "hidden/h", "../other trash", "b"]) await discard(path);
    const names: string[] = [];
    let cursor: string | null = null;
    do {
      const more: string = cursor === null ? "" : `&cursor=${cursor}`;
      const page = await ok(editor, "GET", `/trash?in=${top}&limit=1${more}`);
      names.push(page.items.map((item: { name: string }) => item.name).join());
      cursor = page.next_cursor;
      const text = Buffer.from(cursor ?? "", "base64url").toString("latin1");
      for (const id of ids.values()) assert.ok(!text.includes(id), `the cursor names ${id}`);
    } while (cursor !== null && names.length < 9);
    assert.deepEqual(names, ["b", "deep"]);
    assert.equal((await late.call("GET", `/trash?in=${top}`)).status, 404);
    await share(owner, top, "viewer", "late");
    assert.equal((await late.call("GET", `/trash?in=${top}`)).status, 403);
    const own = (await ok(owner, "GET", `/trash?in=${top}`)).items.map((item: { name: string }) => item.name);
    assert.deepEqual(own, ["b", "h", "deep", "early"]);
  });

  test("lists and their cursors do not disclose hidden folders", async () => {
    const top = await mkdir("/listed in part");
    const hidden = await mkdir("/listed in part/b secret name");
    for (const name of ["a", "c"]) await put(`/listed in part/${name}`, name);
    await put("/listed in part/b secret name/deep", "deep");
    await share(owner, top, "viewer", "editor");
    await share(owner, hidden, "uploader", "editor");
    for (const query of ["limit=1", "limit=1&sort=-created_at", "limit=1&recursive=true"]) {
      const pages: string[] = [];
      let cursor: string | null = null;
      do {
        const more: string = cursor === null ? "" : `&cursor=${cursor}`;
        const page = await ok(editor, "GET", `/folders/${top}/contents?${query}${more}`);
        pages.push(page.items.map((item: { name: string }) => item.name).join());
        cursor = page.next_cursor;
        const text = Buffer.from(cursor ?? "", "base64url").toString();
        assert.ok(!text.includes("secret") && !text.includes(hidden), text);
      } while (cursor !== null && pages.length < 9);
      assert.deepEqual(pages.filter((name) => name !== "").toSorted(), ["a", "c"], query);
      if (!query.includes("recursive")) assert.equal(pages.length, 2, query);
    }
  });

  test("a name conflict with a hidden folder does not disclose the folder", async () => {
    const top = await mkdir("/named");
    const hidden = await mkdir("/named/Hidden Name");
    const own = await put("/named/own.txt", "own");
    await share(owner, top, "editor", "editor");
    await share(owner, hidden, "uploader", "editor");
    const name = "Hidden Name";
    const place = { parent_id: top, name };
    const answers = [
      await putIn(editor, top, name, "x"),
      await editor.call("POST", "/files/upload?uploadType=resumable", place),
      await editor.call("POST", "/metadata", { ...place, kind: "folder" }),
      await editor.call("POST", "/metadata", { ...place, kind: "symlink", target: "x" }),
      await editor.call("PATCH", `/files/${own}`, { name }),
      await editor.call("POST", `/files/${own}/copy`, place),
    ];
    for (const [index, { status, body }] of answers.entries()) {
      const text = JSON.stringify(body);
      // An upload in pieces is refused only at its end.
      assert.equal(status, index === 1 ? 200 : 409, `${index}: ${text}`);
      assert.ok(!text.includes("folder") && !text.includes(hidden), `${index}: ${text}`);
    }
  });

  test("permissions granted by an editor stay under the editor's control, and never outlast the editor's own", async () => {
    const top = await mkdir("/given on");
    const soon = new Date(Date.now() + 3_600_000).toISOString();
    const via = await share(owner, top, "editor", "editor", { expires_at: soon });
    const file = await put("/given on/f.txt", "f");
    const given = await share(editor, file, "viewer", "third");
    const later = new Date(Date.now() + 7_200_000).toISOString();
    for (const [method, path] of [
      ["PATCH", `/permissions/${given.id}`],
      ["POST", `/files/${file}/share`],
    ] as const)
      for (const expires_at of [null, later]) {
        const more = method === "POST" ? { email: "third@example.com" } : {};
        const { expires_at: until } = await ok(editor, method, path, { role: "viewer", expires_at, ...more });
        assert.equal(Date.parse(until), Date.parse(via.expires_at), `${method} ${expires_at}`);
      }
    await ok(owner, "PATCH", `/permissions/${via.id}`, { expires_at: new Date(Date.now() + 60_000).toISOString() });
    const [first] = (await ok(owner, "GET", `/files/${file}/permissions`)).items;
    assert.ok(Date.parse(first.expires_at) <= Date.now() + 60_000, "it lasts longer than what it came by");
    await ok(owner, "PATCH", `/files/${top}`, { editors_can_share: false });
    const raised = await editor.call("PATCH", `/permissions/${given.id}`, { role: "editor" });
    assert.equal(raised.status, 403, JSON.stringify(raised.body));
  });

  test("permissions granted by an editor end when the editor leaves the group or the node moves away", async () => {
    const group = await ok(admin, "POST", "/groups", { name: "editors" });
    const { id: userId } = await ok(editor, "GET", "/account");
    const { id: ownerId } = await ok(owner, "GET", "/account");
    for (const id of [userId, ownerId]) await ok(admin, "PUT", `/groups/${group.id}/members/${id}`, { role: "member" });
    const top = await mkdir("/of the group");
    const kept = await put("/of the group/kept.txt", "kept");
    const moved = await put("/of the group/moved.txt", "moved");
    await ok(owner, "POST", `/files/${top}/share`, { group_id: group.id, role: "editor" });
    for (const id of [kept, moved]) await share(editor, id, "viewer", "third");
    for (const id of [kept, moved]) assert.equal(await statusOf(third, id), 200);
    await ok(owner, "PATCH", `/files/${moved}`, { parent_id: "root" });
    await ends("what was moved away ends", third, moved);
    assert.equal(await statusOf(third, kept), 200);
    await ok(admin, "DELETE", `/groups/${group.id}/members/${userId}`);
    await ends("what somebody gave who left the group ends", third, kept);
  });

  test("an upload URL ends with the permission on its folder, even if another folder is still shared", async () => {
    const [top, beside] = [await mkdir("/signed"), await mkdir("/signed beside")];
    await share(owner, beside, "editor", "late");
    const { id } = await share(owner, top, "editor", "late");
    const { token, ...made } = await ok(owner, "POST", `/files/${top}/share`, { link: true, role: "editor" });
    const addressFor = async (api: Api, body: string) => {
      const hash = createHash("sha256").update(body).digest("hex");
      return (await ok(api, "POST", "/blocks/upload-url", { hash, size: body.length, into: top })).url as string;
    };
    const link = new Api(server.url, token);
    const changes = [
      ["lowered", late, () => ok(owner, "PATCH", `/permissions/${id}`, { role: "viewer" })],
      ["taken away", late, () => ok(owner, "DELETE", `/permissions/${id}`)],
      ["a link's, lowered", link, () => ok(owner, "PATCH", `/permissions/${made.id}`, { role: "viewer" })],
    ] as const;
    for (const [what, api, end] of changes) {
      if (what === "taken away") await ok(owner, "PATCH", `/permissions/${id}`, { role: "editor" });
      const [good, tooLate] = [`in time: ${what}`, `too late: ${what}`];
      const [first, second] = [await addressFor(api, good), await addressFor(api, tooLate)];
      assert.equal((await fetch(first, { method: "PUT", body: good })).status, 201, what);
      await end();
      const sent = await fetch(second, { method: "PUT", body: tooLate });
      assert.equal(sent.status, 401, `${what}: ${await sent.text()}`);
    }
  });

  test("a mount cannot be created in another owner's space", async () => {
    const [top, target] = [await mkdir("/not for mounts"), await mkdir("/to mount")];
    await share(owner, top, "editor", "editor");
    await share(owner, target, "viewer", "editor");
    const refused = await editor.call("POST", "/mounts", { node_id: target, parent_id: top });
    assert.equal(refused.status, 422, JSON.stringify(refused.body));
    assert.deepEqual((await ok(owner, "GET", `/folders/${top}/contents`)).items, []);
  });

  test("activity omits hidden nodes and deletions before the share", async () => {
    const top = await mkdir("/told");
    const [early, hidden] = [await put("/told/gone before", "x"), await mkdir("/told/hidden one")];
    const during = await put("/told/gone since", "x");
    await ok(owner, "DELETE", `/files/${early}`);
    await share(owner, top, "viewer", "editor");
    await share(owner, hidden, "uploader", "editor");
    await ok(owner, "DELETE", `/files/${hidden}`);
    await ok(owner, "DELETE", `/files/${during}`);
    const { items } = await ok(editor, "GET", `/activity?in=${top}&limit=100`);
    const names = items.map(
      (item: { verb: string; count: number; node: { name: string } }) => `${item.verb} ${item.node.name} ${item.count}`,
    );
    assert.deepEqual(
      names.filter((name: string) => name.startsWith("trashed")),
      ["trashed gone since 1"],
    );
  });

  test("the owner's mounts and earlier trash in a shared folder are hidden from others", async () => {
    const [top, lent] = [
      await mkdir("/with a mount"),
      await ok(late, "POST", "/metadata", { path: "/lent", kind: "folder" }),
    ];
    await share(late, lent.id, "viewer", "owner");
    const [old, renamed] = [await put("/with a mount/old secret", "x"), await put("/with a mount/secret name", "x")];
    await ok(owner, "DELETE", `/files/${old}`);
    await ok(owner, "PATCH", `/files/${renamed}`, { name: "told name" });
    await share(owner, top, "viewer", "editor");
    await ok(editor, "POST", "/mounts", { node_id: top });
    const { token } = await ok(editor, "GET", "/changes/start_token");
    const mount = await ok(owner, "POST", "/mounts", { node_id: lent.id, parent_id: top });
    await ok(owner, "PATCH", `/files/${mount.id}`, { name: "whose it is" });
    await ok(owner, "DELETE", `/files/${mount.id}`);
    await ok(owner, "DELETE", `/trash/${old}`);
    const last = await put("/with a mount/last", "x");
    const told: { id: string }[] = [];
    let [since, more] = [token, true];
    while (more) {
      const page = await ok(editor, "GET", `/changes/list?since_token=${since}`);
      told.push(...page.changes);
      [since, more] = [page.next_token, page.has_more];
    }
    const ids = new Set(told.map(({ id }) => id));
    assert.deepEqual([ids.has(last), ids.has(mount.id), ids.has(old)], [true, false, false], "the feed");
    const { items } = await ok(editor, "GET", `/activity?in=${top}&limit=100`);
    const text = JSON.stringify(items);
    for (const secret of [mount.id, old, "whose it is", "lent", "old secret", "secret name"]) {
      assert.ok(!text.includes(secret), `the activity tells ${secret}: ${text}`);
    }
    const own = JSON.stringify((await ok(owner, "GET", `/activity?in=${top}&limit=100`)).items);
    assert.ok(
      own.includes("old secret") && own.includes("secret name") && own.includes("lent"),
      `the owner is told: ${own}`,
    );
  });

  test("uploads to a write-only folder get the same response for every existing name and conflict option", async () => {
    const top = await mkdir("/box");
    const names = { file: "taken.txt", folder: "taken", symlink: "taken link" };
    await put("/box/taken.txt", "x");
    await mkdir("/box/taken");
    await ok(owner, "POST", "/metadata", { path: "/box/taken link", kind: "symlink", target: "x" });
    await share(owner, top, "uploader", "late");
    const { token } = await ok(owner, "POST", `/files/${top}/share`, { link: true, role: "uploader" });
    const told = ({ status, body }: { status: number; body: Record<string, unknown> }, name: string) => {
      const text = JSON.stringify(body, (field, value: unknown) =>
        /^(id|version_id|revision|seq|.*_at|operation_id|epoch|next_token|upload_id|request_id)$/.test(field)
          ? ""
          : value,
      );
      return `${status} ${text.replaceAll(name, "NAME")}`;
    };
    for (const [row, [who, api]] of Object.entries({ account: late, link: new Api(server.url, token) }).entries()) {
      for (const [column, on_conflict] of [undefined, "rename", "replace", "fail"].entries()) {
        const more = on_conflict === undefined ? {} : { on_conflict };
        const query = on_conflict === undefined ? "" : `&on_conflict=${on_conflict}`;
        for (const [layer, taken] of Object.values(names).entries()) {
          // The gate runs half of them, with each pair of the three.
          if (!isLongTier && (row + column + layer) % 2 === 1) continue;
          const ways: Record<string, (name: string) => Promise<{ status: number; body: Record<string, unknown> }>> = {
            media: (name) => putIn(api, top, `${encodeURIComponent(name)}${query}`, "x"),
            folder: (name) => api.call("POST", "/metadata", { parent_id: top, name, kind: "folder", ...more }),
            symlink: (name) =>
              api.call("POST", "/metadata", { parent_id: top, name, kind: "symlink", target: "x", ...more }),
            ...Object.fromEntries(
              ["put", "mkdir", "symlink"].map((op) => [
                `delta ${op}`,
                (name: string) =>
                  api.call("POST", "/sync/delta", {
                    operations: [
                      {
                        operation_id: randomBytes(16).toString("hex"),
                        op,
                        parent_id: top,
                        name,
                        ...(op === "put" ? { size: 0, blocks: [] } : {}),
                        ...(op === "symlink" ? { target: "x" } : {}),
                        ...(op === "mkdir" ? {} : more),
                      },
                    ],
                  }),
              ]),
            ),
          };
          for (const [way, ask] of Object.entries(ways)) {
            const free = taken.replace("taken", randomBytes(2).toString("hex").padEnd(5, "f"));
            const [where, elsewhere] = [told(await ask(taken), taken), told(await ask(free), free)];
            assert.equal(where, elsewhere, `${who} ${way} ${on_conflict} ${taken}`);
            const isMade = on_conflict === undefined ? /^20[01] .*NAME/ : /./;
            assert.match(where, way.endsWith("symlink") ? /"code":"forbidden"/ : isMade, `${who} ${way}`);
          }
        }
      }
    }
  });
});
