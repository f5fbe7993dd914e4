import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import type { ApiClient } from "@holdfast/api-client/api-client";
import { TransferCounts } from "../output/progress.ts";
import { ArchiveFile } from "./export-account.ts";

test("an archive is written only into an existing folder", async () => {
  const file = new ArchiveFile(`${import.meta.dirname}/nowhere/account.tar`, false);
  const fetched = file.fetch({ client: {} as ApiClient, counts: new TransferCounts(), withVersions: true });
  await assert.rejects(fetched, {
    code: "not_found",
    message: /\/archive\/nowhere does not exist\. Create it first\.$/,
  });
});

test("leftovers of killed exports of the same archive are removed once no export can still write them", (t) => {
  const folder = mkdtempSync(join(tmpdir(), "holdfast-export-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const parts = ["all.tar.holdfast-part-0", "all.tar.holdfast-part-1", "other.tar.holdfast-part-0"];
  for (const name of parts) writeFileSync(join(folder, name), "");
  const longAgo = Date.now() / 1000 - 7200;
  for (const name of [parts[0], parts[2]]) utimesSync(join(folder, name ?? ""), longAgo, longAgo);
  const file = new ArchiveFile(join(folder, "all.tar"), false);
  assert.deepEqual(file.removeLeftovers(), [join(folder, "all.tar.holdfast-part-1")]);
  assert.deepEqual(readdirSync(folder), parts.slice(1));
  assert.deepEqual(new ArchiveFile(join(folder, "nowhere/all.tar"), false).removeLeftovers(), []);
});
