import assert from "node:assert/strict";
import { test } from "node:test";
import { openedWith } from "./opened-with.ts";

test("the suggested program depends on the file's extension, ignoring case", () => {
  assert.equal(openedWith("letter.DOC"), "preview.withDocuments");
  assert.equal(openedWith("setup.exe"), "preview.withSystem");
  assert.equal(openedWith("logs.tar.gz"), "preview.withArchives");
  assert.equal(openedWith("file.constructor"), "preview.noneNext");
  assert.equal(openedWith("noname"), "preview.noneNext");
});
