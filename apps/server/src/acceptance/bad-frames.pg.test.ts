import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { probeCompress } from "@holdfast/codec/codec";
import { encodePatch } from "@holdfast/codec/patch";
import { hexText } from "@holdfast/codec/testing";
import { sha256 } from "@holdfast/core/hash";
import {
  batchContentType,
  encodeBatchBody,
  encodeFrame,
  type Frame,
  framesContentType,
} from "@holdfast/protocol/frames";
import { putBatch } from "./batches.ts";
import { findPackFiles, flipByte, readPackLayout } from "./pack-files.ts";
import { Api, type ApiAnswer, makeFolder, removeFolder, type RunningServer, startServer } from "./testing.ts";

/** Invariant: an invalid frame fails only its dependents and is named. The rest of the request succeeds. */
describe("Invalid frames", () => {
  let folder: string;
  let server: RunningServer;
  let api: Api;

  before(async () => {
    folder = makeFolder("bad-frames");
    server = await startServer({ dataFolder: `${folder}/data` });
    api = await Api.signIn(server.url);
  });
  after(async () => {
    await server?.stop();
    removeFolder(folder);
  });

  const blockOf = (sizeBytes = 5000) => hexText(randomBytes(6).toString("hex"), sizeBytes);
  const raw = (block: Buffer, payload = block): Frame => {
    return { kind: "raw", hash: sha256(block), size: block.length, payload: Buffer.from(payload) };
  };
  const zstd = (block: Buffer): Frame => {
    return {
      kind: "zstd",
      hash: sha256(block),
      size: block.length,
      payload: Buffer.from(probeCompress(block).payload),
    };
  };
  const patch = (block: Buffer, base: Buffer): Frame => {
    const payload = Buffer.from(encodePatch(base, block) ?? assert.fail("there is no patch"));
    return { kind: "patch", hash: sha256(block), size: block.length, payload, base: sha256(base) };
  };
  const turned = (frame: Frame): Frame => {
    return { ...frame, payload: Buffer.from(frame.payload).fill(0xff, frame.payload.length >> 1) };
  };

  function sendBlocks(frames: readonly Frame[]): Promise<ApiAnswer> {
    return api.call("POST", "/blocks", undefined, {
      body: Buffer.concat(frames.flatMap((frame) => encodeFrame(frame))),
      headers: { "content-type": framesContentType },
    });
  }

  async function sendBatch(
    name: string,
    files: readonly { block: Buffer; frame: Frame }[],
    status = 200,
  ): Promise<ApiAnswer["body"]> {
    const entries = files.map(({ block }) => ({ hash: sha256(block), size: block.length }));
    const put = (path: string, blocks: typeof entries) => ({
      op: "put",
      operation_id: randomBytes(16).toString("hex"),
      path,
      size: blocks.reduce((sum, { size }) => sum + size, 0),
      blocks,
    });
    const operations = [...entries.map((entry, index) => put(`/${name}-${index}`, [entry])), put(`/${name}`, entries)];
    const answer = await api.call("POST", "/sync/delta", undefined, {
      body: Buffer.concat(
        encodeBatchBody(
          { operations },
          files.map(({ frame }) => frame),
        ),
      ),
      headers: { "content-type": batchContentType },
    });
    assert.equal(answer.status, status, JSON.stringify(answer.body));
    return answer.body;
  }

  function resultsOf(body: ApiAnswer["body"]): [string, string][] {
    return body.results.map(({ status, code = "" }: { status: string; code?: string }) => [status, code]);
  }

  test("in a batch, only operations that name a wrong block fail", async () => {
    const blocks = Array.from({ length: 5 }, () => blockOf());
    const [first, other, broken, last, longer] = blocks as [Buffer, Buffer, Buffer, Buffer, Buffer];
    const results = await sendBatch("wrong", [
      { block: first, frame: zstd(first) },
      { block: other, frame: raw(other, blockOf()) },
      { block: broken, frame: turned(zstd(broken)) },
      { block: last, frame: raw(last) },
      { block: longer, frame: { ...zstd(longer), payload: Buffer.concat([zstd(longer).payload, Buffer.of(1)]) } },
    ]);
    assert.deepEqual(resultsOf(results), [
      ["committed", ""],
      ["error", "hash_mismatch"],
      ["error", "invalid_field"],
      ["committed", ""],
      ["error", "invalid_field"],
      ["error", "hash_mismatch"],
    ]);
    for (const [index, block] of [first, undefined, undefined, last].entries()) {
      if (block !== undefined) assert.ok((await api.download(`/wrong-${index}`)).body.equals(block));
    }
  });

  test("a batch with an unusable patch is rejected with its hash, and succeeds with a fitting patch", async () => {
    const base = blockOf(8000);
    assert.equal((await sendBlocks([raw(base)])).status, 200);
    const [unknown, next] = [blockOf(8000), Buffer.concat([base, blockOf(3000)])];
    const lost = Buffer.concat([unknown, blockOf(3000)]);
    const first = await sendBatch("patched", [{ block: lost, frame: patch(lost, unknown) }], 409);
    assert.deepEqual([first.code, first.missing_blocks], ["missing_blocks", [sha256(unknown)]]);
    const second = await sendBatch("patched", [{ block: next, frame: turned(patch(next, base)) }], 422);
    assert.equal(second.hash, sha256(next));
    const third = await sendBatch("patched", [{ block: next, frame: patch(next, base) }]);
    assert.deepEqual(resultsOf(third), [
      ["committed", ""],
      ["committed", ""],
    ]);
  });

  test("blocks without operations are rejected together, and the wrong one is named", async () => {
    const [first, wrong, last] = [blockOf(), blockOf(), blockOf()];
    for (const frame of [turned(zstd(wrong)), raw(wrong, last)]) {
      const { status, body } = await sendBlocks([zstd(first), frame, raw(last)]);
      assert.deepEqual([status, body.hash, body.field], [422, sha256(wrong), "frames"], JSON.stringify(body));
      assert.match(body.detail, new RegExp(sha256(wrong)));
    }
    const hashes = [first, wrong, last].map((block) => sha256(block));
    assert.deepEqual((await api.call("POST", "/blocks/query", { hashes })).body.missing, hashes);
  });

  test("if a patch's base is damaged in the store, downloads contain the full block and uploads require it", async () => {
    const base = Buffer.from(randomBytes(20_000));
    const store = join(folder, "data", "store");
    const known = findPackFiles(store);
    await putBatch(api, [{ path: "/base", blocks: [base] }]);
    const [pack] = [...findPackFiles(store)].filter(([id]) => !known.has(id)).map(([, path]) => path);
    const next = Buffer.concat([base, randomBytes(6000)]);
    await putBatch(api, [{ path: "/next", blocks: [next] }]);
    flipByte(pack!, readPackLayout(pack!).records[0]!.start + 100);
    const items = [{ hashes: [sha256(next)], bases: { [sha256(next)]: sha256(base) } }];
    const fetched = await api.call("POST", "/blocks/fetch", { items });
    assert.equal(fetched.status, 200, JSON.stringify(fetched.body));
    assert.ok(fetched.body.equals(Buffer.concat(encodeFrame(raw(next)))), "not the whole block came");
    const { status, body } = await sendBlocks([patch(Buffer.concat([base, randomBytes(500)]), base)]);
    assert.deepEqual([status, body.code], [409, "missing_blocks"]);
  });
});
