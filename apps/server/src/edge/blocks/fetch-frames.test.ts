import assert from "node:assert/strict";
import { test } from "node:test";
import type { CodecPool } from "@holdfast/codec/pool";
import { sha256 } from "@holdfast/core/hash";
import type { SpaceId } from "@holdfast/core/ids";
import type { BlockService } from "../../packs/service/block-service.ts";
import { fetchFrames, type WantedBlock } from "./fetch-frames.ts";
import { primed } from "./primed.ts";

const spaceId = "01a20000-0000-8000-8000-000000000001" as SpaceId;
const payload = new Uint8Array(200_000).fill(7);
const hash = sha256(payload);

/** Counts readers that have not ended, because they hold memory. */
function countedReaders() {
  let open = 0;
  const read = async function* (_: SpaceId, hashes: readonly unknown[]) {
    open += 1;
    try {
      for (const _each of hashes) yield { hash, sizeBytes: payload.length, codec: "raw" as const, payload };
    } finally {
      open -= 1;
    }
  };
  const options = { signal: new AbortController().signal, reading: undefined as never, own: spaceId };
  const wanted: WantedBlock[] = Array.from({ length: 20 }, () => ({ hash, spaceId, base: undefined }));
  const parts = { blocks: { read } as unknown as BlockService, codec: undefined as unknown as CodecPool };
  return { frames: () => fetchFrames(parts, wanted, options), openReaders: () => open };
}

test("an interrupted response closes its reader, which frees its memory", async () => {
  const { frames, openReaders } = countedReaders();
  const answer = frames();
  assert.ok(((await answer.next()).value?.length ?? 0) > 0);
  assert.equal(openReaders(), 1);
  await answer.return(undefined);
  assert.equal(openReaders(), 0);
});

test("a response that ends before its first piece is sent closes its reader too", async () => {
  const { frames, openReaders } = countedReaders();
  const answer = await primed(frames());
  assert.equal(openReaders(), 1);
  await answer.return(undefined);
  assert.equal(openReaders(), 0);
});

test("a complete response contains every block once, in the requested order", async () => {
  const { frames, openReaders } = countedReaders();
  let bytes = 0;
  for await (const piece of await primed(frames())) bytes += piece.length;
  assert.ok(bytes > 20 * payload.length);
  assert.equal(openReaders(), 0);
});
