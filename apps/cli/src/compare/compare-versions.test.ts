import assert from "node:assert/strict";
import { test } from "node:test";
import type { ApiClient } from "@holdfast/api-client/api-client";
import { sha256 } from "@holdfast/core/hash";
import type { VersionJson } from "@holdfast/protocol/version-routes";
import { applyPatch } from "diff";
import { fc } from "@holdfast/tools/properties";
import { compareVersions, listedBytesMax, textBytesMax } from "./compare-versions.ts";

class TwoVersions {
  readonly fetched: { version: string; start: number; end: number }[] = [];
  readonly versions: readonly VersionJson[];
  readonly #blocks: ReadonlyMap<string, readonly Buffer[]>;
  readonly client = this as unknown as ApiClient;

  constructor(from: readonly Buffer[], to: readonly Buffer[]) {
    this.#blocks = new Map([
      ["from", from],
      ["to", to],
    ]);
    this.versions = [...this.#blocks].map(([id, blocks], index) => versionOf(id, index + 1, blocks));
  }

  async compare() {
    const [from, to] = this.versions as [VersionJson, VersionJson];
    return compareVersions(this.client, "file", from, to);
  }

  async call(_: "getManifest", { query: { version } }: { query: { version: string } }) {
    const blocks = this.#blocks.get(version) ?? [];
    return { blocks: blocks.map((block) => ({ hash: sha256(block), size: block.length })) };
  }

  async bytes(
    _: "download",
    { query: { version }, headers: { range } }: { query: { version: string }; headers: { range: string } },
  ) {
    const [, first, last] = /^bytes=(\d+)-(\d+)$/.exec(range) ?? [];
    const [start, end] = [Number(first), Number(last) + 1];
    this.fetched.push({ version, start, end });
    return [Buffer.concat(this.#blocks.get(version) ?? []).subarray(start, end)];
  }
}

function versionOf(id: string, number: number, blocks: readonly Buffer[]): VersionJson {
  const content = Buffer.concat(blocks);
  return {
    number,
    version_id: id,
    size: content.length,
    content_id: sha256(content),
    created_at: "2026-01-01T00:00:00Z",
    created_by: "me",
    author: { id: "me", name: "Me" },
    device_id: null,
    operation_id: null,
  };
}

/** Blocks of a few lines. A boundary may be inside a line or a character. */
const blocks = fc
  .array(fc.constantFrom("a\n", "b\nb\n", "long line", "\n\n\n", "ä\nend", "c"), { maxLength: 12 })
  .map((texts) =>
    texts.flatMap((text) => {
      const bytes = Buffer.from(text);
      return bytes[0] === 0xc3 ? [bytes.subarray(0, 1), bytes.subarray(1)] : [bytes];
    }),
  );

test("the difference turns one version into the other at any block boundaries, and fetches no block twice", async () => {
  await fc.assert(
    fc.asyncProperty(blocks, blocks, blocks, blocks, async (start, removed, added, end) => {
      const server = new TwoVersions([...start, ...removed, ...end], [...start, ...added, ...end]);
      const [from, to] = [
        [...start, ...removed, ...end],
        [...start, ...added, ...end],
      ].map((each) => Buffer.concat(each).toString()) as [string, string];
      const { kind, lines = [] } = await server.compare();
      assert.equal(kind, from === to ? "equal" : "text");
      if (from === to) return;
      const patch = ["--- f", "+++ f", ...lines].map((line) => `${line}\n`).join("");
      assert.equal(applyPatch(from, patch, { fuzzFactor: 0 }), to);
      const spans = server.fetched.slice(1).map(({ version, start: at, end: until }) => `${version} ${at}-${until}`);
      assert.equal(new Set(spans).size, spans.length);
    }),
    { numRuns: 1000 },
  );
});

const lines = (word: string, count: number) =>
  Buffer.from(Array.from({ length: count }, (_, index) => `${word} ${index}\n`).join(""));

test("for versions with a common end, only the lines around the change are fetched, and of the later one only the difference", async () => {
  const [start, old, now] = [lines("start", 100), lines("old", 100), lines("new", 100)];
  const end = Array.from({ length: 50 }, (_, index) => lines(`end ${index}`, 10));
  const server = new TwoVersions([start, old, ...end], [start, now, ...end]);
  const { kind, blocks: counts } = await server.compare();
  assert.equal(kind, "text");
  assert.deepEqual(counts, {
    from: 52,
    to: 52,
    shared: 51,
    shared_bytes: start.length + end.reduce((sum, { length }) => sum + length, 0),
  });
  const first = end[0]?.length ?? 0;
  assert.deepEqual(server.fetched.slice(1), [
    { version: "from", start: 0, end: start.length + old.length },
    { version: "to", start: start.length, end: start.length + now.length },
    { version: "from", start: start.length + old.length, end: start.length + old.length + first },
  ]);
});

test("three lines after a change are shown, even across very short blocks", async () => {
  const end = "a,\n,b,\n,c,\n,d,\n,e".split(",").map((character) => Buffer.from(character));
  const server = new TwoVersions([Buffer.from("old"), ...end], [Buffer.from("new"), ...end]);
  assert.deepEqual((await server.compare()).lines, ["@@ -1,4 +1,4 @@", "-olda", "+newa", " b", " c", " d"]);
  assert.ok(
    server.fetched.slice(1).every(({ end: until }) => until < (server.versions[0]?.size ?? 0)),
    "the end was fetched",
  );
});

test("binary content is recognized at its beginning or in a fetched part, and its lines are not shown", async () => {
  const tail = lines("x", 4000);
  const marked = (bytes: number[]) => new TwoVersions([tail, Buffer.from("old")], [tail, Buffer.from(bytes)]);
  const early = new TwoVersions([tail], [Buffer.from([1, 0, 2]), tail]);
  assert.equal((await early.compare()).kind, "binary");
  assert.equal(early.fetched.length, 1);
  assert.equal((await marked([0]).compare()).kind, "binary");
  assert.equal((await marked([0xff]).compare()).kind, "binary");
  assert.equal((await marked([0x41]).compare()).kind, "text");
});

test("large content is compared by its blocks, and still larger content without using memory", async () => {
  const block = Buffer.alloc(textBytesMax / 8, "line\n");
  const large = new TwoVersions(Array<Buffer>(8).fill(block), [...Array<Buffer>(8).fill(block), Buffer.from("more\n")]);
  const { kind, blocks: counts, lines: shown } = await large.compare();
  assert.deepEqual([kind, counts?.from, counts?.to, counts?.shared, shown], ["too_large", 8, 9, 8, undefined]);
  assert.deepEqual(large.fetched, []);
  const [from, to] = large.versions as [VersionJson, VersionJson];
  const asked = { call: () => assert.fail("asked") } as unknown as ApiClient;
  const huge = await compareVersions(asked, "file", { ...from, size: listedBytesMax }, { ...to, size: 1 });
  assert.deepEqual(huge, { kind: "too_large" });
  assert.deepEqual(await compareVersions(asked, "file", from, from), { kind: "equal" });
});

test("content that does not match its hash is not shown", async () => {
  const server = new TwoVersions([lines("a", 3)], [lines("b", 3)]);
  const bytes = server.bytes.bind(server);
  server.bytes = async (...request) => (await bytes(...request)).map((slice) => Buffer.from(slice).fill("x"));
  await assert.rejects(server.compare(), { code: "hash_mismatch" });
});
