import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { request as httpRequest, type IncomingMessage } from "node:http";
import { after, before, describe, test } from "node:test";
import { text } from "node:stream/consumers";
import { sha256 } from "@holdfast/core/hash";
import { batchContentType, encodeBatchBody } from "@holdfast/protocol/frames";
import { Api, makeFolder, removeFolder, type RunningServer, startServer } from "./testing.ts";

const plans = { small: 100_000, team: null };

describe("Quota", () => {
  const folder = makeFolder("quota");
  let server: RunningServer;
  let admin: Api;
  let ann: Api;

  before(async () => {
    const env = { HOLDFAST_PLANS: JSON.stringify(plans), HOLDFAST_DEFAULT_PLAN: "small" };
    server = await startServer({ dataFolder: `${folder}/data`, env });
    admin = await Api.signIn(server.url);
    ann = await newAccount("ann@example.com");
  });
  after(async () => {
    await server?.stop();
    removeFolder(folder);
  });

  async function newAccount(email: string): Promise<Api> {
    const account = { email, password: "long enough for it" };
    assert.equal((await admin.call("POST", "/admin/users", account)).status, 201);
    return Api.signIn(server.url, account);
  }

  /** Declares `lengthBytes` and sends only `sent`, so any answer precedes the rest. */
  async function answerBefore(
    path: string,
    { sent, lengthBytes, headers = {} }: { sent: Uint8Array; lengthBytes: number; headers?: Record<string, string> },
  ) {
    const request = httpRequest(`${server.url}/api/v1${path}`, {
      method: "POST",
      headers: { authorization: `Bearer ${ann.token}`, "content-length": String(lengthBytes), ...headers },
    });
    request.on("error", () => {});
    request.flushHeaders();
    if (sent.length > 0) request.write(sent);
    const [response] = (await once(request, "response")) as [IncomingMessage];
    const body = JSON.parse(await text(response));
    request.destroy();
    return { status: response.statusCode, code: body.code };
  }

  function batchOf(sizes: readonly number[], place: object = {}) {
    const blocks = sizes.map((size) => randomBytes(size));
    const operations = blocks.map((block, index) => ({
      op: "put" as const,
      operation_id: randomBytes(16).toString("hex"),
      parent_id: "root",
      name: `${index} ${sha256(block).slice(0, 8)}`,
      size: block.length,
      blocks: [{ hash: sha256(block), size: block.length }],
      ...place,
    }));
    const frames = blocks.map((block) => ({
      kind: "raw" as const,
      hash: sha256(block),
      size: block.length,
      payload: block,
    }));
    const body = Buffer.concat(encodeBatchBody({ operations }, frames));
    const jsonBytes = body.indexOf(blocks[0] ?? assert.fail()) - 100;
    return { body, jsonBytes };
  }

  const sendBatch = (body: Uint8Array<ArrayBuffer>) =>
    ann.call("POST", "/sync/delta", undefined, { body, headers: { "content-type": batchContentType } });

  test("appears in the account, and new accounts get the default plan", async () => {
    const { body } = await ann.call("GET", "/account");
    assert.deepEqual([body.plan, body.quota_bytes], ["small", plans.small]);
    const listed = await admin.call("GET", "/admin/plans");
    assert.deepEqual(listed.body.items, [
      { name: "small", quota_bytes: plans.small, default: true, offered: true },
      { name: "team", quota_bytes: null, default: false, offered: true },
    ]);
  });

  test("rejects a declared size before its bytes are sent", async () => {
    const lengthBytes = plans.small + 1;
    const media = await answerBefore("/files/upload?uploadType=media&parent_id=root&name=a", {
      sent: new Uint8Array(0),
      lengthBytes,
      headers: { "content-type": "application/octet-stream" },
    });
    assert.deepEqual(media, { status: 507, code: "quota" });
    const start = { name: "a", parent_id: "root", size: lengthBytes };
    const resumable = await ann.call("POST", "/files/upload?uploadType=resumable", start);
    assert.deepEqual([resumable.status, resumable.body.code], [507, "quota"]);
    const { body } = batchOf([lengthBytes, lengthBytes + 5]);
    // The JSON and part of the first block's frame.
    const batch = await answerBefore("/sync/delta", {
      sent: body.subarray(0, 4000),
      lengthBytes: body.length,
      headers: { "content-type": batchContentType },
    });
    assert.deepEqual(batch, { status: 507, code: "quota" });
    assert.equal((await ann.call("GET", "/account")).body.stored_bytes, 0);
  });

  test("accepts a batch with any operation that fits, and repeated batches", async () => {
    const mixed = batchOf([plans.small + 1, 10]);
    const answer = await sendBatch(mixed.body);
    const codesOf = (results: { status: string; code?: string }[]) => results.map(({ status, code }) => code ?? status);
    assert.deepEqual([answer.status, codesOf(answer.body.results)], [200, ["quota", "committed"]]);
    const most = batchOf([60_000]);
    for (let repetition = 0; repetition < 2; repetition += 1) {
      const { status, body } = await sendBatch(most.body);
      assert.deepEqual([status, codesOf(body.results)], [200, ["committed"]]);
    }
    const over = await sendBatch(batchOf([60_000]).body);
    assert.deepEqual([over.status, over.body.code, over.body.needed_bytes], [507, "quota", 60_000]);
    assert.match(over.body.detail, /^This needs 59 KiB, and .* is free in your quota\. /);
    const all = await sendBatch(batchOf([60_000, 70_000]).body);
    assert.match(
      all.body.detail,
      /^None of these files fits into your quota: the smallest needs 59 KiB, and .* is free\. /,
    );
    const [file] = (await sendBatch(most.body)).body.results;
    const inPlace = {
      parent_id: undefined,
      name: undefined,
      file_id: file.node.id,
      base_version: file.node.version_id,
    };
    const grown = await sendBatch(batchOf([plans.small + 1], inPlace).body);
    assert.deepEqual(
      [grown.status, grown.body.needed_bytes],
      [507, plans.small + 1 - 60_000],
      "what is replaced counts",
    );
  });

  test("accepts a replacement of about the same size", async () => {
    const bob = await newAccount("bob@example.com");
    const put = await bob.put("/large", randomBytes(90_000));
    assert.equal(put.status, 201);
    const again = await bob.put("/large", randomBytes(95_000), "&on_conflict=replace");
    assert.equal(again.status, 200, JSON.stringify(again.body));
  });
});
