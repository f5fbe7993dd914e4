import assert from "node:assert/strict";
import { test } from "node:test";
import { previewKind } from "./preview-kind.ts";

const kindOf = (name: string, mime_type: string | null, kind: "file" | "folder" = "file", size = 1000) =>
  previewKind({ name, mime_type, kind, size });

test("pictures are shown directly, drawings, tables and Markdown in a frame, and HTML as its source", () => {
  assert.equal(kindOf("a.jpg", "image/jpeg"), "image");
  assert.equal(kindOf("a.svg", "image/svg+xml"), "drawing");
  assert.equal(kindOf("README.MD", null), "markdown");
  assert.equal(kindOf("a.CSV", null), "table");
  assert.equal(kindOf("a.tsv", "text/tab-separated-values"), "table");
  assert.equal(kindOf("page.svg.html", "text/html"), "text");
  assert.equal(kindOf("a.html", "text/html"), "text");
  assert.equal(kindOf("a.PDF", null), "pdf");
  assert.equal(kindOf("a.tiff", "image/tiff"), "none");
});

test("media files are played, text is shown regardless of its declared type, and other files have no preview", () => {
  assert.equal(kindOf("a.mp4", "video/mp4"), "video");
  assert.equal(kindOf("a.flac", "audio/flac"), "audio");
  assert.equal(kindOf("main.rs", null), "text");
  assert.equal(kindOf("main.ts", "video/mp2t"), "text");
  assert.equal(kindOf("film.ts", "video/mp2t", "file", 50_000_000), "video");
  assert.equal(kindOf("Makefile", null), "text");
  assert.equal(kindOf("a.zip", "application/zip"), "zip");
  assert.equal(kindOf("noname", "application/zip"), "zip");
  assert.equal(kindOf("program.jar", "application/zip"), "none");
  assert.equal(kindOf("a.doc", "application/msword"), "none");
  assert.equal(kindOf("a.xls", "application/vnd.ms-excel"), "none");
  assert.equal(kindOf("notes.txt", "text/plain", "folder"), "none");
});

test("Word and Excel files since 2007 have a preview, including templates and files with macros", () => {
  const office = "application/vnd.openxmlformats-officedocument";
  assert.equal(kindOf("a", `${office}.wordprocessingml.document`), "document");
  assert.equal(kindOf("a", `${office}.spreadsheetml.sheet`), "workbook");
  for (const name of ["a.DOCX", "a.docm", "a.dotx", "a.dotm"]) assert.equal(kindOf(name, null), "document");
  for (const name of ["a.XLSX", "a.xlsm", "a.xltx", "a.xltm"])
    assert.equal(kindOf(name, "application/zip"), "workbook");
  for (const name of ["a.xlsb", "a.pptx", "a.odt", "docx"]) assert.equal(kindOf(name, null), "none");
});
