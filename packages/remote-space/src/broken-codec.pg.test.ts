import assert from "node:assert/strict";
import { after, test } from "node:test";
import type { CodecPool } from "@holdfast/codec/pool";
import { HoldfastError } from "@holdfast/core/errors";
import { blockOf, entryOf, noise, openWire, putFile } from "./testing.ts";

const mib = 1024 * 1024;
const { pool, space, signIn, close } = await openWire("remote-space-broken-codec");
after(close);

function breaking(task: string, isBroken: (input: unknown) => boolean): CodecPool {
  const run: CodecPool["run"] = (name, input, move) => {
    if (name === task && isBroken(input))
      return Promise.reject(new HoldfastError("internal", `${name} failed in its thread: boom`));
    return pool.run(name, input, move);
  };
  return { ...pool, run };
}

test("blocks whose compression fails are sent raw", async () => {
  const broken = await signIn({ pool: breaking("compressTask", () => true) });
  const [ahead, along] = ["ahead", "along"].map((text) => blockOf(Buffer.from(`${text} `.repeat(20_000))));
  assert.ok(ahead !== undefined && along !== undefined);
  await broken.putBlocks([ahead]);
  const node = await putFile(broken, [ahead, along].map(entryOf), [along]);
  const wanted = [ahead, along].map(({ hash, bytes }) => {
    return { hash, sizeBytes: bytes.length, versionId: node.version_id ?? "" };
  });
  const arrived = await Array.fromAsync(space.fetchBlocks(wanted));
  assert.deepEqual(
    arrived.map(({ bytes }) => Buffer.from(bytes)),
    [ahead, along].map(({ bytes }) => bytes),
  );
  await broken.close();
});

test("a block that cannot be decoded is named, and the others are returned", async () => {
  const blocks = ["one", "bad", "other"].map((seed) => blockOf(noise(mib / 2, seed)));
  const [first, bad, last] = blocks;
  assert.ok(first !== undefined && bad !== undefined && last !== undefined);
  await space.putBlocks(blocks);
  const node = await putFile(space, blocks.map(entryOf));
  const isBroken = (input: unknown): boolean =>
    (input as { frames: readonly { hash: string }[] }).frames.some(({ hash }) => hash === bad.hash);
  const broken = await signIn({ pool: breaking("openWindowTask", isBroken) });
  const wanted = (some: readonly { hash: typeof bad.hash }[]) =>
    some.map(({ hash }) => ({ hash, sizeBytes: mib / 2, versionId: node.version_id ?? "" }));
  await assert.rejects(Array.fromAsync(broken.fetchBlocks(wanted(blocks))), (thrown) => {
    assert.ok(thrown instanceof HoldfastError);
    assert.deepEqual([thrown.code, thrown.body["hash"]], ["hash_mismatch", bad.hash]);
    return true;
  });
  assert.equal((await Array.fromAsync(broken.fetchBlocks(wanted([first, last])))).length, 2);
  await broken.close();
});
