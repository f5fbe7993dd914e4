import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { request } from "node:http";
import { after, test } from "node:test";
import { encodePatch } from "@holdfast/codec/patch";
import { encodePatchFromPieces } from "@holdfast/codec/piece-patch";
import { cutPieces } from "@holdfast/codec/piece-table";
import { HoldfastError } from "@holdfast/core/errors";
import { sha256 } from "@holdfast/core/hash";
import type { NodeId } from "@holdfast/core/ids";
import { contentIdOf } from "@holdfast/core/manifest";
import { encodeFrame, framesContentType } from "@holdfast/protocol/frames";
import { Api, eventually } from "@holdfast/server/acceptance/testing";
import { bounded, until } from "@holdfast/tools/bounded";
import type { RemoteSpace } from "./remote-space.ts";
import { blockOf, counted, entryOf, epochOf, noise, openWire, putFile } from "./testing.ts";
import { longTest } from "@holdfast/tools/tiers";

const kib = 1024;
const mib = 1024 * kib;
const { server, proxy, space, signIn, close } = await openWire("remote-space-wire");
after(close);
const impatient = { patienceMs: 250 };

async function fetchAll(from: RemoteSpace, wanted: Parameters<RemoteSpace["fetchBlocks"]>[0]): Promise<Uint8Array[]> {
  return (await Array.fromAsync(from.fetchBlocks(wanted))).map(({ bytes }) => bytes);
}

test("one byte changed in a file of a thousand blocks costs less than 64 KiB each way, on both devices", async () => {
  // Simulates 1 GiB by the length of the list. One block of 1 MiB changes; the others' content is not transferred.
  const others = Array.from({ length: 1023 }, (_, number) => blockOf(noise(64, `other ${number}`)));
  const base = noise(mib, "base");
  const list = others.map(entryOf);
  list.splice(500, 0, entryOf(blockOf(base)));
  await space.putBlocks([...others, blockOf(base)]);
  const first = await putFile(space, list);
  const next = Buffer.from(base);
  next[400_000] = (next[400_000] ?? 0) ^ 1;
  const payload = encodePatchFromPieces({
    basePieces: cutPieces(base),
    next,
    random: (lengthBytes) => randomBytes(lengthBytes),
  });
  assert.ok(payload !== undefined);
  const epoch = await epochOf(space);
  const { token } = await space.snapshot(undefined);

  const sent = await counted(proxy, async () => {
    const block = { ...blockOf(next), patch: { base: sha256(base), payload } };
    const entries = list.with(500, entryOf(block));
    const operation = {
      op: "put" as const,
      operation_id: randomBytes(16).toString("hex"),
      file_id: first.id,
      base_version: first.version_id ?? "",
      size: first.size,
      content_id: contentIdOf(entries),
      splices: [{ at: 500, remove: 1, insert: [entryOf(block)] }],
    };
    assert.deepEqual(await space.missingBlocks([block.hash]), new Set([block.hash]));
    return space.commit(epoch, [operation], [block]);
  });
  const node = sent.result.results[0]?.node;
  assert.equal(sent.result.results[0]?.status, "committed");

  const received = await counted(proxy, async () => {
    const { changes } = await space.listChanges(token);
    const versionId = changes[0]?.node?.version_id ?? "";
    const known = { nodeId: first.id as NodeId, versionId: first.version_id ?? "", entries: list };
    const entries = (await space.manifests([{ versionId, base: known }])).get(versionId) ?? [];
    assert.equal(contentIdOf(entries), node?.content_id);
    const { hash = sha256(next), size = 0 } = entries[500] ?? {};
    const similar = { hash: sha256(base), read: async () => base };
    const [bytes = Buffer.of()] = await fetchAll(space, [{ hash, sizeBytes: size, versionId, base: similar }]);
    assert.ok(next.equals(bytes));
  });
  const report = `sent: ${sent.up} up, ${sent.down} down; received: ${received.up} up, ${received.down} down`;
  for (const bytes of [sent.up, sent.down, received.up, received.down]) assert.ok(bytes < 64 * kib, report);
  assert.ok(received.down < 8 * kib, report);
});

test("a patch that the server refuses is followed by the whole block", async () => {
  const [base, next] = [noise(300_000, "patch base"), Buffer.from(noise(300_000, "patch base"))];
  next[7] = 7;
  const payload = encodePatch(base, next) ?? Buffer.of();
  const unknown = { ...blockOf(next), patch: { base: sha256(base), payload } };
  await space.putBlocks([unknown]);
  assert.deepEqual(await space.missingBlocks([unknown.hash]), new Set());

  await space.putBlocks([blockOf(base)]);
  const third = Buffer.from(base);
  third[8] = 8;
  const wrong = { ...blockOf(third), patch: { base: sha256(base), payload } };
  const node = await putFile(space, [entryOf(wrong)], [wrong]);
  const [bytes = Buffer.of()] = await fetchAll(space, [
    { hash: wrong.hash, sizeBytes: third.length, versionId: node.version_id ?? "" },
  ]);
  assert.ok(third.equals(bytes));
});

test("a block whose base differs here, or is gone, is downloaded whole", async () => {
  const base = noise(500_000, "fetch base");
  const next = Buffer.concat([base, Buffer.from("more")]);
  await space.putBlocks([blockOf(base), blockOf(next)]);
  const { version_id } = await putFile(space, [entryOf(blockOf(next))]);
  const wanted = { ...entryOf(blockOf(next)), sizeBytes: next.length, versionId: version_id ?? "" };
  const reads = [
    async () => base,
    async () => noise(500_000, "somebody has written meanwhile"),
    async () => Promise.reject(new HoldfastError("not_found", "It is not there any more.")),
  ];
  const costs: number[] = [];
  for (const read of reads) {
    const { result, down } = await counted(proxy, () =>
      fetchAll(space, [{ ...wanted, base: { hash: sha256(base), read } }]),
    );
    assert.ok(next.equals(result[0] ?? Buffer.of()));
    costs.push(down);
  }
  assert.ok((costs[0] ?? 0) < 4 * kib, costs.join());
  for (const cost of costs.slice(1)) assert.ok(cost > next.length, costs.join());
  const unknown = { hash: sha256(Buffer.from("never sent")), read: async () => base };
  assert.ok(next.equals((await fetchAll(space, [{ ...wanted, base: unknown }]))[0] ?? Buffer.of()));
});

test("many large and small, compressible and incompressible blocks arrive unchanged", async () => {
  const blocks = [
    ...Array.from({ length: 300 }, (_, number) => blockOf(noise(1 + number * 17, `small ${number}`))),
    ...Array.from({ length: 9 }, (_, number) => blockOf(noise(3 * mib + number, `large ${number}`))),
    ...Array.from({ length: 5 }, (_, number) => blockOf(Buffer.alloc(mib, `text ${number} `))),
  ];
  const sent = await counted(proxy, () => space.putBlocks(blocks));
  assert.ok(sent.up < 31 * mib && sent.up > 27 * mib, `${sent.up} bytes`);
  const { version_id } = await putFile(space, blocks.map(entryOf));
  const wanted = blocks.map(({ hash, bytes }) => ({ hash, sizeBytes: bytes.length, versionId: version_id ?? "" }));
  const { result, down } = await counted(proxy, () => fetchAll(space, wanted));
  assert.ok(down < 31 * mib, `${down} bytes`);
  assert.equal(result.length, blocks.length);
  for (const [index, bytes] of result.entries()) assert.equal(sha256(bytes), blocks[index]?.hash);
});

test("a block longer than any connection lasts is uploaded and downloaded with less than twice its bytes", async () => {
  const weak = await signIn();
  const [raw, text] = [noise(4 * mib, "long block"), Buffer.from(noise(mib, "long text").toString("hex"))];
  const blocks = [blockOf(raw), blockOf(text), blockOf(noise(100_000, "short block"))];
  const plainBytes = blocks.reduce((sum, { bytes }) => sum + bytes.length, 0);
  proxy.cutEachAfter(600 * kib);
  const sent = await counted(proxy, () => weak.putBlocks(blocks));
  proxy.heal();
  assert.deepEqual(await weak.missingBlocks(blocks.map(({ hash }) => hash)), new Set());
  assert.ok(sent.up < 2 * plainBytes, `${sent.up} bytes up`);

  const { version_id } = await putFile(space, blocks.map(entryOf));
  const wanted = blocks.map(({ hash, bytes }) => ({ hash, sizeBytes: bytes.length, versionId: version_id ?? "" }));
  await weak.close();
  const again = await signIn();
  proxy.cutEachAfter(600 * kib);
  const { result, down } = await counted(proxy, () => fetchAll(again, wanted));
  proxy.heal();
  assert.deepEqual(
    result.map((bytes) => sha256(bytes)),
    blocks.map(({ hash }) => hash),
  );
  assert.ok(down < 2 * plainBytes, `${down} bytes down`);
  await again.close();
});

test("a batch longer than any connection lasts is sent in shorter ones, and each operation is done once", async () => {
  const epoch = await epochOf(space);
  const { token } = await space.snapshot(undefined);
  const operations = Array.from({ length: 500 }, () => ({
    op: "mkdir" as const,
    operation_id: randomBytes(16).toString("hex"),
    id: space.makeNodeId(),
    parent_id: space.rootId,
    name: randomBytes(100).toString("hex"),
  }));
  proxy.cutEachAfter(64 * kib);
  const weak = await signIn(impatient);
  let done: readonly string[] | undefined;
  let breaks = 0;
  for (; done === undefined; breaks += 1) {
    assert.ok(breaks < 8, "it breaks again and again");
    done =
      (await weak.commit(epoch, operations, []).then(
        ({ results }) => results.map(({ status }) => status),
        (error: unknown) => assert.ok(error instanceof HoldfastError && error.code === "unreachable", String(error)),
      )) ?? undefined;
  }
  proxy.heal();
  assert.deepEqual([...new Set(done)], ["committed"]);
  assert.ok(breaks > 1, "it broke");
  const names: (string | undefined)[] = [];
  for (let since = token, more = true; more;) {
    const { changes, next_token, has_more } = await space.listChanges(since);
    names.push(...changes.map(({ node }) => node?.name));
    [since, more] = [next_token, has_more];
  }
  assert.deepEqual([names.length, new Set(names)], [operations.length, new Set(operations.map(({ name }) => name))]);
  await weak.close();
});

test("the server keeps the completely received blocks of an interrupted request", async () => {
  const { token = "" } = await Api.signIn(server.url);
  const blocks = [
    blockOf(noise(300_000, "whole one")),
    blockOf(noise(5000, "whole two")),
    blockOf(noise(70_000, "cut")),
  ];
  const frames = blocks.flatMap(({ hash, bytes }) => [
    ...encodeFrame({ kind: "raw", hash, size: bytes.length, payload: bytes }),
  ]);
  const body = Buffer.concat(frames);
  const headers = {
    authorization: `Bearer ${token}`,
    "content-type": framesContentType,
    "content-length": String(body.length),
  };
  const sending = request(`${server.url}/api/v1/blocks?into=root`, { method: "POST", headers });
  const broken = once(sending, "error");
  sending.write(body.subarray(0, body.length - 10_000), () => sending.destroy(new Error("The link breaks.")));
  await broken;
  const hashes = blocks.map(({ hash }) => hash);
  const lost = new Set(hashes.slice(2));
  await eventually("the whole ones are there", 60_000, async () => {
    const missing = await space.missingBlocks(hashes);
    return missing.size === lost.size || undefined;
  });
  assert.deepEqual(await space.missingBlocks(hashes), lost);
});

test("stopping a download of blocks ends its requests", async () => {
  const blocks = Array.from({ length: 12 }, (_, number) => blockOf(noise(3 * mib, `stop ${number}`)));
  await space.putBlocks(blocks);
  const { version_id } = await putFile(space, blocks.map(entryOf));
  const wanted = blocks.map(({ hash, bytes }) => ({ hash, sizeBytes: bytes.length, versionId: version_id ?? "" }));
  const { down } = await counted(proxy, async () => {
    const taking = space.fetchBlocks(wanted)[Symbol.asyncIterator]();
    const first = await taking.next();
    assert.equal(first.done === true ? undefined : first.value.hash, blocks[0]?.hash);
    await taking.return?.();
  });
  assert.ok(down < 30 * mib, `${down} bytes`);
  assert.equal((await fetchAll(space, wanted.slice(0, 2))).length, 2);
});

test("released blocks give their memory to later ones, and others keep theirs", async () => {
  const blocks = Array.from({ length: 20 }, (_, number) => blockOf(noise(2 * mib, `window ${number}`)));
  await space.putBlocks(blocks);
  const { version_id } = await putFile(space, blocks.map(entryOf));
  const wanted = blocks.map(({ hash, bytes }) => ({ hash, sizeBytes: bytes.length, versionId: version_id ?? "" }));
  const windows = new Set<ArrayBufferLike>();
  let held: Uint8Array = new Uint8Array();
  let index = 0;
  for await (const { bytes, release } of space.fetchBlocks(wanted)) {
    assert.ok(Buffer.compare(blocks[index]!.bytes, bytes) === 0, `block ${index}`);
    windows.add(bytes.buffer);
    if (index === 1) held = bytes;
    else release?.();
    index += 1;
  }
  assert.equal(index, blocks.length);
  assert.equal(windows.size, 4, "five requests, of which three are under way, and one whose memory is in use");
  assert.ok(Buffer.compare(blocks[1]!.bytes, held) === 0, "memory in use was used again");
});

test("an open poll ends immediately when the space is closed, and later calls are rejected", async () => {
  const closing = await signIn();
  const { token } = await closing.snapshot(undefined);
  const upBefore = proxy.upBytes;
  const ended = assert.rejects(closing.poll(token, 60_000), isFailed);
  await until("the poll is on its way", () => proxy.upBytes > upBefore);
  await closing.close();
  await ended;
  await assert.rejects(closing.listChanges(token), isFailed);
});

test("an unreachable server is reported, and found again afterwards", async () => {
  const asking = await signIn(impatient);
  const { token } = await asking.snapshot(undefined);
  proxy.cut();
  await assert.rejects(asking.listChanges(token), isUnreachable);
  proxy.heal();
  assert.equal((await asking.listChanges(token)).has_more, false);
  await asking.close();
});

test("a silently dead connection is detected by the missing response", async () => {
  const { token } = await space.snapshot(undefined);
  const waiting = await answered(() => signIn({ answerTimeoutMs: 500, patienceMs: 0, attemptsMax: 1 }));
  proxy.swallow();
  await assert.rejects(waiting.listChanges(token), isUnreachable);
  proxy.heal();
  assert.equal((await answered(() => waiting.listChanges(token))).has_more, false);
  await waiting.close();
});

/** Retries late responses, because a busy machine may exceed the short timeout. */
async function answered<Result>(ask: () => Promise<Result>): Promise<Result> {
  const stillInTime = bounded("an answer in time");
  for (;;) {
    try {
      return await ask();
    } catch (thrown) {
      if (!isUnreachable(thrown)) throw thrown;
      stillInTime();
    }
  }
}

longTest("bytes are counted as they are transferred, and a limit applies in each direction", async () => {
  const limited = await signIn({ limitUpBytesPerSecond: 400 * kib, limitDownBytesPerSecond: 800 * kib });
  const block = blockOf(noise(mib, "slow"));
  const startedUp = performance.now();
  const sent = await counted(proxy, () => limited.putBlocks([block]));
  const upSeconds = (performance.now() - startedUp) / 1000;
  // A busy machine only adds time.
  assert.ok(upSeconds > 2.1, `${upSeconds} s`);
  const { version_id } = await putFile(space, [entryOf(block)]);
  const startedDown = performance.now();
  const wanted = [{ hash: block.hash, sizeBytes: block.bytes.length, versionId: version_id ?? "" }];
  const receivedBefore = limited.traffic.receivedBytes;
  const received = await counted(proxy, () => fetchAll(limited, wanted));
  const downSeconds = (performance.now() - startedDown) / 1000;
  assert.ok(downSeconds > 0.9, `${downSeconds} s`);
  assert.ok(
    Math.abs(sent.up - mib) < 2 * kib && limited.traffic.sentBytes > mib,
    `${sent.up} ${limited.traffic.sentBytes}`,
  );
  assert.ok(received.down - (limited.traffic.receivedBytes - receivedBefore) < 2 * kib);
  await limited.close();
});

function isUnreachable(thrown: unknown): boolean {
  return thrown instanceof HoldfastError && thrown.code === "unreachable";
}

function isFailed(thrown: unknown): boolean {
  return thrown instanceof HoldfastError && thrown.code === "failed";
}
