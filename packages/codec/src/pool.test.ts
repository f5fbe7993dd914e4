import assert from "node:assert/strict";
import { after, test } from "node:test";
import { HoldfastError } from "@holdfast/core/errors";
import { sha256 } from "@holdfast/core/hash";
import { probeCompress } from "./codec.ts";
import type { CarriedBlock } from "./codec.ts";
import type * as doubleWorker from "./double-worker.fixture.ts";
import { encodePatch } from "./patch.ts";
import { startCodecPool } from "./pool.ts";
import { buffersOf, ownBytes } from "./task.ts";

const pool = startCodecPool({ threads: 2 });
after(() => pool.close());

const text = Buffer.from("Every file is a list of blocks. ".repeat(100));

/** Returns one frame of each kind. Every payload owns its buffer, as from the frame parser. */
function carried(): CarriedBlock[] {
  const next = Buffer.concat([text, Buffer.from("And one more.")]);
  const zstd = probeCompress(text).payload;
  const patch = encodePatch(text, next) ?? new Uint8Array(0);
  return [
    { kind: "raw", hash: sha256(text), size: text.length, payload: ownBytes(text) },
    { kind: "zstd", hash: sha256(text), size: text.length, payload: ownBytes(zstd) },
    { kind: "patch", hash: sha256(next), size: next.length, payload: ownBytes(patch), base: ownBytes(text) },
    { kind: "raw", hash: sha256(next), size: text.length, payload: ownBytes(text) },
    { kind: "zstd", hash: sha256(text), size: text.length, payload: ownBytes(text.subarray(0, 50)) },
  ];
}

function buffersUnder(frames: readonly CarriedBlock[]): ArrayBuffer[] {
  return buffersOf(frames.flatMap(({ payload, base }) => (base === undefined ? [payload] : [payload, base])));
}

test("frames are verified individually, and a bad one affects no other", async () => {
  const frames = carried();
  const results = await pool.run("verifyTask", { frames, want: "plain" }, buffersUnder(frames));
  assert.deepEqual(
    results.map((result) => (result.ok ? sha256(result.payload) : result.code)),
    [sha256(text), sha256(text), carried()[2]?.hash, "hash_mismatch", "invalid_field"],
  );
  assert.equal(frames[0]?.payload.length, 0, "the payload has moved, not been copied");
});

test("an accepted frame is kept as received, and a patch becomes a complete block", async () => {
  const frames = carried().slice(0, 3);
  const sent = carried()[1]?.payload;
  const results = await pool.run("verifyTask", { frames, want: "stored" }, buffersUnder(frames));
  assert.deepEqual(
    results.map((result) => (result.ok ? result.codec : result.code)),
    ["raw", "zstd", "zstd"],
  );
  assert.ok(results[1]?.ok === true && results[2]?.ok === true);
  assert.deepEqual(results[1].payload, sent);
  const { codec, payload, size } = results[2];
  const [plain] = await pool.run("decodeTask", [{ codec, payload, size }]);
  assert.equal(plain === undefined ? "" : sha256(plain), carried()[2]?.hash);
});

test("a piece is cut, hashed and compressed in its own buffer, from an offset and without the unfinished tail", async () => {
  const { buffer } = ownBytes(Buffer.concat([Buffer.alloc(10, 1), Buffer.alloc(5 << 20)]));
  const input = { buffer, byteOffset: 10, byteLength: 5 << 20, final: false, compress: true };
  const output = await pool.run("cutTask", input, [buffer]);
  assert.equal(output.consumed, 4 << 20);
  const [block] = output.blocks;
  assert.ok(block !== undefined && output.blocks.length === 1);
  assert.deepEqual([block.start, block.end, block.codec], [10, 10 + (4 << 20), "zstd"]);
  assert.equal(block.hash, sha256(new Uint8Array(4 << 20)));
  const payload = new Uint8Array(output.buffer, block.start, block.length);
  const [plain] = await pool.run("decodeTask", [{ codec: "zstd", payload, size: 4 << 20 }]);
  assert.deepEqual(plain, new Uint8Array(4 << 20));
});

test("a patch is made in a thread", async () => {
  const next = Buffer.concat([text, text]);
  assert.ok(((await pool.run("encodePatchTask", { base: text, next }))?.length ?? 0) > 0);
  assert.equal(await pool.run("encodePatchTask", { base: text, next: Buffer.from("tiny") }), undefined);
});

test("an error from a thread keeps its code", async () => {
  await assert.rejects(
    pool.run("decodeTask", [{ codec: "zstd", payload: new Uint8Array(5), size: 100 }]),
    (thrown) => thrown instanceof HoldfastError && thrown.code === "invalid_field" && thrown.field === "frames",
  );
});

test("another module's tasks run, and their unexpected errors become internal ones", async () => {
  const workerUrl = new URL("double-worker.fixture.ts", import.meta.url);
  const other = startCodecPool<typeof doubleWorker>({ workerUrl, threads: 1 });
  assert.equal(await other.run("doubleTask", 21), 42);
  await assert.rejects(
    other.run("brokenTask", 0),
    (thrown) => thrown instanceof HoldfastError && thrown.code === "internal" && /brokenTask/.test(thrown.message),
  );
  await other.close();
});

test("a full queue and a closed pool return unavailable", async () => {
  const small = startCodecPool({ threads: 1, queueMax: 1 });
  const cuts = [{ start: 0, end: 1 << 20 }];
  const calls = Array.from({ length: 6 }, () =>
    small.run("encodeBlocksTask", { buffer: new ArrayBuffer(1 << 20), cuts, compress: true }),
  );
  const results = await Promise.allSettled(calls);
  const refusals = results.flatMap((result) => (result.status === "rejected" ? [result.reason as unknown] : []));
  assert.ok(refusals.length > 0 && refusals.length < 6, `${refusals.length} refusals`);
  assert.ok(refusals.every(isUnavailable));
  await small.close();
  await assert.rejects(small.run("decodeTask", []), isUnavailable);
});

test("closing completes the running task and rejects the waiting one", async () => {
  const small = startCodecPool({ threads: 1 });
  await small.run("decodeTask", []);
  const input = { buffer: new ArrayBuffer(1 << 20), cuts: [{ start: 0, end: 1 << 20 }], compress: true };
  const running = small.run("encodeBlocksTask", input);
  const waiting = assert.rejects(small.run("encodeBlocksTask", input), isUnavailable);
  await small.close();
  assert.equal((await running).blocks.length, 1);
  await waiting;
});

function isUnavailable(thrown: unknown): boolean {
  return thrown instanceof HoldfastError && thrown.code === "unavailable";
}
