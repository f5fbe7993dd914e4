import assert from "node:assert/strict";
import { test } from "node:test";
import { de } from "./de.ts";
import { deLater } from "./de-later.ts";
import { en } from "./en.ts";
import { enLater } from "./en-later.ts";
import { fileTypeWords } from "./file-type-words.ts";
import { makeMessages } from "./messages.ts";

const english = makeMessages({ ...en, ...enLater }, "en-GB");
const german = makeMessages({ ...de, ...deLater }, "de-DE");
const wordsOf = (name: string, mimeType: string | null = null, words = english) =>
  fileTypeWords({ name, mimeType }, words);

test("file types have familiar names, by extension", () => {
  assert.equal(wordsOf("Letter.DOCX"), "Word document");
  assert.equal(wordsOf("a.b.pdf"), "PDF document");
  assert.equal(wordsOf("photo.jpg"), "JPEG image");
  assert.equal(wordsOf("notes.md", "text/markdown"), "Markdown text");
  assert.equal(wordsOf("notes.txt", "text/plain"), "Plain text");
  assert.equal(wordsOf("old.7z"), "7-Zip archive");
  assert.equal(wordsOf("Letter.docx", null, german), "Word-Dokument");
});

test("the media type decides if the extension is unknown, then the extension itself", () => {
  assert.equal(wordsOf("photo", "image/jpeg"), "JPEG image");
  assert.equal(
    wordsOf("letter", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
    "Word document",
  );
  assert.equal(wordsOf("README", "text/plain"), "Plain text");
  assert.equal(wordsOf("molecule.xyz", "chemical/x-xyz"), "XYZ file");
  assert.equal(wordsOf(".hidden"), "File");
  assert.equal(wordsOf("README"), "File");
});
