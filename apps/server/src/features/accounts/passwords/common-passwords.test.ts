import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { guessesOf, isCommonPassword, readCommonPasswords, writeCommonPasswords } from "./common-passwords.ts";

test("common passwords are recognized in any case and with added digits or signs", async () => {
  const known = [
    "password",
    "12345678",
    "qwertyuiop",
    "iloveyou",
    "PassWord",
    "Password2026",
    "Sunshine!",
    "football99!",
  ];
  const rest = known.map(async (each) => ((await isCommonPassword(each)) ? "" : each));
  assert.deepEqual((await Promise.all(rest)).join(""), "");
});

test("uncommon passwords are accepted", async () => {
  const free = ["correct horse battery", "purple otters juggle 7 lamps", "Tr0mbone-Quilt-Maple", "ööäü ßeiden"];
  for (const each of free) assert.equal(await isCommonPassword(each), false, each);
  for (let count = 0; count < 2000; count += 1) {
    const made = createHash("sha256").update(`made ${count}`).digest("base64url").slice(0, 12);
    assert.equal(await isCommonPassword(made), false, made);
  }
});

test("up to six digits or signs are removed from the end, but no letters or spaces", () => {
  assert.deepEqual(guessesOf("Summer2026!"), [
    "summer2026!",
    "summer2026",
    "summer202",
    "summer20",
    "summer2",
    "summer",
  ]);
  assert.equal(guessesOf("summer12345678").at(-1), "summer12");
  assert.deepEqual(guessesOf("horse battery"), ["horse battery"]);
  assert.deepEqual(guessesOf("abcd12"), ["abcd12", "abcd1", "abcd"]);
  assert.deepEqual(guessesOf("ＡＢＣＤ"), ["abcd"], "letters of full width are letters");
});

test("a truncated list is rejected", () => {
  const bytes = writeCommonPasswords(["password", "letmein!"]);
  assert.equal(readCommonPasswords(bytes).starts.at(-1), 2);
  assert.throws(() => readCommonPasswords(bytes.subarray(0, -1)), RangeError);
  assert.throws(() => readCommonPasswords(Buffer.alloc(10)), RangeError);
});
