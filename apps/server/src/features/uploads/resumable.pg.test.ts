import assert from "node:assert/strict";
import { PassThrough, Readable } from "node:stream";
import { after, before, test } from "node:test";
import { sha256 } from "@holdfast/core/hash";
import { fc } from "@holdfast/tools/properties";
import { bounded } from "@holdfast/tools/bounded";
import { isLongTier } from "@holdfast/tools/tiers";
import {
  bodyOf,
  bytesOf,
  contentIdOfBytes,
  countRows,
  put,
  putPart,
  readFile,
  refusalOf,
  startOf,
  startUploadWorld,
  type UploadWorld,
} from "./testing.ts";

const mib = 1024 * 1024;
let world: UploadWorld;
before(async () => {
  world = await startUploadWorld();
});
after(() => world.stop());

test("for any split into pieces over several instances, a file has the blocks of a simple upload", async () => {
  const space = await world.space();
  let file = 0;
  const cut = fc.oneof(fc.double({ min: 0, max: 1, noNaN: true }), fc.constantFrom(1e-7, 0.1, 0.1000001, 0.9999999));
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 0, max: 9 * mib }),
      fc.array(cut, { maxLength: 7 }),
      fc.boolean(),
      async (size, cuts, known) => {
        const bytes = bytesOf(`file ${size}`, size);
        const { id } = await world
          .instance(space)
          .start(space.caller, startOf(`split ${(file += 1)}`, { sha256: sha256(bytes) }));
        const ends = [...new Set([...cuts.map((part) => Math.floor(part * size)), size])].filter((end) => end > 0);
        let start = 0;
        for (const end of ends.toSorted((left, right) => left - right)) {
          const total = known || end === size ? size : "*";
          const answer = await putPart(world.instance(space), space, id, { bytes, start, end, total });
          start = end;
          if (end < size) assert.deepEqual(answer, { durable: end });
        }
        const done = await put(world.instance(space), space, id, `bytes */${size}`);
        assert.ok("node" in done);
        assert.equal(done.node.content_id, contentIdOfBytes(bytes));
        assert.ok((await readFile(world, space, done.node.id)).equals(bytes));
      },
    ),
    {
      numRuns: isLongTier ? 30 : 6,
      examples: [
        [0, [], true],
        [1, [], false],
        [256 * 1024, [0.5], false],
        [8 * mib, [0.5], true],
      ],
    },
  );
  const { blocks, tails } = await countRows(space);
  assert.deepEqual({ blocks, tails }, { blocks: 0, tails: 0 });
});

test("many tiny pieces are one small tail, and then the file", async () => {
  const space = await world.space();
  const uploads = world.instance(space);
  const bytes = bytesOf("tiny", 3000);
  const { id } = await uploads.start(space.caller, startOf("tiny"));
  let rowsMax = 0;
  for (let start = 0; start < bytes.length; start += 20) {
    await putPart(uploads, space, id, { bytes, start, end: start + 20, total: "*" });
    if (start % 100 === 0) rowsMax = Math.max(rowsMax, (await countRows(space)).tails);
  }
  assert.ok(rowsMax <= 65, `${rowsMax} rows`);
  const done = await put(uploads, space, id, "bytes */3000");
  assert.ok("node" in done && (await readFile(world, space, done.node.id)).equals(bytes));
});

test("bytes received before a cut connection are durable, and the next request continues there", async () => {
  const space = await world.space();
  const bytes = bytesOf("cut", 7 * mib);
  const { id } = await world.instance(space).start(space.caller, startOf("cut", {}, bytes.length));
  for (const end of [100, 100_000, 5 * mib + 1, 6 * mib]) {
    const uploads = world.instance(space);
    const start = (await uploads.state(space.caller, id)).durable;
    const broken = Readable.from(
      (async function* () {
        yield* bodyOf(bytes.subarray(start, end));
        throw new Error("the cable was cut");
      })(),
    );
    const range = `bytes ${start}-${bytes.length - 1}/${bytes.length}`;
    assert.equal((await refusalOf(put(uploads, space, id, range, broken)))["code"], "internal");
    assert.equal((await uploads.state(space.caller, id)).durable, end);
  }
  const done = await putPart(world.instance(space), space, id, {
    bytes,
    start: 6 * mib,
    end: bytes.length,
    total: bytes.length,
  });
  assert.ok("node" in done && done.node.content_id === contentIdOfBytes(bytes));
});

test("while a request runs, its bytes are durable except the last 16 MiB", async () => {
  const space = await world.space();
  const uploads = world.instance(space);
  const bytes = bytesOf("long", 24 * mib);
  const { id } = await uploads.start(space.caller, startOf("long"));
  let taken = 0;
  let worst = 0;
  const body = Readable.from(
    (async function* () {
      for (let at = 0; at < bytes.length; at += mib) {
        const { durable } = await world.instance(space).state(space.caller, id);
        worst = Math.max(worst, taken - durable);
        taken = at + mib;
        yield bytes.subarray(at, taken);
      }
    })(),
    { highWaterMark: 1, objectMode: true },
  );
  const done = await put(uploads, space, id, undefined, body);
  assert.ok("node" in done && done.node.size === bytes.length);
  assert.ok(worst <= 16 * mib, `${worst} bytes were not durable`);
});

test("a second writer takes over the upload, and the first can append no more bytes", async () => {
  const space = await world.space();
  const bytes = bytesOf("two writers", 6 * mib);
  const wrong = bytesOf("somebody else", 6 * mib);
  const [first, second] = [world.instance(space), world.instance(space)];
  const { id } = await first.start(space.caller, startOf("two writers"));
  const body = new PassThrough();
  const older = refusalOf(put(first, space, id, `bytes 0-${6 * mib - 1}/*`, body));
  body.write(wrong.subarray(0, 3 * mib));
  while ((await durableGeneration(space, id)) === 0) await new Promise(setImmediate);
  const { durable } = await second.state(space.caller, id);
  assert.equal(durable, 0);
  await putPart(second, space, id, { bytes, start: 0, end: 5 * mib, total: bytes.length });
  body.end(wrong.subarray(3 * mib));
  assert.equal((await older)["code"], "superseded");
  const done = await putPart(second, space, id, { bytes, start: 5 * mib, end: 6 * mib, total: bytes.length });
  assert.ok("node" in done && (await readFile(world, space, done.node.id)).equals(bytes));
});

test("the first writer is stopped when a second one starts, before it has sent a byte", async () => {
  const space = await world.space();
  const bytes = bytesOf("arrival", 100_000);
  const uploads = world.instance(space);
  const { id } = await uploads.start(space.caller, startOf("arrival"));
  const [older, newer] = [new PassThrough(), new PassThrough()];
  const first = refusalOf(put(uploads, space, id, "bytes 0-99999/100000", older));
  while ((await durableGeneration(space, id)) < 1) await new Promise(setImmediate);
  const second = put(world.instance(space), space, id, "bytes 0-99999/100000", newer);
  while ((await durableGeneration(space, id)) < 2) await new Promise(setImmediate);
  older.end(bytesOf("somebody else", 100_000));
  assert.equal((await first)["code"], "superseded");
  assert.equal((await uploads.state(space.caller, id)).durable, 0);
  newer.end(bytes);
  const done = await second;
  assert.ok("node" in done && (await readFile(world, space, done.node.id)).equals(bytes));
});

test("a waiting writer of the same process is stopped immediately when another takes over", async () => {
  const space = await world.space();
  const bytes = bytesOf("at once", 100_000);
  const uploads = world.instance(space);
  const { id } = await uploads.start(space.caller, startOf("at once"));
  const older = new PassThrough();
  older.write(bytes.subarray(0, 10));
  const first = refusalOf(put(uploads, space, id, "bytes 0-99999/100000", older));
  while ((await durableGeneration(space, id)) < 1) await new Promise(setImmediate);
  const done = await putPart(uploads, space, id, { bytes, start: 0, end: bytes.length, total: bytes.length });
  // Its body never ends on its own.
  assert.equal((await first)["code"], "superseded");
  assert.ok("node" in done && (await readFile(world, space, done.node.id)).equals(bytes));
});

test("many concurrent writers leave a correct file", async () => {
  const space = await world.space();
  const bytes = bytesOf("race", 0.8 * mib);
  const { id } = await world.instance(space).start(space.caller, startOf("race", {}, bytes.length));
  const work = async (stepBytes: number) => {
    const uploads = world.instance(space);
    const stillInTime = bounded("one of the writers makes the file whole");
    for (;;) {
      stillInTime();
      const { durable, complete, node } = await uploads.state(space.caller, id);
      if (node !== undefined) return node.id;
      const end = Math.min(bytes.length, durable + stepBytes);
      const range = complete ? "bytes */*" : `bytes ${durable}-${end - 1}/${bytes.length}`;
      try {
        await put(uploads, space, id, range, bytes.subarray(durable, complete ? durable : end));
      } catch (error) {
        const { code } = error as { code: string };
        assert.ok(code === "superseded" || code === "offset", code);
      }
    }
  };
  const nodes = await Promise.all([70_000, 300_000, 1_000_000].map(work));
  assert.equal(new Set(nodes).size, 1);
  assert.ok((await readFile(world, space, nodes[0]!)).equals(bytes));
  assert.equal((await countRows(space)).blocks, 0);
});

test("a body longer than its range is rejected, and only the declared part is durable", async () => {
  const space = await world.space();
  const uploads = world.instance(space);
  const bytes = bytesOf("surplus", 1000);
  const { id } = await uploads.start(space.caller, startOf("surplus"));
  const refusal = await refusalOf(put(uploads, space, id, "bytes 0-499/1000", bodyOf(bytes, 300)));
  assert.deepEqual(refusal, { code: "bad_request", field: "Content-Range" });
  assert.equal((await uploads.state(space.caller, id)).durable, 500);
  const done = await putPart(uploads, space, id, { bytes, start: 500, end: 1000, total: 1000 });
  assert.ok("node" in done && (await readFile(world, space, done.node.id)).equals(bytes));
});

test("a finished upload returns its node, and accepts no more bytes", async () => {
  const space = await world.space();
  const uploads = world.instance(space);
  const { id } = await uploads.start(space.caller, startOf("finished"));
  const done = await put(uploads, space, id, undefined, bytesOf("finished", 10));
  assert.ok("node" in done && done.created);
  for (const range of ["bytes */*", "bytes 0-9/10", "bytes 3-9/100", undefined]) {
    const again = await put(
      world.instance(space),
      space,
      id,
      range,
      range === "bytes */*" ? new Uint8Array(0) : new Uint8Array(10),
    );
    assert.ok("node" in again && !again.created && again.node.version_id === done.node.version_id);
  }
  const { complete, total, node } = await uploads.state(space.caller, id);
  assert.deepEqual([complete, total, node?.id], [true, 10, done.node.id]);
  assert.equal((await uploads.commit(space.caller, id, {})).node.id, done.node.id);
});

async function durableGeneration(space: Awaited<ReturnType<UploadWorld["space"]>>, id: string): Promise<number> {
  const row = await space.db
    .selectFrom("shard.upload_sessions")
    .select("generation")
    .where("id", "=", id as never)
    .executeTakeFirst();
  return row?.generation ?? 0;
}
