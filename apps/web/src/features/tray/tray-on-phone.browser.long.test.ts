import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { eventually, makeFolder, removeFolder } from "@holdfast/server/acceptance/testing";
import type { Page } from "@holdfast/tools/testing-browser";
import { axeProblems } from "../../testing/axe.ts";
import { dropHere } from "../../testing/drop.ts";
import { filesApp } from "../../testing/files-app.ts";

const { fill, openFolder } = filesApp({ size: "phone", isTouch: true });
const names = Array.from({ length: 40 }, (_, index) => `file ${index + 10}.txt`);

test("on a phone the upload panel covers neither the bar, nor the last row, nor the focused element", async (t) => {
  const dropped = makeFolder("tray-on-phone");
  t.after(() => removeFolder(dropped));
  await fill(...names);
  const { page } = await openFolder();
  // The panel stays, because it says something about the first file.
  const files = ["one.txt~", "two.txt", "three.txt"].map((name) => join(dropped, name));
  for (const path of files) writeFileSync(path, `dropped as ${path}`);
  await dropHere(page, files);
  await page.getByText("3 files uploaded").first().waitFor();
  const tray = page.getByRole("region", { name: "Uploads" });
  const bar = page.getByRole("navigation", { name: "Places" });
  const last = page.getByRole("link", { name: "two.txt" });
  for (const turn of ["Show less", "Show more"]) {
    await eventually("all has its place", 60_000, async () => {
      const [above, below] = [await bar.boundingBox(), await tray.boundingBox()];
      return above !== null && below !== null && isAbove(above, below) ? true : undefined;
    });
    const box = await tray.boundingBox();
    assert.ok(box !== null && box.x >= 0 && box.x + box.width <= 390 && box.y + box.height <= 844, turn);
    await scrollToEnd(page);
    await last.waitFor();
    assert.deepEqual(await covered(page), [], turn);
    await tray.getByRole("button", { name: turn }).click();
  }
  await walkByKeyboard(page);
  for (const colorScheme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme });
    // Chromium changes the color of links later than that of other text.
    const recent = page.locator("nav a[href='/recent']").last();
    await page.waitForFunction(
      (link) => link !== null && getComputedStyle(link).color === getComputedStyle(document.body).color,
      await recent.elementHandle(),
    );
    assert.deepEqual(await axeProblems(page), [], colorScheme);
  }
});

interface Box {
  readonly y: number;
  readonly height: number;
}

function isAbove(above: Box, below: Box): boolean {
  return above.y + above.height <= below.y + 0.5;
}

function covered(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const rows = [...document.querySelectorAll("[role=row] a")];
    const acts = [...document.querySelectorAll("nav a, nav button, section[aria-label=Uploads] button"), rows.at(-1)!];
    const isHit = (element: Element, x: number, y: number): boolean => {
      const hit = document.elementFromPoint(x, y);
      return hit !== null && (element.contains(hit) || hit.contains(element));
    };
    return acts
      .filter((element) => {
        const { left, top, right, bottom, width } = element.getBoundingClientRect();
        const middle = (left + right) / 2;
        const points = [top + 3, (top + bottom) / 2, bottom - 3];
        return width > 0 && points.some((y) => !isHit(element, middle, y));
      })
      .map((each) => each.getAttribute("aria-label") ?? each.textContent ?? "");
  });
}

function scrollToEnd(page: Page): Promise<void> {
  return page.evaluate(() => {
    for (const element of document.querySelectorAll("main, main *"))
      if (element.scrollHeight > element.clientHeight) element.scrollTop = element.scrollHeight;
  });
}

async function walkByKeyboard(page: Page): Promise<void> {
  const stops = new Set<string>();
  for (let stop = 0; stop < 40; stop += 1) {
    await page.keyboard.press("Tab");
    const stopped = await page.evaluateHandle(() => document.activeElement!);
    const name = await stopped.evaluate((element) =>
      element === document.body ? "" : (element.getAttribute("aria-label") ?? element.textContent ?? ""),
    );
    if (name === "") continue;
    // Scrolling takes a moment.
    await eventually(`${name} has the focus and is seen`, 60_000, () =>
      stopped.evaluate((element) => {
        const { left, top, right, bottom } = element.getBoundingClientRect();
        const hit = document.elementFromPoint((left + right) / 2, (top + bottom) / 2);
        return hit !== null && (element.contains(hit) || hit.contains(element)) ? true : undefined;
      }),
    );
    stops.add(name);
  }
  for (const name of ["New", "Show less"])
    assert.ok(stops.has(name), `Tab does not reach ${name}, only ${[...stops].join(", ")}`);
}
