import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { decodeFrame, probeCompress } from "@holdfast/codec/codec";
import { encodePatch } from "@holdfast/codec/patch";
import { beginningsAround, hexText } from "@holdfast/codec/testing";
import { sha256 } from "@holdfast/core/hash";
import {
  batchContentType,
  encodeBatchBody,
  encodeFrame,
  findFrames,
  type Frame,
  framesContentType,
} from "@holdfast/protocol/frames";
import { assertCommitted } from "./batches.ts";
import { Api, makeFolder, removeFolder, type ServerProcess, spawnServer } from "./testing.ts";

/** Default buffer size of Node's compressors. */
const bufferBytes = 16 * 1024;
/** Node's compressor appends this to a frame that fills its last buffer (docs/format.md, Blocks). */
const emptyFrame = Buffer.from("28b52ffd2000010000", "hex");

/** Invariant: frames of any length come back unchanged, by every way in and out. */
describe("Frames of every length", () => {
  let folder: string;
  let server: ServerProcess;
  let api: Api;

  before(async () => {
    folder = makeFolder("frame-lengths");
    server = await spawnServer({ dataFolder: `${folder}/data` });
    api = await Api.signIn(server.url);
  });
  after(async () => {
    await server?.stop();
    removeFolder(folder);
  });

  async function fetchFrames(hashes: readonly string[]): Promise<Frame[]> {
    const { status, body } = await api.call("POST", "/blocks/fetch", { items: [{ hashes }] });
    assert.equal(status, 200, JSON.stringify(body));
    return findFrames(body, { framesMax: hashes.length }).map(({ kind, hash, size, start, end }) => {
      return { kind, hash, size, payload: body.subarray(start, end) };
    });
  }

  function plainOf({ kind, size, payload }: Frame): Buffer {
    assert.ok(kind === "raw" || kind === "zstd", kind);
    return Buffer.from(decodeFrame(kind, payload, size));
  }

  for (const buffers of [1, 2, 3, 4, 8, 32]) {
    const text = hexText(`holdfast ${buffers} `, 2.2 * (buffers + 1) * bufferBytes);
    const contents = beginningsAround(
      text,
      buffers * bufferBytes,
      (bytes) => probeCompress(bytes).payload.length,
      buffers > 4 ? 4 : 10,
    ).map((content) => Buffer.from(content));

    test(`files with frames of about ${buffers * bufferBytes} bytes read back unchanged`, async () => {
      for (const content of contents) {
        const path = `/media-${buffers}-${content.length}`;
        const put = await api.put(path, content);
        assert.equal(put.status, 201, JSON.stringify(put.body));
        const got = await api.download(path);
        assert.equal(got.status, 200, `${content.length} bytes: ${JSON.stringify(got.body)}`);
        assert.ok(got.body.equals(content), `${content.length} bytes are others`);
      }
      const frames = await fetchFrames(contents.map((content) => sha256(content)));
      for (const [index, frame] of frames.entries()) assert.ok(plainOf(frame).equals(contents[index]!));
    });

    test(`a batch with frames of about ${buffers * bufferBytes} bytes is committed and reads back unchanged`, async () => {
      const blocks = contents.map((content) => Buffer.from(content).fill("b", 0, 1));
      const operations = blocks.map((block, index) => ({
        op: "put",
        operation_id: sha256(block).slice(0, 32),
        path: `/batch-${buffers}-${index}`,
        size: block.length,
        blocks: [{ hash: sha256(block), size: block.length }],
      }));
      const frames = blocks.map((block): Frame => {
        const { codec, payload } = probeCompress(block);
        return { kind: codec, hash: sha256(block), size: block.length, payload: Buffer.from(payload) };
      });
      const answer = await api.call("POST", "/sync/delta", undefined, {
        body: Buffer.concat(encodeBatchBody({ operations }, frames)),
        headers: { "content-type": batchContentType },
      });
      assertCommitted(answer);
      for (const [index, block] of blocks.entries()) {
        assert.ok((await api.download(`/batch-${buffers}-${index}`)).body.equals(block));
      }
    });
  }

  test("an older client's frame with an empty frame appended is accepted, and served without it", async () => {
    const base = hexText("an older client", 40_000);
    const next = Buffer.concat([base, hexText("and its next block", 9000)]);
    const frame = probeCompress(base).payload;
    const patch = encodePatch(base, next) ?? assert.fail("there is no patch");
    const frames: Frame[] = [
      { kind: "zstd", hash: sha256(base), size: base.length, payload: Buffer.concat([frame, emptyFrame]) },
      {
        kind: "patch",
        hash: sha256(next),
        size: next.length,
        payload: Buffer.concat([patch, emptyFrame]),
        base: sha256(base),
      },
    ];
    for (const each of frames) {
      const sent = await api.call("POST", "/blocks", undefined, {
        body: Buffer.concat(encodeFrame(each)),
        headers: { "content-type": framesContentType },
      });
      assert.equal(sent.status, 200, JSON.stringify(sent.body));
    }
    const [first, second] = await fetchFrames([sha256(base), sha256(next)]);
    assert.ok(plainOf(first!).equals(base) && plainOf(second!).equals(next));
    const twice = { ...frames[0]!, payload: Buffer.concat([frame, emptyFrame, emptyFrame]) };
    const refused = await api.call("POST", "/blocks", undefined, {
      body: Buffer.concat(encodeFrame(twice)),
      headers: { "content-type": framesContentType },
    });
    assert.deepEqual([refused.status, refused.body.code], [422, "invalid_field"]);
  });
});
