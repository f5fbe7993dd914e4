import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { limits } from "@holdfast/core/limits";
import { eventually, ok } from "@holdfast/server/acceptance/testing";
import { axeProblems } from "../../../testing/axe.ts";
import { filesApp } from "../../../testing/files-app.ts";
import { hasFocus } from "../../../testing/focus.ts";

const drive = filesApp();
const { app, fill, openFolder } = drive;

test("a selection replaces the column headers without moving rows, and Clear leaves the focus in the header", async () => {
  await fill("a.txt", "b.txt", "Photos/");
  const { page, files } = await openFolder();
  const top = async () => (await files.row("b.txt").boundingBox())?.y;
  const heads = page.getByRole("group", { name: "Sort by" });
  const all = page.getByRole("checkbox", { name: "Select all" });
  const isMixed = () => all.evaluate((box) => (box as HTMLInputElement).indeterminate);
  const bar = page.getByRole("toolbar");
  const clear = bar.getByRole("button", { name: "Clear selection" });
  await heads.waitFor();
  const before = await top();
  await files.row("a.txt").click();
  await files.row("b.txt").click({ modifiers: ["Control"] });
  await bar.getByText("2 selected").waitFor();
  await bar.getByText(/^· 32\b/).waitFor();
  assert.equal(await heads.count(), 0);
  assert.equal(await top(), before);
  await page.getByRole("navigation", { name: "Path" }).getByRole("heading", { level: 1 }).waitFor();
  assert.equal(await isMixed(), true);
  assert.deepEqual(await axeProblems(page), []);
  await page.keyboard.press("Shift+Tab");
  await hasFocus(clear);
  await all.click();
  await bar.getByText("3 selected").waitFor();
  assert.equal(await isMixed(), false);
  assert.equal(await bar.getByText(/^·/).count(), 0, "the size of a folder is unknown");
  await clear.focus();
  await page.keyboard.press("Enter");
  await heads.waitFor();
  await hasFocus(all);
  assert.equal(await top(), before);
});

test("the list footer counts folders and files, follows changes, and counts filtered rows", async () => {
  await fill("a.txt", "b.txt", "Photos/", "Plans/");
  const { page } = await openFolder();
  const end = page.locator("[data-scroller]");
  await end.getByText(/^2 folders, 2 files, 32\sB$/).waitFor();
  await app.api.put(`${drive.folder}/c.txt`, "more");
  await end.getByText(/^2 folders, 3 files, 36\sB$/).waitFor();
  await page.getByRole("button", { name: "Filter this list…" }).click();
  await page.getByRole("textbox", { name: "Filter this list" }).fill("p");
  await end.getByText("2 folders", { exact: true }).waitFor();
});

test("compact rows are chosen in the view menu, and persist after a reload", async () => {
  await fill("a.txt", "b.txt");
  const { page, files } = await openFolder();
  const step = async () => {
    const [one, next] = [await files.row("a.txt").boundingBox(), await files.row("b.txt").boundingBox()];
    return one === null || next === null ? undefined : [one.height, next.y - one.y].map(Math.round).join(" ");
  };
  const becomesHigh = (heightPx: number) =>
    eventually(`rows of ${heightPx} px`, 30_000, async () => (await step()) === `${heightPx} ${heightPx}` || undefined);
  const choose = async (name: string) => {
    await page.getByRole("button", { name: "List view" }).click();
    await page.getByRole("menuitemradio", { name }).click();
  };
  await becomesHigh(44);
  await choose("Compact rows");
  await becomesHigh(32);
  assert.deepEqual(await axeProblems(page), []);
  await page.reload();
  await files.seen("b.txt");
  await becomesHigh(32);
  await choose("Comfortable rows");
  await becomesHigh(44);
});

test("more items than a URL can hold are saved as one zip", async () => {
  const count = limits.zippedNodesInUrlMax + 50;
  await fill("last.txt");
  const operations = Array.from({ length: count }, (_, index) => ({
    op: "mkdir",
    operation_id: index.toString(16).padStart(32, "0"),
    path: `${drive.folder}/folder ${index}`,
  }));
  await ok(app.api, "POST", "/sync/delta", { operations });
  const { page, files } = await openFolder();
  await files.row("folder 0").click();
  await page.keyboard.press("Control+a");
  const bar = page.getByRole("toolbar");
  await bar.getByText(`${count + 1} selected`).waitFor();
  const [zip] = await Promise.all([
    page.waitForEvent("download"),
    bar.getByRole("button", { name: "Download", exact: true }).click(),
  ]);
  assert.equal(zip.suggestedFilename(), `${drive.folder.slice(1)}.zip`);
  const bytes = readFileSync(await zip.path());
  assert.ok(bytes.includes(`folder ${count - 1}/`) && bytes.includes("content of last.txt"));
});
