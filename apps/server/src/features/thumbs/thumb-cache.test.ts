import assert from "node:assert/strict";
import { createHmac, randomBytes } from "node:crypto";
import { copyFileSync, mkdtempSync, readdirSync, rmSync, truncateSync, utimesSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { ThumbCache } from "./thumb-cache.ts";

const nowMs = Date.now();
const clock = { nowMs: () => nowMs, nowMicros: () => nowMs * 1000 };

describe("Thumbnail cache", () => {
  const folders: string[] = [];
  after(() => {
    for (const folder of folders) rmSync(folder, { recursive: true, force: true });
  });

  function open(
    bytesMax: number,
    { folder = mkdtempSync(join(tmpdir(), "holdfast-thumbs-")), key = randomBytes(32) } = {},
  ) {
    folders.push(folder);
    return { folder, key, cache: new ThumbCache({ folder, key, bytesMax, clock, random: randomBytes }) };
  }
  const filesIn = (folder: string) =>
    readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name));

  test("returns written thumbnails, even after a restart, but not with another key", async () => {
    const { cache, folder, key } = open(2 ** 30);
    await cache.write("a s", Buffer.from("thumbnail of a"));
    assert.equal((await open(2 ** 30, { folder, key }).cache.read("a s"))?.toString(), "thumbnail of a");
    assert.equal(await cache.read("a m"), undefined);
    assert.equal(await open(2 ** 30, { folder }).cache.read("a s"), undefined);
  });

  test("rejects a thumbnail under another name and a truncated one", async () => {
    const { cache, folder } = open(2 ** 30);
    await cache.write("a s", Buffer.from("thumbnail of a"));
    const [a = ""] = filesIn(folder);
    await cache.write("b s", Buffer.from("thumbnail of b"));
    const b = filesIn(folder).find((file) => file !== a) ?? "";
    truncateSync(a, 20);
    assert.equal(await cache.read("a s"), undefined);
    await cache.write("a s", Buffer.from("thumbnail of a"));
    copyFileSync(b, a);
    assert.equal(await cache.read("a s"), undefined);
  });

  test("stays below its size in each folder, and deletes the least recently used first", async () => {
    const key = Buffer.alloc(32, 7);
    const { cache, folder } = open(256 * 5 * 4096, { key });
    const labels = labelsInOneFolder(key, 7);
    for (const label of labels.slice(0, 4)) await cache.write(label, Buffer.alloc(3000));
    const longAgo = nowMs / 1000 - 10 * 86_400;
    for (const [index, file] of filesIn(folder).entries()) utimesSync(file, longAgo + index, longAgo + index);
    await cache.read(labels[0] ?? "");
    for (const label of labels.slice(4)) await cache.write(label, Buffer.alloc(3000));
    assert.equal(filesIn(folder).length, 5);
    const left = await Promise.all(labels.map(async (label) => (await cache.read(label)) !== undefined));
    assert.deepEqual([left[0], ...left.slice(4)], [true, true, true, true]);
    assert.equal(left.slice(1, 4).filter((isLeft) => isLeft).length, 1);
  });

  test("stores nothing with a size limit of 0", async () => {
    const { cache, folder } = open(0);
    await cache.write("a s", Buffer.from("thumbnail of a"));
    assert.deepEqual(filesIn(folder), []);
  });
});

/** Computes folders as in docs/format.md. */
function labelsInOneFolder(key: Buffer, count: number): string[] {
  const labels: string[] = [];
  for (let index = 0; labels.length < count; index += 1) {
    const name = createHmac("sha256", key).update(`thumb 2 ${index} s`).digest("hex");
    if (name.startsWith("00")) labels.push(`${index} s`);
  }
  return labels;
}
