import assert from "node:assert/strict";
import { test } from "node:test";
import type { ApiClient } from "@holdfast/api-client/api-client";
import { TransferCounts } from "../output/progress.ts";
import { ArchiveFile } from "./export-account.ts";

test("an archive is fetched only into a folder that exists", async () => {
  const file = new ArchiveFile(`${import.meta.dirname}/nowhere/account.tar`, false);
  const fetched = file.fetch({ client: {} as ApiClient, counts: new TransferCounts(), withVersions: true });
  await assert.rejects(fetched, {
    code: "not_found",
    message: /\/archive\/nowhere does not exist\. Create it first\.$/,
  });
});
