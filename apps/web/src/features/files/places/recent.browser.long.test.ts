import assert from "node:assert/strict";
import { test } from "node:test";
import { ok } from "@holdfast/server/acceptance/testing";
import { testApp } from "../../../testing/test-app.ts";

const app = testApp();

test("Recent shows and sorts by the time of the account's own change, not the file's modification time", async () => {
  const { page, api } = app;
  await api.put("/new.txt", "new", "&modified_at=2026-01-01T00:00:00Z");
  await api.put("/scan.txt", "scanned long ago", "&modified_at=2001-02-03T04:05:06Z");
  await app.signIn();
  await page.goto(`${app.server.url}/recent`);
  const rows = page.getByRole("row").filter({ hasText: ".txt" });
  await rows.first().waitFor();
  const shown = await rows.allInnerTexts();
  assert.deepEqual(
    shown.map((text) => /\w+\.txt/.exec(text)?.[0]),
    ["scan.txt", "new.txt"],
  );
  for (const text of shown) assert.match(text, /\d:\d\d/);

  await ok(api, "POST", "/metadata", { path: "/Scans/2026", kind: "folder", parents: true });
  for (let number = 1; number <= 12; number += 1) await api.put(`/Scans/2026/${number}.txt`, "scan");
  await page.reload();
  const folder = page.getByRole("row").filter({ hasText: "12 files" });
  await folder.getByRole("link", { name: "Scans" }).dblclick();
  await page.getByRole("heading", { name: "Scans" }).waitFor();
  await page.getByRole("row").filter({ hasText: "2026" }).waitFor();
});
