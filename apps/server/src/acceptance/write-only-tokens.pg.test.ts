import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { after, before, test } from "node:test";
import { Api, makeFolder, ok, removeFolder, type RunningServer, startServer } from "./testing.ts";

/** Stolen token with the scope files:write only. The thief shares a folder with its account. */
const folder = makeFolder("write-only");
let server: RunningServer;
let victim: Api;
let thief: Api;
let token: Api;
/** `bait` is the thief's folder, with the victim as editor. The victim's `hidden` is private, and `shown` is visible to the thief. */
let bait: string;
let hidden: string;
let shown: string;
let secret: { id: string; version_id: string; size: number };

before(async () => {
  server = await startServer({ dataFolder: `${folder}/data` });
  const admin = await Api.signIn(server.url);
  const join = async (name: string) => {
    const account = { email: `${name}@example.com`, password: `the password of ${name}` };
    await ok(admin, "POST", "/admin/users", { ...account, name });
    return Api.signIn(server.url, account);
  };
  [victim, thief] = [await join("victim"), await join("thief")];
  const mkdir = async (api: Api, path: string) => (await ok(api, "POST", "/metadata", { path, kind: "folder" })).id;
  bait = await mkdir(thief, "/bait");
  await ok(thief, "POST", `/files/${bait}/share`, { email: "victim@example.com", role: "editor" });
  hidden = await mkdir(victim, "/hidden");
  shown = await mkdir(victim, "/shown");
  await ok(victim, "POST", `/files/${shown}/share`, { email: "thief@example.com", role: "viewer" });
  secret = (await victim.put("/hidden/secret", "what nobody else may read")).body;
  token = new Api(server.url, (await ok(victim, "POST", "/tokens", { name: "writes", scopes: ["files:write"] })).token);
});
after(async () => {
  await server?.stop();
  removeFolder(folder);
});

const batch = async (...operations: object[]) => {
  const operationId = () => ({ operation_id: randomBytes(16).toString("hex") });
  const withIds = operations.map((each) => Object.assign(operationId(), each));
  const { results } = await ok(token, "POST", "/sync/delta", { operations: withIds });
  return results.map(({ status, code }: { status: string; code?: string }) => code ?? status);
};
const namesIn = async (api: Api, id: string) =>
  (await ok(api, "GET", `/folders/${id}/contents`)).items.map(({ name }: { name: string }) => name);
const splices = () => ({ size: secret.size, splices: [], source_version: secret.version_id });

test("a write-only token cannot copy nodes, alone or in a batch, whose other operations succeed", async () => {
  for (const [to, place] of [
    ["somebody else's", { parent_id: bait }],
    ["what is shared", { parent_id: shown }],
    ["its own root", { parent_id: "root" }],
  ] as const) {
    const name = `stolen to ${to}`;
    for (const id of [secret.id, hidden]) {
      const { status, body } = await token.call("POST", `/files/${id}/copy`, { ...place, name });
      assert.deepEqual([status, body.code], [403, "forbidden"], `${to}: ${JSON.stringify(body)}`);
      assert.match(body.detail, /files:read/);
    }
    const outcomes = await batch(
      { op: "copy", file_id: secret.id, ...place, name },
      { op: "put", ...place, name, ...splices() },
      { op: "mkdir", ...place, name: `made in ${to}` },
      { op: "copy", file_id: hidden, ...place, name },
    );
    assert.deepEqual(outcomes, ["forbidden", "forbidden", "committed", "forbidden"], to);
  }
  assert.deepEqual(await namesIn(thief, bait), ["made in somebody else's"]);
  assert.deepEqual(await namesIn(thief, shown), ["made in what is shared"]);
});

test("a write-only token's group with a copy is rejected as a whole", async () => {
  const outcomes = await batch(
    { op: "mkdir", group: "one", parent_id: shown, name: "of a group" },
    { op: "copy", group: "one", file_id: secret.id, parent_id: shown, name: "stolen" },
  );
  assert.deepEqual(outcomes, ["dependency", "forbidden"]);
});

test("a write-only token can add only new content to a write-only folder", async () => {
  const box = await ok(thief, "POST", "/metadata", { path: "/box", kind: "folder" });
  await ok(thief, "POST", `/files/${box.id}/share`, { email: "victim@example.com", role: "uploader" });
  const lent = (await thief.put("/bait/lent", "what the others of the drop box do not see")).body;
  const place = { parent_id: box.id, name: "stolen" };
  const outcomes = await batch(
    { op: "put", ...place, size: lent.size, splices: [], base_version: lent.version_id },
    { op: "put", ...place, size: 0, blocks: [] },
  );
  assert.deepEqual(outcomes, ["forbidden", "committed"]);
});

test("a write-only token cannot move or restore nodes to where others see them", async () => {
  const moved = await token.call("PATCH", `/files/${secret.id}`, { parent_id: shown });
  assert.equal(moved.status, 403, JSON.stringify(moved.body));
  assert.equal((await token.call("PATCH", `/files/${hidden}`, { parent_id: shown })).status, 403);
  assert.deepEqual(await batch({ op: "move", file_id: secret.id, parent_id: shown }), ["forbidden"]);
  const old = (await victim.put("/shown/old", "in the trash")).body.id;
  for (const id of [secret.id, old]) await ok(victim, "DELETE", `/files/${id}`);
  assert.equal((await token.call("POST", `/trash/${secret.id}/restore`, { parent_id: shown })).status, 403);
  assert.equal((await token.call("POST", `/trash/${old}/restore`, {})).status, 403);
  const revive = { revive: true, parent_id: shown };
  assert.deepEqual(
    await batch(
      { op: "restore", file_id: secret.id, parent_id: shown },
      { op: "move", file_id: secret.id, ...revive },
      { op: "put", file_id: secret.id, ...revive, size: 0, blocks: [] },
    ),
    ["forbidden", "forbidden", "forbidden"],
  );
  const rewind = { to: new Date().toISOString(), dry_run: true };
  assert.equal((await token.call("POST", `/files/${shown}/rewind`, rewind)).status, 403);
  assert.ok(!(await namesIn(thief, shown)).some((name: string) => ["secret", "hidden", "old"].includes(name)));
  await ok(token, "POST", `/trash/${secret.id}/restore`, {});
});

test("a write-only token can move and rename nodes that thereby become visible to no more accounts", async () => {
  const inner = await ok(victim, "POST", "/metadata", { path: "/shown/inner", kind: "folder" });
  const file = (await victim.put("/shown/file", "shown already")).body;
  assert.equal((await ok(token, "PATCH", `/files/${file.id}`, { parent_id: inner.id, name: "lower" })).name, "lower");
  await ok(token, "PATCH", `/files/${file.id}`, { parent_id: "root" });
  const other = await ok(victim, "POST", "/metadata", { path: "/other", kind: "folder" });
  await ok(token, "PATCH", `/files/${secret.id}`, { parent_id: other.id });
  assert.deepEqual(await namesIn(victim, other.id), ["secret"]);
});

test("a write-only token cannot read a comment by resolving or reopening it", async () => {
  const comment = await ok(victim, "POST", `/files/${shown}/comments`, { text: "what nobody else may read" });
  for (const resolved of [true, false]) {
    const { status, body } = await token.call("POST", `/comments/${comment.id}/resolve`, { resolved });
    assert.deepEqual([status, body.code], [403, "forbidden"], JSON.stringify(body));
    assert.doesNotMatch(JSON.stringify(body), /nobody else/);
  }
  await ok(token, "POST", `/files/${shown}/comments`, { text: "its own words" });
});
