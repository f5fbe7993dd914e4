import assert from "node:assert/strict";
import { test } from "node:test";
import { giveUploads, offerGiving } from "./given-uploads.ts";

test("an upload fails if the upload code does not load, and does not start later", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const given: string[] = [];
  const late = giveUploads([new File([], "late.txt")], "root", () => true);
  t.mock.timers.tick(30_000);
  await assert.rejects(late, { code: "unavailable" });
  const waiting = giveUploads([new File([], "waiting.txt")], "root", () => true);
  const stopped = giveUploads([new File([], "stopped.txt")], "root", () => false);
  offerGiving(async (files) => {
    given.push(...files.map(({ name }) => name));
    return { over: Promise.resolve() };
  });
  await (
    await waiting
  ).over;
  await (
    await giveUploads([new File([], "next.txt")], "root", () => true)
  ).over;
  await assert.rejects(stopped, { code: "unauthenticated" });
  t.mock.timers.tick(30_000);
  assert.deepEqual(given, ["waiting.txt", "next.txt"]);
});
