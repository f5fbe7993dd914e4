import assert from "node:assert/strict";
import { once } from "node:events";
import { connect } from "node:net";
import { after, before, test } from "node:test";
import { sha256 } from "@holdfast/core/hash";
import type { TokenId } from "@holdfast/core/ids";
import { until } from "@holdfast/tools/bounded";
import type { Caller } from "../../features/accounts/context/caller.ts";
import { newTestId, type TestSpace } from "../../tree/testing/testing.ts";
import {
  bytesOf,
  contentIdOfBytes,
  readFile,
  startUploadWorld,
  type UploadWorld,
} from "../../features/uploads/testing.ts";
import type { Uploads } from "../../features/uploads/uploads.ts";
import { startTestServer, type TestServer } from "../testing.ts";
import { uploadHandlers } from "./upload-handlers.ts";

let world: UploadWorld;
let space: TestSpace;
let uploads: Uploads;
let server: TestServer;
before(async () => {
  world = await startUploadWorld();
  space = await world.space();
  uploads = world.instance(space);
  server = await startTestServer(uploadHandlers({ uploads }), {
    authenticator: {
      authenticate: async () => callerOf(space),
      authenticateApp: async () => callerOf(space),
      lookAgain: async (caller) => caller,
    },
  });
});
after(async () => {
  await server.close();
  await world.stop();
});

function callerOf({ caller }: TestSpace): Caller {
  const credential = { kind: "token", id: newTestId<TokenId>() } as const;
  return {
    ...caller,
    credential,
    scopes: new Set(["files:read", "files:write"]),
    admin: false,
    groupIds: [],
  };
}

const bytes = bytesOf("http", 5_000_000);

async function call(
  method: string,
  path: string,
  { body, headers = {} }: { body?: string | Buffer; headers?: Record<string, string> } = {},
) {
  const url = path.startsWith("http") ? path : `${server.url}/api/v1${path}`;
  const answer = await fetch(url, {
    method,
    headers: { authorization: "Bearer token", ...headers },
    ...(body === undefined ? {} : { body }),
  });
  const text = await answer.text();
  return { status: answer.status, headers: answer.headers, json: text === "" ? undefined : JSON.parse(text) };
}

const piece = (start: number, end: number, total: number | "*") => ({
  body: bytes.subarray(start, end),
  headers: { "content-range": `bytes ${start}-${end - 1}/${total}` },
});

test("a resumable upload follows the protocol from start to node", async () => {
  const started = await call("POST", "/files/upload?uploadType=resumable", {
    body: JSON.stringify({
      name: "resumed.bin",
      size: bytes.length,
      modified_at: "2020-02-02T02:02:02.123456Z",
      executable: true,
    }),
    headers: { "content-type": "application/json" },
  });
  assert.equal(started.status, 200);
  const { upload_url: url, upload_id: id, expires_at: expiresAt } = started.json;
  assert.equal(started.headers.get("location"), url);
  assert.equal(url, `${server.url}/api/v1/upload/${id}`);
  assert.match(expiresAt, /^\d{4}-.*Z$/);
  const nothing = await call("PUT", url, { headers: { "content-range": "bytes */*" } });
  assert.deepEqual([nothing.status, nothing.headers.get("range"), nothing.headers.get("location")], [308, null, null]);
  const first = await call("PUT", url, piece(0, 1_000_000, bytes.length));
  assert.deepEqual(
    [first.status, first.headers.get("range"), first.headers.get("location")],
    [308, "bytes=0-999999", null],
  );
  const wrong = await call("POST", url, piece(0, 1_000_000, bytes.length));
  assert.deepEqual([wrong.status, wrong.json.code, wrong.json.size], [409, "offset", 1_000_000]);
  const total = await call("PUT", url, piece(1_000_000, 1_000_001, 6_000_000));
  assert.deepEqual([total.status, total.json.field], [400, "Content-Range"]);
  const state = await call("GET", url);
  assert.deepEqual(state.json, { size: 1_000_000, total: bytes.length, complete: false });
  const last = await call("POST", url, piece(1_000_000, bytes.length, bytes.length));
  assert.deepEqual([last.status, last.json.name, last.json.size], [201, "resumed.bin", bytes.length]);
  assert.equal(last.json.content_id, contentIdOfBytes(bytes));
  assert.deepEqual([last.json.modified_at, last.json.executable], ["2020-02-02T02:02:02.123456Z", true]);
  assert.deepEqual((await call("GET", url)).json, {
    size: bytes.length,
    total: bytes.length,
    complete: true,
    node: last.json,
  });
  assert.equal((await call("PUT", url, piece(0, 10, 10))).json.id, last.json.id);
  assert.equal((await call("DELETE", url)).status, 204);
  assert.equal((await call("GET", url)).status, 404);
});

test("impossible uploads are rejected before any byte is sent", async () => {
  const start = async (body: object, headers = {}) =>
    call("POST", "/files/upload?resumable=true", {
      body: JSON.stringify(body),
      headers: { "content-type": "application/json", ...headers },
    });
  await space.put("root", "taken", "text");
  const outcomes = [
    [await start({ name: "x", size: 5 * 2 ** 40 + 1 }), 413, "too_large"],
    [await start({ name: "x", size: -1 }), 422, "invalid_field"],
    [await start({ name: "a/b" }), 422, "invalid_field"],
    [await start({ name: "x", path: "/x" }), 422, "invalid_field"],
    [await start({ name: "x", file_id: "root" }), 422, "invalid_field"],
    [await start({ name: "x", sha256: "12" }), 422, "invalid_field"],
    [await start({ name: "x", parent_id: "nobody" }), 404, "not_found"],
    [await start({ name: "taken" }), 409, "exists"],
    [await start({ name: "taken" }, { "if-none-match": "*" }), 412, "precondition"],
    [await call("PUT", "/upload/nonsense", piece(0, 1, 1)), 404, "not_found"],
  ] as const;
  for (const [answer, status, code] of outcomes) assert.deepEqual([answer.status, answer.json.code], [status, code]);
});

test("a compressed upload is rejected, because its frame would become the file's content", async () => {
  const start = await call("POST", "/files/upload?uploadType=resumable&name=coded.bin");
  for (const coding of ["zstd", "gzip", "br", "aws-chunked"]) {
    const headers = { "content-encoding": coding };
    const whole = await call("POST", "/files/upload?uploadType=media&name=coded.bin", { body: "frame", headers });
    const part = piece(0, 10, 10);
    const piecewise = await call("PUT", start.json.upload_url, { ...part, headers: { ...part.headers, ...headers } });
    for (const { status, json } of [whole, piecewise])
      assert.deepEqual([status, json.code, json.field], [415, "unsupported_media_type", "Content-Encoding"]);
  }
  const headers = { "content-encoding": "Identity" };
  assert.equal((await call("POST", "/files/upload?name=plain.bin", { body: "plain", headers })).status, 201);
});

test("a simple upload creates a file, then its next version, and verifies the declared hash", async () => {
  const hash = sha256(bytes);
  const made = await call("POST", `/files/upload?uploadType=media&name=once.bin&sha256=${hash}`, { body: bytes });
  assert.deepEqual([made.status, made.json.version, made.json.content_id], [201, 1, contentIdOfBytes(bytes)]);
  assert.equal(made.headers.get("etag"), `"${made.json.revision}"`);
  const taken = await call("POST", "/files/upload?name=once.bin", { body: "other" });
  assert.deepEqual([taken.status, taken.json.code, taken.json.node.id], [409, "exists", made.json.id]);
  const next = await call("POST", "/files/upload?path=/once.bin&base_version=1", { body: "second" });
  assert.deepEqual([next.status, next.json.version, next.json.id], [200, 2, made.json.id]);
  const stale = await call("POST", `/files/upload?file_id=${made.json.id}&base_version=${made.json.version_id}`, {
    body: "third",
  });
  assert.deepEqual([stale.status, stale.json.code, stale.json.node.version], [409, "conflict", 2]);
  const changed = await call("POST", `/files/upload?file_id=${made.json.id}&sha256=${hash}`, { body: "third" });
  assert.deepEqual([changed.status, changed.json.code, changed.json.field], [422, "hash_mismatch", "sha256"]);
  const headers = { "if-match": `"${made.json.revision}"` };
  assert.equal((await call("POST", `/files/upload?file_id=${made.json.id}`, { body: "third", headers })).status, 412);
  assert.equal((await call("POST", "/files/upload?name=once.bin&on_conflict=rename", { body: "x" })).status, 201);
  const empty = await call(
    "POST",
    "/files/upload?name=empty&executable=true&private=true&modified_at=2001-01-01T00:00:00Z",
  );
  assert.deepEqual(
    [empty.status, empty.json.size, empty.json.executable, empty.json.private, empty.json.modified_at],
    [201, 0, true, true, "2001-01-01T00:00:00.000000Z"],
  );
});

test("a simple upload repeated with its key runs once", async () => {
  const again = async (text: string, query = "") =>
    call("POST", `/files/upload?name=keyed${query}`, { body: text, headers: { "idempotency-key": "one key" } });
  const first = await again("text");
  assert.equal(first.status, 201);
  assert.deepEqual(await again("text").then(({ status, json }) => [status, json]), [201, first.json]);
  for (const other of [
    await again("texts"),
    await again("taxt"),
    await again("text", "&executable=1"),
    await again("text", "&private=1"),
  ]) {
    assert.deepEqual([other.status, other.json.code], [422, "operation_reused"]);
  }
});

test("a broken connection commits no simple upload, and keeps received bytes of a piece", async () => {
  const { json } = await call("POST", "/files/upload?uploadType=resumable&name=cut.bin", {
    body: "{}",
    headers: { "content-type": "application/json" },
  });
  const cut = async (head: string, sent: number) => {
    const socket = connect(server.port, "127.0.0.1");
    await once(socket, "connect");
    const linesBefore = server.lines.length;
    socket.write(`${head} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer token\r\ncontent-length: ${bytes.length}\r\n`);
    if (head.startsWith("PUT")) socket.write(`content-range: bytes 0-${bytes.length - 1}/${bytes.length}\r\n`);
    socket.write("\r\n");
    await new Promise((sentAll) => socket.write(bytes.subarray(0, sent), sentAll));
    socket.end();
    await once(socket.resume(), "close");
    await until("the request that was cut is in the log", () => server.lines.length > linesBefore);
  };
  await cut(`PUT /api/v1/upload/${json.upload_id}`, 4_700_001);
  assert.equal((await call("GET", json.upload_url)).json.size, 4_700_001);
  await cut("POST /api/v1/files/upload?name=cut.media", 4_700_001);
  const rest = await call("PUT", json.upload_url, piece(4_700_001, bytes.length, bytes.length));
  assert.equal(rest.status, 201);
  assert.ok((await readFile(world, space, rest.json.id)).equals(bytes));
  assert.equal((await call("POST", "/files/upload?name=cut.media", { body: "free" })).status, 201);
  await uploads.idle();
});
