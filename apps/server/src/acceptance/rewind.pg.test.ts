import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { isLongTier } from "@holdfast/tools/tiers";
import { Api, eventually, makeFolder, removeFolder, type RunningServer, startServer } from "./testing.ts";

const waitMs = 60_000;

describe("Rewind", () => {
  const folder = makeFolder("rewind");
  let server: RunningServer;
  let admin: Api;
  let owner: Api;
  let editor: Api;
  let viewer: Api;

  before(async () => {
    server = await startServer({ dataFolder: `${folder}/data` });
    admin = await Api.signIn(server.url);
    [owner, editor, viewer] = [await newAccount("owner"), await newAccount("editor"), await newAccount("viewer")];
  });
  after(async () => {
    await server?.stop();
    removeFolder(folder);
  });

  const addressOf = (name: string) => `${name}@example.com`;
  async function newAccount(name: string, more: object = {}): Promise<Api> {
    const account = { email: addressOf(name), password: `the password of ${name}`, name, ...more };
    await ok(admin, "POST", "/admin/users", account);
    return Api.signIn(server.url, account);
  }
  async function ok(api: Api, method: string, path: string, json?: unknown) {
    const answer = await api.call(method, path, json);
    assert.ok(answer.status < 300, `${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
    return answer.body;
  }
  const mkdir = async (path: string, as = owner) => (await ok(as, "POST", "/metadata", { path, kind: "folder" })).id;
  const write = async (path: string, text: string, as = owner) => {
    const put = await as.put(path, Buffer.from(text), "&on_conflict=replace");
    assert.ok(put.status < 300, JSON.stringify(put.body));
    return put.body.id as string;
  };
  /** Server time after all answers so far. */
  const moment = async (as = owner) =>
    (await ok(as, "PATCH", `/files/${await marker(as)}`, { executable: true })).updated_at;
  const marker = (as: Api) => write("/marker", `${process.hrtime.bigint()}`, as);
  const rewind = async (id: string, to: string, as = owner) => {
    const body = await ok(as, "POST", `/files/${id}/rewind`, { to });
    return "job" in body ? finished(body.job, as) : body;
  };
  const undo = (id: string, as = owner) => ok(as, "POST", `/rewinds/${id}/undo`);
  const finished = (job: string, as: Api) =>
    eventually("the job ends", waitMs, async () => {
      const { state, result } = await ok(as, "GET", `/jobs/${job}`);
      return state === "done" ? result : undefined;
    });
  async function seen(id: string, as = owner): Promise<string[]> {
    const { items } = await ok(as, "GET", `/folders/${id}/contents?recursive=true&limit=1000`);
    return items
      .map(({ kind, path, private: isPrivate, ...node }: Record<string, string | number | boolean>) =>
        kind === "folder"
          ? `${path} ${isPrivate}`
          : `${path} ${node["size"]} ${node["modified_at"]} ${node["executable"]} ${isPrivate}`,
      )
      .toSorted();
  }

  test("restores times, executable bits and privacy, keeps stars, labels and comments, and an undo can be undone", async () => {
    const id = await mkdir("/whole");
    const script = await write("/whole/run.sh", "echo");
    await ok(owner, "PATCH", `/files/${script}`, { modified_at: "2020-02-02T02:02:02.000002Z", executable: true });
    const secret = await mkdir("/whole/secret");
    for (const each of [script, secret]) await ok(owner, "PATCH", `/files/${each}`, { private: true });
    const note = await write("/whole/note", "old");
    const gone = await write("/whole/gone", "lost");
    for (const each of [script, gone]) await ok(owner, "PUT", `/files/${each}/star`);
    await ok(owner, "POST", `/files/${gone}/comments`, { text: "precious" });
    const was = await seen(id);
    const to = await moment();
    await ok(owner, "PATCH", `/files/${script}`, { modified_at: "2021-01-01T00:00:00Z", executable: false });
    for (const each of [script, secret]) await ok(owner, "PATCH", `/files/${each}`, { private: false });
    await write("/whole/note", "scrambled");
    await ok(owner, "DELETE", `/files/${gone}`);
    await write("/whole/READ ME", "pay");
    const taken = await seen(id);

    const first = await rewind(id, to);
    assert.deepEqual(await seen(id), was);
    const starred = (await ok(owner, "GET", "/starred")).items.map((node: { id: string }) => node.id);
    assert.deepEqual(starred.toSorted(), [script, gone].toSorted());
    assert.equal((await ok(owner, "GET", `/files/${gone}/comments`)).items[0].text, "precious");
    assert.equal((await ok(owner, "GET", `/files/${note}/versions`)).items.length, 3);

    const second = await undo(first.rewind_id);
    assert.deepEqual(await seen(id), taken);
    const third = await undo(second.rewind_id);
    assert.deepEqual(await seen(id), was);
    assert.deepEqual([third.restored, third.reverted, third.trashed], [first.restored, first.reverted, first.trashed]);
    assert.equal((await undo(first.rewind_id)).rewind_id, second.rewind_id, "asked again it answers as it did");
    assert.deepEqual(await seen(id), was);
  });

  test("requires a shared folder's owner, reverts editors' changes and is visible to all immediately", async () => {
    const id = await mkdir("/shared");
    const sub = await mkdir("/shared/sub");
    await write("/shared/sub/a", "aaa");
    const b = await write("/shared/b", "bbb");
    for (const [api, role] of [
      [editor, "editor"],
      [viewer, "viewer"],
    ] as const) {
      await ok(owner, "POST", `/files/${id}/share`, { email: addressOf(role), role });
      await ok(api, "POST", "/mounts", { node_id: id, name: "theirs" });
    }
    const was = await seen(id);
    const to = await moment();
    await write("/theirs/sub/a", "scrambled", editor);
    await ok(editor, "PATCH", `/files/${b}`, { name: "b.locked", parent_id: sub });
    await write("/theirs/READ ME", "pay", editor);
    for (const as of [editor, viewer]) {
      assert.equal((await as.call("POST", `/files/${id}/rewind`, { to })).status, 403);
      assert.equal((await as.call("POST", `/files/${id}/rewind`, { to, dry_run: true })).status, 403);
    }
    const token = (await ok(viewer, "GET", "/changes/start_token")).token;
    const answer = await rewind(id, to);
    assert.deepEqual([answer.reverted, answer.trashed, answer.moved, answer.left], [1, 1, 1, 0]);
    for (const as of [owner, editor, viewer]) {
      assert.deepEqual((await seen(id, as)).map(withoutTop), was.map(withoutTop));
      assert.equal((await as.call("POST", `/rewinds/${answer.rewind_id}/undo`)).status, as === owner ? 200 : 403);
      if (as === owner) await rewind(id, to);
    }
    const { changes } = await ok(viewer, "GET", `/changes/list?since_token=${encodeURIComponent(token)}`);
    assert.ok(changes.some((change: { id: string }) => change.id === b));
    const { items } = await ok(viewer, "GET", `/activity?in=${id}`);
    const entry = items.find(({ verb }: { verb: string }) => verb === "rewound");
    assert.equal(entry?.actor.name, "owner");
  });

  /** Paths below the mount begin with its name. */
  const withoutTop = (line: string) => line.replace(/^\/[^/]+/, "");

  test("during others' edits loses none of them", async () => {
    const id = await mkdir("/busy");
    await ok(owner, "POST", `/files/${id}/share`, { email: addressOf("editor"), role: "editor" });
    await ok(editor, "POST", "/mounts", { node_id: id, name: "busy" });
    const count = isLongTier ? 60 : 12;
    const ids: string[] = [];
    for (let index = 0; index < count; index += 1) ids.push(await write(`/busy/f${index}`, `old ${index}`));
    const to = await moment();
    for (let index = 0; index < count; index += 1) await write(`/busy/f${index}`, `scrambled ${index}`);
    const edits = (async () => {
      for (let index = 0; index < count; index += 3) await write(`/busy/f${index}`, `theirs ${index}`, editor);
    })();
    const [answer] = await Promise.all([rewind(id, to), edits]);
    assert.equal(answer.reverted + answer.left, count);
    for (const [index, file] of ids.entries()) {
      const { items } = await ok(owner, "GET", `/files/${file}/versions`);
      const texts = await Promise.all(
        items.map(({ number }: { number: number }) => textOf(owner, `/files/${file}/download?version=${number}`)),
      );
      const expected = index % 3 === 0 ? [`theirs ${index}`] : [`old ${index}`];
      assert.ok(texts.includes(`scrambled ${index}`) && texts.includes(expected[0]), texts.join());
      if (index % 3 !== 0) assert.equal(texts[0], `old ${index}`);
    }
  });

  async function textOf(api: Api, path: string): Promise<string> {
    const response = await fetch(`${server.url}/api/v1${path}`, {
      headers: { authorization: `Bearer ${api.token}` },
    });
    assert.equal(response.status, 200);
    return response.text();
  }

  test("beyond the quota restores files that fit, reports the rest and never exceeds the quota", async () => {
    const small = await newAccount("small", { quota_bytes: 100_000 });
    const id = await mkdir("/full", small);
    await write("/full/large", "L".repeat(60_000), small);
    await write("/full/little", "l".repeat(1000), small);
    const to = await moment(small);
    await write("/full/large", "x", small);
    await write("/full/little", "y", small);
    await write("/else", "e".repeat(80_000), small);
    const answer = await rewind(id, to, small);
    assert.deepEqual([answer.reverted, answer.left], [1, 1]);
    const left = answer.sample.find(({ act }: { act: string }) => act === "left");
    assert.deepEqual(
      [left.path, /^This needs .+, and .+ is free in your quota\./.test(left.reason)],
      ["/full/large", true],
      left.reason,
    );
    const sizes = (await ok(small, "GET", `/folders/${id}/contents`)).items.map(
      ({ name, size }: { name: string; size: number }) => [name, size],
    );
    assert.deepEqual(sizes, [
      ["large", 1],
      ["little", 1000],
    ]);
    const { used_bytes: used, quota_bytes: quota } = await ok(small, "GET", "/account");
    assert.ok(used <= quota);
    const gone = (await ok(small, "GET", "/metadata?path=/else")).id;
    await ok(small, "DELETE", `/files/${gone}?permanent=true`);
    assert.deepEqual([(await rewind(id, to, small)).reverted], [1], "with room the rest comes too");
  });
});
