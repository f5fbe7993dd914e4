import assert from "node:assert/strict";
import { test } from "node:test";
import { ok } from "@holdfast/server/acceptance/testing";
import { becomes } from "../../../testing/files-app.ts";
import { rowHasFocus } from "../../../testing/focus.ts";
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
  for (let number = 1; number <= 10; number += 1) await api.put(`/${number}.txt`, "scan");
  await page.reload();
  await page.getByRole("row").filter({ hasText: "12 files" }).getByRole("link", { name: "Files" }).waitFor();
  await becomes(() => rows.allInnerTexts(), []);

  await ok(api, "POST", "/metadata", { path: "/Scans/2026", kind: "folder", parents: true });
  for (let number = 1; number <= 12; number += 1) await api.put(`/Scans/2026/${number}.txt`, "scan");
  await page.reload();
  const folder = page.getByRole("row").filter({ hasText: "Scans" });
  await folder.getByRole("gridcell", { name: "12 files" }).waitFor();
  await folder.click({ button: "right" });
  await page.getByRole("menuitem", { name: "Show in folder" }).waitFor();
  assert.equal(await page.getByRole("menuitem", { name: "Move to trash" }).count(), 0);
  await page.keyboard.press("Escape");
  await rowHasFocus(page);
  await page.keyboard.press("Delete");
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "Scans" }).waitFor();
  await page.getByRole("row").filter({ hasText: "2026" }).waitFor();
});
