import assert from "node:assert/strict";
import { test } from "node:test";
import type { Locator, Page } from "@holdfast/tools/testing-browser";
import { becomes, filesApp } from "../../../testing/files-app.ts";

const drive = filesApp({ size: "phone", isTouch: true });
const { fill, openFolder, namesOnServer, selectedNames, shownNames } = drive;

test("a tap opens an item, and Back returns to the list", async () => {
  await fill("Photos/", "Photos/one.txt", "a.txt");
  const { page, files } = await openFolder();
  await files.row("Photos").tap();
  await files.seen("one.txt");
  await page.goBack();
  await files.seen("a.txt");
  await files.row("a.txt").tap();
  await page.getByRole("dialog", { name: "a.txt" }).waitFor();
  await page.frameLocator("iframe").getByText("content of a.txt").waitFor();
});

test("holding a row selects it, and further taps toggle until nothing is selected", async () => {
  await fill("a.txt", "b.txt", "c.txt");
  const { page, files } = await openFolder();
  const finger = await fingerOn(page);
  await finger.down(files.row("a.txt"));
  await page.getByRole("toolbar").getByText("1 selected").waitFor();
  await finger.up();
  assert.equal(await page.getByRole("menu").count(), 0, "to hold is to select, not to ask for the menu");
  await files.row("c.txt").tap();
  await becomes(selectedNames, ["a.txt", "c.txt"]);
  await files.row("a.txt").tap();
  await files.row("c.txt").tap();
  await becomes(selectedNames, []);
  await files.row("b.txt").tap();
  await page.getByRole("dialog", { name: "b.txt" }).waitFor();
});

test("a held row can be dragged into a folder, while an immediate swipe scrolls", async () => {
  await fill("to/", ...Array.from({ length: 30 }, (_, index) => `${index + 10}.txt`));
  const { page, files } = await openFolder();
  const scrollTop = () => page.evaluate(() => document.querySelector("[data-scroller]")?.scrollTop ?? 0);
  const finger = await fingerOn(page);
  await finger.swipe(files.row("14.txt"), 0, -300);
  await page.waitForFunction(() => (document.querySelector("[data-scroller]")?.scrollTop ?? 0) > 100);
  assert.deepEqual(await selectedNames(), []);
  // A touch would only stop the flicked list.
  await page.evaluate(async () => {
    const scroller = document.querySelector("[data-scroller]") as Element;
    let before: number;
    do {
      before = scroller.scrollTop;
      for (let frame = 0; frame < 10; frame += 1) await new Promise(requestAnimationFrame);
    } while (before !== scroller.scrollTop);
    scroller.scrollTo(0, 0);
  });
  await files.seen("to");
  await finger.down(files.row("11.txt"));
  await page.getByRole("toolbar").getByText("1 selected").waitFor();
  await finger.moveTo(files.row("10.txt"));
  await page.getByText("1 item").waitFor();
  assert.equal(await scrollTop(), 0, "what is dragged does not scroll the page with it");
  // A folder opens if the finger stays over it.
  await finger.dropOn(files.row("to"));
  await becomes(() => namesOnServer(`${drive.folder}/to`), ["11.txt"]);
  assert.ok(!(await shownNames()).includes("11.txt"));
});

test("each row has a menu button at its end, large enough for a finger", async () => {
  await fill("a.txt");
  const { page, files } = await openFolder();
  const button = files.row("a.txt").getByRole("button", { name: "More actions for a.txt" });
  const box = await button.boundingBox();
  assert.ok(box !== null && box.width >= 44 && box.height >= 44, JSON.stringify(box));
  await button.tap();
  await page.getByRole("menuitem", { name: "Move to trash" }).tap();
  await becomes(() => namesOnServer(), []);
});

test("a row's menu is a sheet, which a swipe, a tap beside it and Back close without leaving a selection", async () => {
  await fill("Photos/", "Photos/a.txt");
  const { page, files } = await openFolder();
  await files.row("Photos").tap();
  await files.seen("a.txt");
  const folder = page.url();
  const finger = await fingerOn(page);
  const sheet = page.getByRole("dialog", { name: "a.txt" });
  const open = async () => {
    await files.row("a.txt").getByRole("button", { name: "More actions for a.txt" }).tap();
    await sheet.waitFor();
  };
  await open();
  await finger.swipe(sheet.getByRole("heading"), 0, 40);
  assert.ok(await sheet.isVisible(), "a short swipe is none");
  await page.keyboard.press("Escape");
  await sheet.waitFor({ state: "detached" });
  const ways = [
    () => finger.swipe(sheet.getByRole("heading"), 0, 300),
    () => page.touchscreen.tap(195, 60),
    () => page.evaluate(() => history.back()),
  ];
  for (const close of ways) {
    await open();
    await close();
    await sheet.waitFor({ state: "detached" });
    await page.waitForURL(folder);
    await files.seen("a.txt");
    assert.deepEqual(await selectedNames(), []);
  }
  await page.evaluate(() => history.back());
  await files.seen("Photos");
});

/** Raw touch input, so that the browser decides between scrolling and clicking. */
async function fingerOn(page: Page) {
  const session = await page.context().newCDPSession(page);
  let at = { x: 0, y: 0 };
  const send = (type: "touchStart" | "touchMove" | "touchEnd") =>
    session.send("Input.dispatchTouchEvent", { type, touchPoints: type === "touchEnd" ? [] : [at] });
  /** Sends all moves without waiting, because a pause would count as a rest of the finger. */
  const go = (x: number, y: number) => {
    const from = at;
    return Array.from({ length: 10 }, (_, step) => {
      at = { x: from.x + ((x - from.x) * (step + 1)) / 10, y: from.y + ((y - from.y) * (step + 1)) / 10 };
      return send("touchMove");
    });
  };
  return {
    down: async (row: Locator) => {
      at = await middleOf(row);
      await send("touchStart");
    },
    moveTo: async (row: Locator) => {
      const to = await middleOf(row);
      await Promise.all(go(to.x, to.y));
    },
    dropOn: async (row: Locator) => {
      const to = await middleOf(row);
      await Promise.all([...go(to.x, to.y), send("touchEnd")]);
    },
    swipe: async (row: Locator, x: number, y: number) => {
      at = await middleOf(row);
      await Promise.all([send("touchStart"), ...go(at.x + x, at.y + y), send("touchEnd")]);
    },
    up: () => send("touchEnd"),
  };
}

async function middleOf(row: Locator): Promise<{ x: number; y: number }> {
  const box = await row.boundingBox();
  assert.ok(box !== null);
  return { x: box.x + box.width / 2, y: box.y + box.height / 2 };
}
