import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { appendFileSync, openAsBlob, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { makeFolder, removeFolder } from "@holdfast/server/acceptance/testing";
import { readWhole } from "./cut-blocks.ts";
import { bestHasher } from "../../browser/hasher.ts";

const hash = bestHasher(crypto.subtle);
const contents = Array.from({ length: 450 }, (_, index) => new Uint8Array(randomBytes(index % 7 === 0 ? 0 : index)));
const files = contents.map((content) => new Blob([content]));

test("hundreds of small files take a few reads, and each keeps its content", async (t) => {
  const reading = t.mock.method(Blob.prototype, "arrayBuffer");
  assert.deepEqual(await readBack(files), contents);
  assert.ok(reading.mock.callCount() <= 5, `${reading.mock.callCount()} reads`);
});

test("a file changed since is left out, and the others are still read", async (t) => {
  const folder = makeFolder("read-whole");
  t.after(() => removeFolder(folder));
  const path = join(folder, "changed.txt");
  writeFileSync(path, "as it was");
  const changed = await openAsBlob(path);
  appendFileSync(path, ", and more");
  assert.deepEqual(await readBack(files.with(123, changed)), contents.with(123, undefined!));
});

test("a file that shrank and one that grew do not exchange bytes", async (t) => {
  const [shorter, longer] = [new Blob(["0123456789"]), new Blob(["0123456789"])];
  const now = new Map([
    [shorter, new Blob(["01234"])],
    [longer, new Blob(["0123456789abcde"])],
  ]);
  const OwnBlob = Blob;
  t.after(() => (globalThis.Blob = OwnBlob));
  // A browser reads the current content of a file.
  globalThis.Blob = class extends OwnBlob {
    constructor(parts: BlobPart[] = []) {
      super(parts.map((part) => (part instanceof OwnBlob ? (now.get(part) ?? part) : part)));
    }
  };
  for (const [file, content] of now) t.mock.method(file, "arrayBuffer", () => content.arrayBuffer());
  assert.deepEqual(
    await readBack(files.with(10, shorter).with(12, longer)),
    contents.with(10, undefined!).with(12, undefined!),
  );
});

async function readBack(given: readonly Blob[]): Promise<(Uint8Array | undefined)[]> {
  const { files: read, bytes } = await readWhole(given, hash);
  return Promise.all(
    read.map(async (one) => {
      if (one === undefined) return undefined;
      const content = bytes.slice(one.start, one.start + (one.block?.size ?? 0));
      if (one.block !== undefined) assert.equal(one.block.hash, await hash(content));
      return content;
    }),
  );
}
