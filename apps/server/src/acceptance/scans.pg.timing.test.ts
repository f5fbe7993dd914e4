import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { test } from "node:test";
import pg from "pg";
import { findRunningPostgres } from "../base/db/embedded-postgres.ts";
import { Api, eventually, makeFolder, queryDatabase, removeFolder, spawnServer } from "./testing.ts";

/**
 * PostgreSQL counts the sequential scans while every route is called beside many rows of other owners. No route may scan a large table.
 * The counters are read after a restart because a stopping server writes them out. Scans of the restart itself are subtracted.
 * tree/commit/plans.pg.test.ts and tree/read/explain-reads.pg.test.ts check the plans of single statements.
 */
const rows = 30_000;

test("no route scans a large table sequentially", async (t) => {
  const folder = makeFolder("scans");
  t.after(() => removeFolder(folder));
  const data = `${folder}/data`;
  let [server, jobs] = await startWithoutJobs({ dataFolder: data });
  t.after(async () => {
    await jobs.end();
    await server.stop();
  });
  const restart = async () => {
    await jobs.end();
    await server.stop();
    [server, jobs] = await startWithoutJobs({ dataFolder: data, port: server.port });
    return readScans(data);
  };
  await queryDatabase(data, fill);
  const filled = await restart();
  const restarted = await restart();
  await useEveryRoute(await Api.signIn(server.url));
  const used = await restart();
  for (const [table, count] of used) {
    const byRestart = (restarted.get(table) ?? 0) - (filled.get(table) ?? 0);
    const byRoutes = count - (restarted.get(table) ?? 0) - byRestart;
    assert.equal(byRoutes, 0, `${table} was read from end to end ${byRoutes} times`);
  }
  assert.ok(used.size >= 10, "the large tables were not seen");

  await queryDatabase(data, "select count(*) from shard.nodes where updated_at = 7");
  const scanned = await restart();
  assert.ok((scanned.get("nodes") ?? 0) > (used.get("nodes") ?? 0), "a scan is not seen, so the check proves nothing");
});

/** Periodic jobs that scan whole tables. Some start within seconds of the server, and would be counted as scans of routes. */
const heldJobs = [
  ..."purge-sweep retention give-up-blocks expire-uploads expire-link-downloads expire-reports expire-mails expire-brakes".split(
    " ",
  ),
  ..."expire-credentials expire-audit debts-of-single-stores adopt-orphans collect settle-blocks scrub".split(" "),
];

/** Takes the jobs' locks while the server starts, because the first job may start as soon as it is ready. */
async function startWithoutJobs(options: { readonly dataFolder: string; readonly port?: number }) {
  const [server, jobs] = await Promise.all([spawnServer(options), holdJobs(options.dataFolder)]);
  return [server, jobs] as const;
}

async function holdJobs(data: string): Promise<pg.Client> {
  const client = await eventually("the database answers", 60_000, () => connected(data).catch(() => undefined));
  for (const name of heldJobs) await client.query("select pg_advisory_lock(x'686f6c64'::int, hashtext($1))", [name]);
  return client;
}

async function connected(data: string): Promise<pg.Client> {
  const client = new pg.Client(findRunningPostgres(data) ?? assert.fail("there is no database yet"));
  await client.connect();
  return client;
}

async function readScans(data: string): Promise<Map<string, number>> {
  const found = await queryDatabase(
    data,
    `select relname as name, seq_scan::int as scans from pg_stat_user_tables
     where schemaname in ('shard', 'cell') and n_live_tup > ${rows / 2}`,
  );
  return new Map(found.map(({ name, scans }) => [name as string, Number(scans)]));
}

async function useEveryRoute(api: Api): Promise<void> {
  const ok = async (method: string, path: string, json?: unknown, init?: RequestInit) => {
    const answer = await api.call(method, path, json, init);
    assert.ok(answer.status < 400, `${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
    return answer.body;
  };
  const refresh = await ok("POST", "/sessions", {
    email: "admin@example.com",
    password: "correct horse battery staple",
  });
  await ok("POST", "/sessions/refresh", { refresh_token: refresh.refresh_token });
  for (const path of ["/account", "/tokens", "/devices", "/admin/users?limit=10"]) await ok("GET", path);
  const token = await ok("POST", "/tokens", { name: "t", scopes: ["files:read"] });
  await ok("DELETE", `/tokens/${token.id}`);
  await ok("POST", "/admin/users", { email: "new@example.com", password: "long enough" });
  await ok("PATCH", "/admin/users/new@example.com", { disabled: true });
  await ok("POST", "/admin/invitations", {});

  const start = await ok("GET", "/changes/start_token");
  const top = await ok("POST", "/metadata", { path: "/top/inner", kind: "folder", parents: true });
  const file = (await api.put("/top/inner/file", randomBytes(5_000_000))).body;
  await ok("POST", `/files/upload?path=/top/inner/file&on_conflict=replace`, undefined, { body: "second" });
  const upload = await ok("POST", "/files/upload?uploadType=resumable", { path: "/top/pieces", size: 6 });
  const piece = (range: string, body: string) =>
    ok("PUT", `/upload/${upload.upload_id}`, undefined, { body, headers: { "content-range": range } });
  await piece("bytes 0-2/6", "abc");
  await ok("GET", `/upload/${upload.upload_id}`);
  await piece("bytes 3-5/6", "def");
  const given = await ok("POST", "/files/upload?uploadType=resumable", { path: "/top/given up", size: 6 });
  await ok("DELETE", `/upload/${given.upload_id}`);

  const content = randomBytes(1000);
  const hash = createHash("sha256").update(content).digest("hex");
  await ok("POST", "/blocks/query", { hashes: [hash] });
  await ok("PUT", `/chunks/${hash}`, undefined, { body: content });
  await ok("GET", `/blocks/${hash}`);
  await ok("POST", "/blocks/fetch", { items: [{ hashes: [hash] }] });
  const operation = (fields: object) => ({ operation_id: randomBytes(16).toString("hex"), ...fields });
  const batch = await ok("POST", "/sync/delta", {
    operations: [
      operation({ op: "put", path: "/top/batch", size: 1000, blocks: [{ hash, size: 1000 }] }),
      operation({ op: "mkdir", path: "/top/made" }),
      operation({ op: "copy", file_id: file.id, parent_id: top.id, name: "copy" }),
    ],
  });
  assert.deepEqual(
    batch.results.map((result: { status: string }) => result.status),
    Array(3).fill("committed"),
  );
  const head = await ok("GET", `/files/${file.id}`);
  await ok("POST", `/files/${file.id}/sync`, {
    current_version: head.version_id,
    new_block_hashes: [{ hash, size: 1000 }],
  });
  for (const path of ["/download", "/manifest", "/versions"]) await ok("GET", `/files/${file.id}${path}`);
  await ok("GET", `/files/${top.id}/download`);
  await ok("POST", "/manifests", { version_ids: [head.version_id] });
  await ok("POST", `/files/${file.id}/restore?version=1`);
  await ok("PATCH", `/files/${file.id}/versions/1`, { label: "first" });
  await ok("PUT", `/files/${file.id}/star`);
  for (const path of ["/starred", "/recent"]) await ok("GET", path);
  await ok("DELETE", `/files/${file.id}/star`);
  await ok("GET", "/metadata?path=/top/inner/file");
  for (const query of ["", "?sort=-size", "?recursive=true&include=blocks"])
    await ok("GET", `/folders/root/contents${query}`);
  const comment = await ok("POST", `/files/${file.id}/comments`, { text: "said" });
  await ok("GET", `/files/${file.id}/comments`);
  await ok("PATCH", `/comments/${comment.id}`, { text: "said otherwise" });
  await ok("POST", `/comments/${comment.id}/resolve`);
  await ok("DELETE", `/comments/${comment.id}`);
  await ok("PUT", `/files/${file.id}/watch`);
  await ok("DELETE", `/files/${file.id}/watch`);
  for (const path of ["/activity", `/activity?in=${top.id}`, "/notifications?unread=true"]) await ok("GET", path);
  await ok("POST", "/notifications/read", { up_to: "2030-01-01T00:00:00Z" });
  await ok("PATCH", `/files/${file.id}`, { name: "renamed", parent_id: "root" });
  await ok("POST", `/files/${top.id}/copy`, { parent_id: "root", name: "top copy" });
  await ok("POST", "/nodes/query", { ids: [file.id] });
  await ok("DELETE", `/files/${file.id}`);
  await ok("GET", "/trash");
  await ok("POST", `/trash/${file.id}/restore`, {});
  await ok("DELETE", `/files/${file.id}`);
  await ok("DELETE", `/trash/${file.id}`);
  await ok("DELETE", `/files/${top.id}?permanent=true`);
  await ok("DELETE", "/trash");
  await ok("GET", `/changes/list?since_token=${start.token}`);
  await ok("GET", "/changes/snapshot");
  await ok("GET", `/notifications/poll?since_token=${start.token}`);
}

/** Space of a nonexistent owner. Its rows stand for the other users of a large server. */
const space = "'01000000-0000-8007-8000-000000000001'::uuid";
const id = (offset: number) => `('01000000-0000-8007-8000-' || lpad(to_hex(g + ${offset}), 12, '0'))::uuid`;
const many = `from generate_series(1, ${rows}) g`;
const fill = `
  insert into shard.nodes (space_id, id, parent_id, name, name_key, kind, head_version, version_number, size, modified_at, revision, seq, trashed_at, created_at, updated_at)
    select ${space}, ${id(0)}, ${space}, 'n' || g, 'n' || g, 'file', ${id(1_000_000)}, 1, g, g, 'r', g, case when g % 10 = 0 then g end, g, 0 ${many};
  insert into shard.versions (space_id, id, node_id, number, content_id, size, manifest, created_by, created_at)
    select ${space}, ${id(1_000_000)}, ${id(0)}, 1, '\\x00', g, '\\x', ${space}, 0 ${many};
  insert into shard.space_blocks (space_id, hash, size, refs, stamp, since, uploader)
    select ${space}, sha256(g::text::bytea), 1, 1, 1, 0, ${space} ${many};
  insert into shard.journal (space_id, seq, tag, node_id, kind, actor, at)
    select ${space}, g, '\\x0000000000000000', ${id(0)}, 'changed', ${space}, 9000000000000000 ${many};
  insert into shard.operations (space_id, user_id, op_id, request_hash, result, at)
    select ${space}, ${space}, sha256(g::text::bytea), '\\x00', '{}', 9000000000000000 ${many};
  insert into shard.upload_sessions (space_id, id, user_id, request, expires_at, created_at)
    select ${space}, ${id(0)}, ${space}, '{}', 9000000000000000, 0 ${many};
  insert into shard.upload_blocks (space_id, session_id, "offset", hash, size)
    select ${space}, ${id(0)}, 0, sha256(g::text::bytea), 1 ${many};
  insert into shard.sessions (id, user_id, device_id, number, number_used, created_at, expires_at)
    select ${id(0)}, ${id(0)}, ${id(0)}, 1, true, 0, 9000000000000000 ${many};
  insert into shard.devices (user_id, id, name, created_at) select ${id(0)}, ${id(0)}, 'd', 9000000000000000 ${many};
  insert into shard.tokens (id, user_id, name, scopes, secret_hash, created_at)
    select ${id(0)}, ${id(0)}, 't', '{files:read}', '\\x00', 0 ${many};
  insert into shard.directory (email_key, user_id, confirmed, reserved_at) select 'u' || g || '@x', ${id(0)}, true, 0 ${many};
  insert into cell.data_keys (epoch, wrapped, created_at) select 1, '\\x', 0 where not exists (select from cell.data_keys where epoch = 1);
  insert into cell.packs (id, epoch, size, live_bytes, created_at, scrubbed_at) select ${id(0)}, 1, 1, 1, 0, 0 ${many};
  insert into cell.blocks (hash, pack_id, record_index, "offset", stored_size, size, codec)
    select sha256(g::text::bytea), ${id(0)}, 0, 0, 1, 1, 'raw' ${many};
  insert into cell.holders (hash, space_id, stamp) select sha256(g::text::bytea), ${space}, 1 ${many};
  analyze;`;
