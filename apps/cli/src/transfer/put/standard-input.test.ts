import assert from "node:assert/strict";
import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { test } from "node:test";
import { openStandardInput } from "./standard-input.ts";

const open = (chunks: readonly Uint8Array[], allowEmpty = false) =>
  openStandardInput({ stdin: Readable.from(chunks), allowEmpty }, "/dump.sql");

test("empty standard input is rejected unless an empty file is requested", async () => {
  for (const chunks of [[], [Buffer.alloc(0)]]) {
    await assert.rejects(open(chunks), {
      code: "failed",
      exitCode: 1,
      message: /^Standard input was empty, so nothing was stored at \/dump\.sql\..*--allow-empty/,
    });
    assert.equal((await buffer(await open(chunks, true))).length, 0);
  }
});

test("all bytes of standard input are read in order", async () => {
  const chunks = ["a", "", "bc"].map((text) => Buffer.from(text));
  for (const allowEmpty of [false, true]) assert.equal(String(await buffer(await open(chunks, allowEmpty))), "abc");
});
