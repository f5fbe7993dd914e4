import assert from "node:assert/strict";
import { test } from "node:test";
import { constants, zstdCompressSync, zstdDecompressSync } from "node:zlib";
import { beginningsAround, hexText } from "@holdfast/codec/testing";
import { compressFrame } from "@holdfast/codec/zstd-compress";
import { zstdProblem } from "@holdfast/codec/zstd-frame";
import { HoldfastError } from "@holdfast/core/errors";
import { limits } from "@holdfast/core/limits";
import { readText } from "./answer.ts";
import { compressJson } from "./compressed-json.ts";
import type { TransportAnswer, TransportRequest } from "./transport.ts";

const request: TransportRequest = {
  method: "POST",
  path: "/",
  headers: { "content-type": "application/json" },
  body: undefined,
  signal: undefined,
};

async function* slicesOf(bytes: Uint8Array, sizeBytes: number): AsyncGenerator<Uint8Array> {
  for (let start = 0; start < bytes.length; start += sizeBytes) yield bytes.subarray(start, start + sizeBytes);
}

function answering(
  body: AsyncIterable<Uint8Array>,
  encoding = "zstd",
): (request: TransportRequest) => Promise<TransportAnswer> {
  return async () => ({ status: 200, header: (name) => (name === "content-encoding" ? encoding : undefined), body });
}

async function send(answer: (request: TransportRequest) => Promise<TransportAnswer>, body?: string): Promise<string> {
  const transport = compressJson({ send: answer, close: async () => {} });
  return Buffer.concat(await Array.fromAsync((await transport.send({ ...request, body })).body)).toString();
}

const text = JSON.stringify(Array.from({ length: 40_000 }, (_, index) => ({ name: `file ${index}` })));

test("a compressed response is decoded correctly, sliced anywhere", async () => {
  const bytes = zstdCompressSync(text);
  for (const sizeBytes of [1, 1000, 2 ** 20]) assert.equal(await send(answering(slicesOf(bytes, sizeBytes))), text);
  assert.equal(await send(answering(slicesOf(Buffer.from(text), 999), "identity")), text);
});

test("a long body is sent compressed, and a short one uncompressed", async () => {
  const sent: TransportRequest[] = [];
  const note = (one: TransportRequest) => {
    sent.push(one);
    return answering(slicesOf(Buffer.from("{}"), 9), "identity")(one);
  };
  await send(note, text);
  await send(note, "{}");
  const [long, short] = sent;
  assert.equal(long?.headers["content-encoding"], "zstd");
  assert.equal(zstdDecompressSync(Buffer.concat(long.body as Uint8Array[])).toString(), text);
  assert.equal(short?.headers["content-encoding"], undefined);
  assert.equal(short?.body, "{}");
});

test("a request body is one frame of any length, and a response with an appended empty frame is read", async () => {
  const sent: Uint8Array[] = [];
  const note = (one: TransportRequest) => {
    sent.push(...(one.body as Uint8Array[]));
    return answering(slicesOf(Buffer.from("{}"), 9), "identity")(one);
  };
  const lengthOf = (bytes: Uint8Array) => compressFrame(bytes, { level: 1 }).length;
  const bodies = [1, 2, 3].flatMap((buffers) =>
    beginningsAround(hexText("body", 130_000), buffers * 16_384, lengthOf).map((bytes) => Buffer.from(bytes)),
  );
  for (const body of bodies) await send(note, body.toString());
  for (const [index, body] of bodies.entries()) assert.equal(zstdProblem(sent[index]!, body.length), undefined);
  const followed = Buffer.concat([compressFrame(Buffer.from(text), { level: 1 }), zstdCompressSync("")]);
  for (const sizeBytes of [1, 1000, 2 ** 20]) assert.equal(await send(answering(slicesOf(followed, sizeBytes))), text);
});

test("damaged, truncated and interrupted responses fail instead of returning less", async () => {
  const bytes = zstdCompressSync(text);
  const damaged = Buffer.from(bytes);
  damaged.fill(0, 0, 2);
  const isUnreachable = (thrown: unknown) => thrown instanceof HoldfastError && thrown.code === "unreachable";
  await assert.rejects(send(answering(slicesOf(damaged, 100))), isUnreachable);
  await assert.rejects(send(answering(slicesOf(bytes.subarray(0, bytes.length - 10), 100))), isUnreachable);
  const broken = new HoldfastError("unreachable", "cut");
  async function* cut(): AsyncGenerator<Uint8Array> {
    yield bytes.subarray(0, 200);
    throw broken;
  }
  await assert.rejects(send(answering(cut())), (thrown) => thrown === broken);
});

test("an endless response is abandoned at the maximum size, compressed or not", async () => {
  let givenBytes = 0;
  async function* withoutEnd(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
    for (; ; givenBytes += bytes.length) yield bytes;
  }
  const spaces = Buffer.alloc(2 ** 20, " ");
  for (const [encoding, slice] of [
    ["identity", spaces],
    ["zstd", zstdCompressSync(spaces)],
  ] as const) {
    givenBytes = 0;
    const transport = compressJson({ send: answering(withoutEnd(slice), encoding), close: async () => {} });
    await assert.rejects(readText(await transport.send(request)), { code: "failed" });
    assert.ok(givenBytes <= limits.answerJsonBytesMax, `${givenBytes} bytes were asked for`);
  }
});

test("a frame that requires more memory than the maximum response is damaged", async () => {
  const wide = zstdCompressSync(Buffer.from("{}"), { params: { [constants.ZSTD_c_windowLog]: 27 } });
  // Without content size, which would be its window.
  const frame = Buffer.concat([wide.subarray(0, 4), Buffer.from([0, (27 - 10) << 3]), wide.subarray(6)]);
  await assert.rejects(send(answering(slicesOf(frame, 100))), { code: "unreachable" });
});
