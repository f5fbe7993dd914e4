import assert from "node:assert/strict";
import { test } from "node:test";
import type { Locator, Page } from "@holdfast/tools/testing-browser";
import { longTest } from "@holdfast/tools/tiers";
import { becomes, filesApp, isShown } from "../../../testing/files-app.ts";
import { rowHasFocus } from "../../../testing/focus.ts";

const drive = filesApp();
const { fill, openFolder, namesOnServer, selectedNames, shownNames } = drive;

longTest("a folder springs open under a dragged item, which can be dropped on its background", async () => {
  await fill("a.txt", "b.txt", "to/", "to/deep/");
  const { page, files } = await openFolder();
  await lift(page, files.row("a.txt"));
  // Measured from before the move, so that a slow driver cannot shorten the time.
  const heldMs = Date.now();
  await over(page, files.row("to"));
  await page.getByRole("heading", { name: "to", exact: true }).waitFor();
  assert.ok(Date.now() - heldMs >= 500, "it opened before it was held long enough");
  await files.seen("deep");
  await page.getByText("1 item", { exact: true }).waitFor();
  await page.mouse.move(700, 600, { steps: 3 });
  await page.locator("[data-scroller][data-over]").waitFor();
  await page.mouse.up();
  await becomes(() => namesOnServer(`${drive.folder}/to`), ["deep", "a.txt"]);
  await files.seen("a.txt");
  await becomes(() => namesOnServer(), ["to", "b.txt"]);
});

longTest("Ctrl copies, Escape cancels the drop, and a folder cannot be dropped into itself", async () => {
  await fill("a.txt", "to/", "other/");
  const { page, files } = await openFolder();
  await lift(page, files.row("a.txt"));
  await over(page, files.row("to"));
  await page.keyboard.press("Escape");
  await page.mouse.up();
  assert.deepEqual(await namesOnServer(`${drive.folder}/to`), []);
  await lift(page, files.row("a.txt"));
  await page.keyboard.down("Control");
  await over(page, files.row("to"));
  await page.mouse.up();
  await page.keyboard.up("Control");
  await becomes(() => namesOnServer(`${drive.folder}/to`), ["a.txt"]);
  await files.row("a.txt").waitFor();
  await becomes(() => namesOnServer(), ["other", "to", "a.txt"]);
  await files.row("to").click();
  await files.row("other").click({ modifiers: ["Control"] });
  await lift(page, files.row("to"));
  await over(page, files.row("other"));
  assert.equal(await page.locator("[data-over]").count(), 0);
  await page.mouse.up();
});

longTest("the list scrolls near its edges during a drag, and reaches a folder out of sight", async () => {
  await fill("a first/", ...Array.from({ length: 40 }, (_, index) => `${index + 10}.txt`), "z last/");
  const { page, files } = await openFolder();
  const scroller = page.locator("[data-scroller]");
  await lift(page, files.row("10.txt"));
  const box = await scroller.boundingBox();
  assert.ok(box !== null);
  await page.mouse.move(box.x + 300, box.y + box.height - 4, { steps: 3 });
  await page.waitForFunction(() => (document.querySelector("[data-scroller]")?.scrollTop ?? 0) > 600);
  await page.mouse.move(box.x + 300, box.y + 12, { steps: 3 });
  await page.waitForFunction(() => (document.querySelector("[data-scroller]")?.scrollTop ?? 1) === 0);
  await over(page, files.row("z last"));
  await page.mouse.up();
  await becomes(() => namesOnServer(`${drive.folder}/z last`), ["10.txt"]);
});

longTest("items can be dropped on the path, the navigation and the trash", async () => {
  await fill("in/", "in/up.txt", "in/home.txt", "in/bin.txt");
  const { page, files } = await openFolder();
  await files.row("in").dblclick();
  await files.seen("bin.txt");
  await isShown(page, "in");
  const places = page.getByRole("navigation", { name: "Places" }).first();
  await lift(page, files.row("bin.txt"));
  await over(page, places.getByRole("link", { name: "Trash" }));
  await page.mouse.up();
  await becomes(() => namesOnServer(`${drive.folder}/in`), ["home.txt", "up.txt"]);
  await becomes(shownNames, ["home.txt", "up.txt"]);
  await lift(page, files.row("up.txt"));
  await over(page, page.getByRole("navigation", { name: "Path" }).getByRole("link", { name: drive.folder.slice(1) }));
  await page.mouse.up();
  await becomes(() => namesOnServer(), ["in", "up.txt"]);
  await becomes(shownNames, ["home.txt"]);
  await lift(page, files.row("home.txt"));
  await over(page, places.getByRole("link", { name: "Files" }));
  await page.mouse.up();
  await becomes(() => namesOnServer(`${drive.folder}/in`), []);
  assert.ok((await namesOnServer("/")).includes("home.txt"), "it is moved in one step");
});

longTest("a drag moves the items lifted, even if more were selected before a filter hid them", async () => {
  await fill("x1.txt", "x2.txt", "y1.txt", "y2.txt", "to/");
  const { page, files } = await openFolder();
  await selectAllAndFilter(page, files.row("y1.txt"), "x1");
  await becomes(shownNames, ["x1.txt"]);
  await page.getByRole("toolbar").getByText("selected").waitFor({ state: "hidden" });
  // Waits until the row is still and uncovered.
  await files.row("x1.txt").hover();
  await lift(page, files.row("x1.txt"));
  await page.getByText("1 item", { exact: true }).waitFor();
  await over(page, page.getByRole("navigation", { name: "Places" }).first().getByRole("link", { name: "Trash" }));
  await page.mouse.up();
  await becomes(() => namesOnServer(), ["to", "x2.txt", "y1.txt", "y2.txt"]);
  await page.getByRole("textbox", { name: "Filter this list" }).fill("y");
  await becomes(shownNames, ["y1.txt", "y2.txt"]);
  await files.row("y1.txt").click();
  await page.keyboard.press("Control+a");
  await page.getByRole("toolbar").getByText("2 selected").waitFor();
  await page.getByRole("button", { name: "Clear filter" }).click();
  await files.row("y2.txt").hover();
  await lift(page, files.row("y2.txt"));
  await page.getByText("2 items", { exact: true }).waitFor();
  await over(page, files.row("to"));
  await page.mouse.up();
  await becomes(() => namesOnServer(`${drive.folder}/to`), ["y1.txt", "y2.txt"]);
  assert.deepEqual(await namesOnServer(), ["to", "x2.txt"]);
});

test("a filter ends Select all, so Delete leaves hidden items", async () => {
  await fill("b1.txt", "b2.txt", "c1.txt");
  const { page, files } = await openFolder();
  await selectAllAndFilter(page, files.row("c1.txt"), "b");
  await becomes(shownNames, ["b1.txt", "b2.txt"]);
  await page.keyboard.press("Enter");
  await rowHasFocus(page);
  await page.keyboard.press("Delete");
  assert.deepEqual(await selectedNames(), []);
  await page.keyboard.press("Control+a");
  await page.getByRole("toolbar").getByText("2 selected").waitFor();
  await page.keyboard.press("Delete");
  await becomes(() => namesOnServer(), ["c1.txt"]);
});

longTest("Delete leaves items that a filter hides, and they are selected again afterwards", async () => {
  await fill("d1.txt", "d2.txt", "e1.txt");
  const { page, files } = await openFolder();
  await files.row("d1.txt").click();
  await files.row("e1.txt").click({ modifiers: ["Control"] });
  await page.getByRole("toolbar").getByText("2 selected").waitFor();
  await filterBy(page, "d");
  await becomes(shownNames, ["d1.txt", "d2.txt"]);
  await page.getByRole("toolbar").getByText("1 selected").waitFor();
  await page.keyboard.press("Enter");
  await rowHasFocus(page);
  await page.keyboard.press("Delete");
  await becomes(() => namesOnServer(), ["d2.txt", "e1.txt"]);
  await page.getByRole("button", { name: "Clear filter" }).click();
  await becomes(() => selectedNames(), ["e1.txt"]);
});

async function selectAllAndFilter(page: Page, anyRow: Locator, text: string): Promise<void> {
  await anyRow.click();
  await page.keyboard.press("Control+a");
  await page.getByRole("toolbar").getByText("selected").waitFor();
  await filterBy(page, text);
}

async function filterBy(page: Page, text: string): Promise<void> {
  await page.keyboard.press("/");
  await page.keyboard.type(">filter");
  await page.getByRole("option", { name: "Filter this list…" }).waitFor();
  await page.keyboard.press("Enter");
  await page.getByRole("option").first().waitFor({ state: "hidden" });
  await page.getByRole("textbox", { name: "Filter this list" }).fill(text);
}

longTest("a drawn rectangle selects the rows that it touches, adds with Ctrl, and scrolls at the edge", async () => {
  await fill(...Array.from({ length: 40 }, (_, index) => `${index + 10}.txt`));
  const { page, files } = await openFolder();
  const ground = await groundOf(page);
  const row = async (name: string) => {
    const box = await files.row(name).boundingBox();
    assert.ok(box !== null);
    return box.y + box.height / 2;
  };
  await page.mouse.move(ground.x, await row("12.txt"));
  await page.mouse.down();
  await page.mouse.move(ground.x - 120, await row("14.txt"), { steps: 4 });
  await page.mouse.up();
  await becomes(selectedNames, ["12.txt", "13.txt", "14.txt"]);
  await page.keyboard.down("Control");
  await page.mouse.move(ground.x, await row("17.txt"));
  await page.mouse.down();
  await page.mouse.move(ground.x - 120, await row("18.txt"), { steps: 4 });
  await page.mouse.up();
  await page.keyboard.up("Control");
  await becomes(selectedNames, ["12.txt", "13.txt", "14.txt", "17.txt", "18.txt"]);
  await page.mouse.move(ground.x, await row("11.txt"));
  await page.mouse.down();
  await page.mouse.move(ground.x - 120, ground.bottom - 3, { steps: 4 });
  await page.getByRole("toolbar").getByText("39 selected").waitFor();
  await page.mouse.up();
});

async function groundOf(page: Page): Promise<{ readonly x: number; readonly bottom: number }> {
  const box = await page.locator("[data-scroller]").boundingBox();
  assert.ok(box !== null);
  const barPx = await page
    .locator("[data-scroller]")
    .evaluate((element) => (element as HTMLElement).offsetWidth - element.clientWidth);
  return { x: box.x + box.width - barPx - 3, bottom: box.y + box.height };
}

async function lift(page: Page, row: Locator): Promise<void> {
  const box = await row.boundingBox();
  assert.ok(box !== null);
  await page.mouse.move(box.x + 80, box.y + box.height / 2);
  await page.mouse.down();
  await page.mouse.move(box.x + 92, box.y + box.height / 2 + 4, { steps: 3 });
}

/** Moves in one step, so that no folder on the way springs open. */
async function over(page: Page, target: Locator): Promise<void> {
  const box = await target.boundingBox();
  assert.ok(box !== null);
  await page.mouse.move(box.x + Math.min(90, box.width / 2), box.y + box.height / 2);
}
