import assert from "node:assert/strict";
import { test } from "node:test";
import { uploadFiles, offerFileUploads } from "./upload-files.ts";

test("an upload fails if the upload code does not load, and does not start later", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const uploaded: string[] = [];
  const late = uploadFiles([new File([], "late.txt")], "root", () => true);
  t.mock.timers.tick(30_000);
  await assert.rejects(late, { code: "unavailable" });
  const waiting = uploadFiles([new File([], "waiting.txt")], "root", () => true);
  const stopped = uploadFiles([new File([], "stopped.txt")], "root", () => false);
  offerFileUploads(async (files) => {
    uploaded.push(...files.map(({ name }) => name));
    return { done: Promise.resolve() };
  });
  await (
    await waiting
  ).done;
  await (
    await uploadFiles([new File([], "next.txt")], "root", () => true)
  ).done;
  await assert.rejects(stopped, { code: "unauthenticated" });
  t.mock.timers.tick(30_000);
  assert.deepEqual(uploaded, ["waiting.txt", "next.txt"]);
});
