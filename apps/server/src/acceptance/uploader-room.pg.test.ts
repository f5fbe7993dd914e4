import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Api, makeFolder, ok, removeFolder, type RunningServer, startServer } from "./testing.ts";

/** Both are between the same two powers of two. */
const rooms = { little: 70_000, much: 130_000 };
const sizes = [60_000, 69_999, 70_001, 100_000, 129_000, 131_072, 131_073, 200_000];

const folder = makeFolder("uploader-room");
let server: RunningServer;
let admin: Api;

before(async () => {
  server = await startServer({ dataFolder: `${folder}/data` });
  admin = await Api.signIn(server.url);
});
after(async () => {
  await server?.stop();
  removeFolder(folder);
});

async function join(name: string, fields: Record<string, unknown> = {}): Promise<Api> {
  const account = { email: `${name}@example.com`, password: "long enough for it" };
  await ok(admin, "POST", "/admin/users", { ...account, ...fields });
  return Api.signIn(server.url, account);
}

/** Answers to requests for room, by size, without sending anything. */
async function heard(api: Api, into: string): Promise<number[][]> {
  const answers: number[][] = [];
  for (const size of sizes) {
    const hashes = ["ab".repeat(32)];
    const query = await api.call("POST", "/blocks/query", { hashes, into, growth_bytes: size });
    const upload = { name: `of ${size}`, parent_id: into, size };
    const start = await api.call("POST", "/files/upload?uploadType=resumable", upload);
    answers.push([query.status, start.status]);
  }
  return answers;
}

test("an uploader learns free space only in steps, and uploads beyond it are rejected", async () => {
  const told: Record<string, unknown> = {};
  const editor = await join("editor");
  const uploader = await join("uploader");
  for (const [name, quota] of Object.entries(rooms)) {
    const owner = await join(name, { quota_bytes: quota });
    const { id } = await ok(owner, "POST", "/metadata", { path: "/box", kind: "folder" });
    await ok(owner, "POST", `/files/${id}/share`, { email: "editor@example.com", role: "editor" });
    await ok(owner, "POST", `/files/${id}/share`, { email: "uploader@example.com", role: "uploader" });
    const { token } = await ok(owner, "POST", `/files/${id}/share`, { link: true, role: "uploader" });
    const link = new Api(server.url, token);
    told[name] = [await heard(uploader, id), await heard(link, id)];
    // Users who can see its content are informed before they send anything in vain.
    const fits = sizes.map((size) => (size <= quota ? 200 : 507));
    assert.deepEqual(
      await heard(editor, id),
      fits.map((status) => [status, status]),
    );
    for (const api of [uploader, link]) {
      const sent = await api.call(
        "POST",
        `/files/upload?uploadType=media&parent_id=${id}&name=large`,
        new Uint8Array(quota + 1000),
      );
      assert.equal(sent.status, 507, `${quota + 1000} bytes are taken`);
    }
  }
  assert.deepEqual(told["little"], told["much"], "the room is told");
  const steps = sizes.map((size) => (size <= 131_072 ? [200, 200] : [507, 507]));
  assert.deepEqual(told["little"], [steps, steps]);
});
