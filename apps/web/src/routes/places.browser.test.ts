import assert from "node:assert/strict";
import { test } from "node:test";
import { eventually } from "@holdfast/server/acceptance/testing";
import { longTest } from "@holdfast/tools/tiers";
import { axeProblems } from "../testing/axe.ts";
import { hasFocus } from "../testing/focus.ts";
import { pathsOfPlaces, type ShownPlace, testPlaces } from "../testing/places.ts";
import { resize } from "../testing/resize.ts";
import { testApp } from "../testing/test-app.ts";

const app = testApp();
const places = testPlaces(app);

test("the table of places lists exactly the routes of the router", () => {
  const { routed, listed } = pathsOfPlaces();
  assert.deepEqual(routed, listed);
});

// Others: places.browser.long.test.ts.
longTest("every place passes axe in light mode on a desktop, and fits 320 px with its New button", () =>
  places.assertAccessible({ colorScheme: "light", size: "desktop" }, assertFitsSmallPhone),
);

async function assertFitsSmallPhone({ path, isForStrangers }: ShownPlace): Promise<void> {
  const { page } = app;
  if (isForStrangers || path === "/design" || /^\/(?:authorize|device|sign-out)/.test(path)) return;
  await resize(page, { width: 320, height: 640 });
  const width = () => page.evaluate(() => document.documentElement.scrollWidth);
  await eventually(`${path} fits`, 30_000, async () => ((await width()) <= 320 ? true : undefined));
  if (/panel=|open=|^\/(?:f|save)\//.test(path)) return;
  const button = page.getByRole("button", { name: "New", exact: true }).last();
  if (/^\/(?:settings|admin)\//.test(path)) {
    assert.equal(await button.count(), 0, `${path} has no files`);
    return;
  }
  await eventually(`${path} has New`, 30_000, async () => {
    const box = await button.boundingBox();
    return box !== null && box.width >= 24 && box.x + box.width <= 320 ? true : undefined;
  });
}

test("a menu opens at its first item by keyboard, Escape returns the focus, and a dialog traps it", async () => {
  const { page } = app;
  await page.goto(`${app.server.url}/design`);
  const light = page.getByRole("region", { name: "Light" });
  const opener = light.getByRole("button", { name: "Open a menu" });
  await opener.focus();
  await page.keyboard.press("Enter");
  await page.getByRole("menu", { name: "New" }).waitFor();
  await page.waitForFunction(() => document.activeElement?.textContent.startsWith("New folder") === true);
  assert.deepEqual(await axeProblems(page, { within: "[role=menu]" }), []);
  await page.keyboard.press("Escape");
  await page.getByRole("menu").waitFor({ state: "detached" });
  await hasFocus(opener);
  const dialogOpener = light.getByRole("button", { name: "Open a dialog" });
  await dialogOpener.click();
  const dialog = page.getByRole("dialog");
  await hasFocus(dialog);
  assert.deepEqual(await axeProblems(page, { within: "[role=dialog]" }), []);
  for (let press = 0; press < 6; press++) {
    await page.keyboard.press("Tab");
    assert.equal(await dialog.evaluate((element) => element.contains(document.activeElement)), true);
  }
  await page.keyboard.press("Escape");
  await dialog.waitFor({ state: "detached" });
  await hasFocus(dialogOpener);
});

longTest(
  "a toast is announced to screen readers, stays under the pointer, and its button works by keyboard",
  async () => {
    const { page } = app;
    await page.goto(`${app.server.url}/design`);
    const light = page.getByRole("region", { name: "Light" });
    await light.getByRole("button", { name: "Show a toast" }).click();
    await page.locator("[aria-live=polite]").filter({ hasText: "3 files moved" }).waitFor({ state: "attached" });
    const undo = page.getByRole("region", { name: "Messages" }).getByRole("button", { name: "Undo" });
    await undo.focus();
    await page.keyboard.press("Enter");
    await undo.waitFor({ state: "detached" });
  },
);

longTest("forced colors show selection by an outline, and reduced motion opens a menu without animation", async () => {
  const { page } = app;
  await page.emulateMedia({ forcedColors: "active", reducedMotion: "reduce" });
  await page.goto(`${app.server.url}/design`);
  const light = page.getByRole("region", { name: "Light" });
  const selected = light.getByText("Selected", { exact: true }).first().locator("..");
  assert.notEqual(await selected.evaluate((row) => getComputedStyle(row).outlineStyle), "none");
  await light.getByRole("button", { name: "Open a menu" }).click();
  const menu = page.getByRole("menu");
  await menu.waitFor();
  assert.ok(Number.parseFloat(await menu.evaluate((element) => getComputedStyle(element).animationDuration)) < 0.001);
});
