import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { patience } from "@holdfast/tools/bounded";
import sharp from "sharp";
import { damagedPdf, pdf, phonePhoto, plain } from "./testing-pictures.ts";
import { pictureTypeOf } from "./picture-types.ts";
import { PicturePool } from "./picture-pool.ts";
import { type Picture, PictureProcess } from "./picture-process.ts";

const pictureOf = (bytes: Buffer): Picture => ({
  type: pictureTypeOf(bytes) ?? "jpeg",
  sizeBytes: bytes.length,
  bytes: piecesOf(bytes),
});

async function* piecesOf(bytes: Buffer): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += 1000) yield await Promise.resolve(bytes.subarray(at, at + 1000));
}

const isWebp = (made: Buffer | string) => typeof made !== "string" && made.toString("latin1", 8, 12) === "WEBP";

/** On a busy machine, the first PDF may take longer than a server waits. */
const unhurried = () => new PictureProcess({ timeoutMs: 60_000 * patience });

describe("Thumbnail process", () => {
  test("creates one after the other, and continues after an unreadable image", async () => {
    const process = unhurried();
    try {
      assert.ok(isWebp(await process.make(pictureOf(await plain("png")), "s")));
      assert.equal(await process.make(pictureOf(Buffer.from("GIF89a and nothing more")), "s"), "unreadable");
      assert.ok(isWebp(await process.make(pictureOf(await phonePhoto()), "m")));
    } finally {
      process.end();
    }
  });

  test("renders the first page of a PDF on white, and continues after damaged and unreadable PDFs", async () => {
    const process = unhurried();
    try {
      const made = await process.make(pictureOf(pdf()), "m");
      assert.ok(typeof made !== "string", String(made));
      const { data, info } = await sharp(made).raw().toBuffer({ resolveWithObject: true });
      assert.deepEqual([info.width, info.height, info.channels], [576, 768, 3]);
      const colorAt = (x: number, y: number) => [...data.subarray(3 * (y * 576 + x)).subarray(0, 3)];
      const isNear = (color: number[], wanted: number[]) =>
        color.every((part, at) => Math.abs(part - (wanted[at] ?? 0)) < 40);
      assert.ok(isNear(colorAt(288, 100), [255, 0, 0]), `red above: ${colorAt(288, 100).join()}`);
      assert.ok(isNear(colorAt(570, 700), [255, 255, 255]), `white below: ${colorAt(570, 700).join()}`);
      const isDark = Array.from({ length: 576 }, (_, x) => colorAt(x, 715)).some((color) => isNear(color, [0, 0, 0]));
      assert.ok(isDark, "the text");
      assert.equal(await process.make(pictureOf(pdf().subarray(0, 60)), "s"), "unreadable");
      assert.ok(isWebp(await process.make(pictureOf(Buffer.concat([Buffer.from("\u{feff}"), pdf()])), "s")));
      // The damage is reported after the answer.
      for (let round = 0; round < 3; round += 1) {
        assert.ok(isWebp(await process.make(pictureOf(damagedPdf()), "s")));
        await new Promise((resolve) => setTimeout(resolve, 30));
      }
      assert.ok(isWebp(await process.make(pictureOf(await plain("png")), "s")));
    } finally {
      process.end();
    }
  });

  test("is ended after its timeout, and another one creates the next", async () => {
    const photo = await phonePhoto(3000, 2250);
    const hurried = new PictureProcess({ timeoutMs: 5 });
    assert.equal(await hurried.make(pictureOf(photo), "l"), "slow");
    assert.equal(hurried.isOver, true);
    const pool = new PicturePool();
    assert.ok(isWebp(await pool.make(pictureOf(photo), "s")));
    pool.close();
  });

  test("killed by an image does not affect other requests", async () => {
    const pool = new PicturePool();
    try {
      const photo = await phonePhoto();
      const dying = unhurried();
      assert.ok(isWebp(await dying.make(pictureOf(photo), "s")));
      async function* deadly(): AsyncGenerator<Uint8Array> {
        yield photo.subarray(0, 1000);
        process.kill(dying.pid ?? 0, "SIGSEGV");
        yield* piecesOf(photo.subarray(1000));
      }
      assert.equal(await dying.make({ type: "jpeg", sizeBytes: photo.length, bytes: deadly() }, "s"), "deadly");
      assert.ok(isWebp(await pool.make(pictureOf(photo), "s")));
    } finally {
      pool.close();
    }
  });

  test("is ended if its image cannot be read completely, without blaming the image", async () => {
    const broken = unhurried();
    async function* half(): AsyncGenerator<Uint8Array> {
      yield await Promise.resolve(Buffer.alloc(100));
      throw new Error("the store is away");
    }
    await assert.rejects(broken.make({ type: "jpeg", sizeBytes: 1000, bytes: half() }, "s"), /the store is away/);
    assert.equal(broken.isOver, true);
  });
});
