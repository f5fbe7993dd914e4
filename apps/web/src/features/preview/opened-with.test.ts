import assert from "node:assert/strict";
import { test } from "node:test";
import { openedWith } from "./opened-with.ts";

test("what opens a file is told by its ending, in any case; of what nobody knows it is a program of theirs", () => {
  assert.equal(openedWith("letter.DOC"), "preview.withDocuments");
  assert.equal(openedWith("setup.exe"), "preview.withSystem");
  assert.equal(openedWith("logs.tar.gz"), "preview.withArchives");
  assert.equal(openedWith("file.constructor"), "preview.noneNext");
  assert.equal(openedWith("noname"), "preview.noneNext");
});
