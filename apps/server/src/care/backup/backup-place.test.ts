import assert from "node:assert/strict";
import { test } from "node:test";
import { makeMemoryStore } from "@holdfast/object-store/memory-store";
import { readKeyFile } from "./backup-place.ts";

test("an error for a place without a backup names the place without its password", async () => {
  for (const [location, shown] of [
    ["/mnt/disk", "/mnt/disk"],
    ["s3://key:secret@host/bucket", "s3://"],
  ] as const)
    await assert.rejects(readKeyFile(makeMemoryStore({ nowMs: () => 0 }), location), (error: Error) => {
      assert.ok(error.message.startsWith(`There is no backup in ${shown}`) && !error.message.includes("secret"));
      return true;
    });
});
