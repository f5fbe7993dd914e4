import assert from "node:assert/strict";
import { test } from "node:test";
import { uploadFiles, offerFileUploads } from "./upload-files.ts";

const upload = (name: string) => ({ files: [new File([], name)], folderId: "root", parcelId: "parcel" });

test("an upload fails if the upload code does not load, and does not start later", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const uploaded: string[] = [];
  const late = uploadFiles(upload("late.txt"), () => true);
  t.mock.timers.tick(30_000);
  await assert.rejects(late, { code: "unavailable" });
  const waiting = uploadFiles(upload("waiting.txt"), () => true);
  const stopped = uploadFiles(upload("stopped.txt"), () => false);
  offerFileUploads(async ({ files }) => {
    uploaded.push(...files.map(({ name }) => name));
    return { done: Promise.resolve() };
  });
  await (
    await waiting
  ).done;
  await (
    await uploadFiles(upload("next.txt"), () => true)
  ).done;
  await assert.rejects(stopped, { code: "unauthenticated" });
  t.mock.timers.tick(30_000);
  assert.deepEqual(uploaded, ["waiting.txt", "next.txt"]);
});
