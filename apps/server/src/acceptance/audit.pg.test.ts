import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { after, before, test } from "node:test";
import type { AuditEntryJson } from "@holdfast/protocol/audit-routes";
import {
  administrator,
  Api,
  eventually,
  makeFolder,
  ok,
  removeFolder,
  type RunningServer,
  startServer,
} from "./testing.ts";

const folder = makeFolder("audit");
const ann = { email: "ann@example.com", password: "the password of ann" };
let server: RunningServer;
let admin: Api;
let guest: Api;

before(async () => {
  server = await startServer({ dataFolder: `${folder}/data` });
  admin = await Api.signIn(server.url);
  await ok(admin, "POST", "/admin/users", { ...ann, name: "Ann" });
  guest = await Api.signIn(server.url, ann);
});
after(async () => {
  await server.stop();
  removeFolder(folder);
});

function told(since: string, wanted: Partial<AuditEntryJson>): Promise<AuditEntryJson[]> {
  return eventually(JSON.stringify(wanted), 60_000, async () => {
    const items = await listed(since);
    return items.some((entry) => fits(entry, wanted)) ? items : undefined;
  });
}

async function listed(since: string): Promise<AuditEntryJson[]> {
  return (await ok(admin, "GET", `/admin/audit?limit=5000&from=${since}`)).items as AuditEntryJson[];
}

function fits(entry: AuditEntryJson, wanted: Partial<AuditEntryJson>): boolean {
  const fields = entry as Readonly<Record<string, unknown>>;
  return Object.entries(wanted).every(([name, value]) => JSON.stringify(fields[name]) === JSON.stringify(value));
}

function only(entries: readonly AuditEntryJson[], wanted: Partial<AuditEntryJson>): AuditEntryJson {
  const found = entries.filter((entry) => fits(entry, wanted));
  assert.equal(found.length, 1, `${JSON.stringify(wanted)} in ${JSON.stringify(entries, null, 1)}`);
  return found[0]!;
}

const now = () => new Date().toISOString();

test("reads and writes are audited with account, device, address and file", async () => {
  const since = now();
  const { body: file } = await guest.put("/notes.txt", "one");
  await guest.download("/notes.txt");
  await ok(guest, "PATCH", `/files/${file.id}`, { name: "letters.txt" });
  await ok(guest, "GET", `/folders/root/contents`);
  await ok(guest, "DELETE", `/files/${file.id}`);
  const entries = await told(since, { action: "file.delete", node_ids: [file.id] });
  const account = await ok(guest, "GET", "/account");
  const who = {
    user_id: account.id,
    device_id: account.device_id,
    credential: "session",
    address: "127.0.0.1",
  } as const;
  for (const action of ["file.write", "file.read", "file.look", "file.change", "file.delete"]) {
    const entry = only(entries, { action, result: "ok", node_ids: [file.id], ...who });
    assert.match(entry.at, /^\d{4}-.*Z$/);
    assert.match(entry.request_id ?? "", /^\S{8,}$/);
  }
  only(entries, { action: "file.change", detail: { changed: ["name"] } });
  // It outlives the account, so it only contains ids.
  assert.doesNotMatch(JSON.stringify(entries), /notes\.txt|letters\.txt/);
  only(entries, { action: "folder.list", node_ids: [account.root_id], count: 1, ...who });
});

test("refused requests for another account's file and for admin routes are audited", async () => {
  const since = now();
  const { body: secret } = await admin.put("/secret.txt", "secret");
  assert.equal((await guest.call("GET", `/files/${secret.id}`)).status, 404);
  assert.equal((await guest.call("GET", `/files/${secret.id}/download`)).status, 404);
  assert.equal((await guest.call("GET", "/admin/users")).status, 403);
  assert.equal((await guest.call("GET", "/admin/audit")).status, 403);
  assert.equal((await new Api(server.url).call("GET", `/files/${secret.id}`)).status, 401);
  const { id: user_id } = await ok(guest, "GET", "/account");
  const entries = await told(since, { action: "file.look", result: "unauthenticated" });
  for (const action of ["file.look", "file.read"])
    only(entries, { action, result: "not_found", node_ids: [secret.id], user_id });
  for (const action of ["user.list", "audit.read"]) only(entries, { action, result: "forbidden", user_id });
});

test("reading the audit adds an entry, even with a forged cursor", async () => {
  const since = now();
  const cursor = Buffer.from(JSON.stringify([0, "", 0])).toString("base64url");
  const { items } = await ok(admin, "GET", `/admin/audit?limit=5&cursor=${cursor}`);
  assert.equal((items as unknown[]).length, 5);
  await ok(admin, "GET", `/admin/audit?limit=6`);
  const read = { action: "audit.read", result: "ok" };
  only(await told(since, { ...read, detail: { cursor } }), { ...read, detail: { cursor } });
});

test("a batch is one audit entry with its count and every node", async () => {
  const since = now();
  const operations = Array.from({ length: 500 }, (_, index) => ({
    op: "mkdir",
    operation_id: randomBytes(16).toString("hex"),
    path: `/batch ${index}`,
  }));
  const gone = { op: "delete", operation_id: randomBytes(16).toString("hex"), file_id: "0198-none" };
  const { results } = await ok(guest, "POST", "/sync/delta", { operations: [...operations, gone] });
  const entries = await told(since, { action: "file.batch" });
  const entry = only(entries, { action: "file.batch", count: 501, result: "ok" });
  assert.deepEqual(entry.detail, { mkdir: 500, delete: 1, refused: { not_found: 1 } });
  assert.deepEqual(
    new Set(entry.node_ids),
    new Set(["0198-none", ...results.slice(0, 500).map((each: { node: { id: string } }) => each.node.id)]),
  );
});

test("fetched blocks are audited with their files", async () => {
  const { body: file } = await guest.put("/blocks.bin", randomBytes(3000));
  const manifest = await ok(guest, "GET", `/files/${file.id}/manifest`);
  const hashes = manifest.blocks.map(({ hash }: { hash: string }) => hash);
  const since = now();
  assert.equal(
    (await guest.call("POST", "/blocks/fetch", { items: [{ version_id: file.version_id, hashes }] })).status,
    200,
  );
  only(await told(since, { action: "block.read" }), { action: "block.read", node_ids: [file.id], count: 1 });
});

test("repeated ranged reads of a file are two audit entries: the first and the count of the rest", async () => {
  const { body: file } = await guest.put("/film.mp4", randomBytes(4000));
  const since = now();
  for (let start = 0; start < 4000; start += 100)
    await ok(guest, "GET", `/files/${file.id}/download`, undefined, {
      headers: { range: `bytes=${start}-${start + 99}` },
    });
  const entries = await told(since, { action: "file.read", node_ids: [file.id] });
  assert.equal(only(entries, { action: "file.read", node_ids: [file.id] }).count, undefined);
  // A stop also ends the minute.
  await server.stop();
  server = await startServer({ dataFolder: `${folder}/data`, port: server.port });
  admin = await Api.signIn(server.url);
  guest = await Api.signIn(server.url, ann);
  const both = (await listed(since)).filter((entry) => fits(entry, { action: "file.read", node_ids: [file.id] }));
  assert.deepEqual(
    both.map(({ count }) => count),
    [undefined, 39],
  );
});

test("creating and opening a link are audited, and so is a wrong password for it", async () => {
  const since = now();
  const { body: file } = await guest.put("/shown.txt", "shown");
  const { id: user_id } = await ok(guest, "GET", "/account");
  const link = await ok(guest, "POST", `/files/${file.id}/share`, {
    link: true,
    role: "viewer",
    password: "open sesame",
  });
  const visitor = new Api(server.url);
  const open = (password: string) => visitor.call("POST", "/links/session", { token: link.token, password });
  assert.equal((await open("open barley")).status, 401);
  const opened = await open("open sesame");
  assert.equal(opened.status, 200);
  const byLink = new Api(server.url, opened.body.access_token);
  assert.equal((await byLink.call("GET", `/files/${file.id}/download`)).status, 200);
  assert.equal((await visitor.call("GET", `${server.url}/s/${link.token}`)).status, 200);
  await ok(guest, "DELETE", `/permissions/${link.id}`);
  const entries = await told(since, { action: "permission.delete", result: "ok" });
  const made = only(entries, { action: "permission.create", user_id, node_ids: [file.id] });
  assert.deepEqual(made.detail, { permission_id: link.id, link: true, role: "viewer", password: "set" });
  const byVisitor = { credential: "link", credential_id: link.id, address: "127.0.0.1" } as const;
  only(entries, { action: "link.open", result: "unauthenticated", ...byVisitor });
  only(entries, { action: "link.open", result: "ok", ...byVisitor });
  only(entries, { action: "link.knock", ...byVisitor });
  only(entries, { action: "file.read", node_ids: [file.id], ...byVisitor });
  only(entries, { action: "permission.delete", target: link.id, user_id });
});

test("failed sign-ins, tokens and admin actions are audited before the response", async () => {
  const since = now();
  const { id: user_id } = await ok(guest, "GET", "/account");
  const has = async (wanted: Partial<AuditEntryJson>) => only(await listed(since), wanted);
  assert.equal((await new Api(server.url).call("POST", "/sessions", { ...ann, password: "not this one" })).status, 401);
  await has({ action: "session.start", result: "unauthenticated", user_id, address: "127.0.0.1" });
  const token = await ok(guest, "POST", "/tokens", { name: "script", scopes: ["files:read"] });
  await has({ action: "token.create", target: token.id, user_id });
  const program = new Api(server.url, token.token);
  assert.equal((await program.call("POST", "/metadata", { path: "/new", kind: "folder" })).status, 403);
  await ok(guest, "DELETE", `/tokens/${token.id}`);
  await has({ action: "token.delete", target: token.id, user_id });
  await ok(admin, "PATCH", `/admin/users/${ann.email}`, { disabled: true });
  await has({ action: "user.change", target: user_id, detail: { disabled: true } });
  await ok(admin, "PATCH", `/admin/users/${ann.email}`, { disabled: false, password: "another password of ann" });
  await has({ action: "user.change", target: user_id, detail: { disabled: false, password: "replaced" } });
  const again = await Api.signIn(server.url, { ...ann, password: "another password of ann" });
  const { device_id } = await ok(again, "GET", "/account");
  await has({ action: "session.start", result: "ok", user_id, device_id });
  const entries = await told(since, { action: "file.create", result: "forbidden" });
  only(entries, { action: "file.create", credential: "token", credential_id: token.id, user_id });
});

test("the audit contains no secret", async () => {
  const text = JSON.stringify(await listed("2000-01-01T00:00:00Z"));
  for (const secret of [
    administrator.password,
    ann.password,
    "another password",
    "open sesame",
    "open barley",
    "not this one",
    "hfl_",
    "hfp_",
    "eyJ",
  ])
    assert.ok(!text.includes(secret), secret);
});
