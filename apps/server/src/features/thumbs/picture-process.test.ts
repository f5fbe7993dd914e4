import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { phonePhoto, plain } from "./testing-pictures.ts";
import { PicturePool } from "./picture-pool.ts";
import { type Picture, PictureProcess } from "./picture-process.ts";

const pictureOf = (bytes: Buffer): Picture => ({ sizeBytes: bytes.length, bytes: piecesOf(bytes) });

async function* piecesOf(bytes: Buffer): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += 1000) yield await Promise.resolve(bytes.subarray(at, at + 1000));
}

const isWebp = (made: Buffer | string) => typeof made !== "string" && made.toString("latin1", 8, 12) === "WEBP";

describe("a process that makes thumbnails", () => {
  test("makes one after the other, and goes on after what it cannot read", async () => {
    const process = new PictureProcess();
    try {
      assert.ok(isWebp(await process.make(pictureOf(await plain("png")), "s")));
      assert.equal(await process.make(pictureOf(Buffer.from("GIF89a and nothing more")), "s"), "unreadable");
      assert.ok(isWebp(await process.make(pictureOf(await phonePhoto()), "m")));
    } finally {
      process.end();
    }
  });

  test("that takes too long is ended, and another one makes the next", async () => {
    const photo = await phonePhoto(6000, 4500);
    const hurried = new PictureProcess({ timeoutMs: 5 });
    assert.equal(await hurried.make(pictureOf(photo), "l"), "slow");
    assert.equal(hurried.isOver, true);
    const pool = new PicturePool();
    assert.ok(isWebp(await pool.make(pictureOf(photo), "s")));
    pool.close();
  });

  test("that a picture ends takes nobody along", async () => {
    const pool = new PicturePool();
    try {
      const photo = await phonePhoto();
      const dying = new PictureProcess();
      assert.ok(isWebp(await dying.make(pictureOf(photo), "s")));
      async function* deadly(): AsyncGenerator<Uint8Array> {
        yield photo.subarray(0, 1000);
        process.kill(dying.pid ?? 0, "SIGSEGV");
        yield* piecesOf(photo.subarray(1000));
      }
      assert.equal(await dying.make({ sizeBytes: photo.length, bytes: deadly() }, "s"), "deadly");
      assert.ok(isWebp(await pool.make(pictureOf(photo), "s")));
    } finally {
      pool.close();
    }
  });

  test("is ended where its picture cannot be read to the end, and that is no fault of the picture", async () => {
    const broken = new PictureProcess();
    async function* half(): AsyncGenerator<Uint8Array> {
      yield await Promise.resolve(Buffer.alloc(100));
      throw new Error("the store is away");
    }
    await assert.rejects(broken.make({ sizeBytes: 1000, bytes: half() }, "s"), /the store is away/);
    assert.equal(broken.isOver, true);
  });
});
