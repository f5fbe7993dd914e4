import assert from "node:assert/strict";
import { test } from "node:test";
import { offerUploads, pickUploads } from "./uploads.ts";

test("only the last file choice requested before the uploader is ready is carried out, once", () => {
  const asked: string[] = [];
  pickUploads("files", "first");
  pickUploads("folder", "second");
  const pick = (kind: string, folderId: string) => void asked.push(`${kind} ${folderId}`);
  offerUploads({ drop: () => {}, pick, unfinished: () => [] });
  assert.deepEqual(asked, ["folder second"]);
  pickUploads("files", "third");
  assert.deepEqual(asked, ["folder second", "files third"]);
});
