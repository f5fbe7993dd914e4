import assert from "node:assert/strict";
import { test } from "node:test";
import { HoldfastError } from "@holdfast/core/errors";
import { problem } from "./en/problem.ts";
import type { LoadedCatalogue } from "./languages.ts";
import { makeMessages } from "./messages.ts";
import { problemWords } from "./problem-words.ts";

const words = makeMessages(problem as unknown as LoadedCatalogue, "en");

test("a quota error caused by old versions names the file with the largest ones, and others do not", () => {
  const wordsOf = (body: Record<string, unknown>) =>
    problemWords(new HoldfastError("quota", "said by the server", { body }), words);
  const largest_file = { path: "/film.mp4" };
  const full = { stored_bytes: 4000, versions_bytes: 3000, trash_bytes: 10, largest_file };
  assert.match(wordsOf(full), /^Old versions fill your storage\. The largest ones are in \/film\.mp4/);
  const plain = problem["problem.quota"];
  assert.equal(wordsOf({ ...full, trash_bytes: 3000 }), plain);
  assert.equal(wordsOf({ ...full, stored_bytes: undefined }), plain, "the quota itself");
  assert.equal(wordsOf({ stored_bytes: 4000, versions_bytes: 3000, trash_bytes: 10 }), plain, "all have labels");
  assert.equal(wordsOf({}), plain, "somebody else's space");
});
