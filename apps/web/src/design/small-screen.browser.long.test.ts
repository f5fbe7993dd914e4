import assert from "node:assert/strict";
import { test } from "node:test";
import { eventually, ok } from "@holdfast/server/acceptance/testing";
import type { Locator } from "@holdfast/tools/testing-browser";
import { axeProblems } from "../testing/axe.ts";
import { hasFocus } from "../testing/focus.ts";
import { sizes, testApp } from "../testing/test-app.ts";

const app = testApp({ size: "phone", isTouch: true });

async function isInView(what: Locator): Promise<boolean> {
  const box = await what.boundingBox();
  const { width, height } = what.page().viewportSize() ?? sizes.phone;
  return box !== null && box.x >= 0 && box.y >= 0 && box.x + box.width <= width && box.y + box.height <= height;
}

for (const place of ["settings/profile", "admin/accounts"]) {
  test(`on a phone every section of ${place} is in view`, async () => {
    await app.signIn();
    await app.open(`/${place}`);
    const sections = app.page.locator(`a[href^="/${place.split("/")[0]}/"]`);
    await sections.first().waitFor();
    assert.ok((await sections.count()) > 5);
    for (const link of await sections.all()) assert.ok(await isInView(link), await link.innerText());
    assert.deepEqual(await axeProblems(app.page), []);
  });
}

test("on a phone the filters of a search show that there are more of them, and the keyboard reaches each", async () => {
  await app.api.put("/plan.txt", "a plan");
  await app.signIn();
  const { page } = app;
  await ok(app.api, "POST", "/metadata", { path: "/A folder", kind: "folder" });
  await app.open(`/search?q=plan&from=${await app.api.idOf("/A folder")}&type=document`);
  const strip = page.locator(".scroll-strip");
  await page.locator('.scroll-strip[data-more="end"]').waitFor();
  // The results may widen the strip.
  await page.getByRole("row").first().waitFor();
  assert.match(await strip.evaluate((box) => getComputedStyle(box).maskImage), /calc\(100% - 48px\)|- 48px/);
  const last = page.getByRole("button", { name: "Clear filters" });
  assert.equal(await isInView(last), false);
  await page.getByRole("button", { name: "Type: Documents" }).focus();
  for (let press = 0; press < 4; press += 1) await page.keyboard.press("Tab");
  await hasFocus(last);
  await page.locator('.scroll-strip[data-more="start"]').waitFor();
  assert.ok(await isInView(last));
  assert.deepEqual(await axeProblems(page), []);
});

test("on a phone the menu of a file shows that it goes on, until its end is in view", async () => {
  await app.api.put("/menu.txt", "a file");
  await app.signIn();
  await app.open("/files");
  const { page } = app;
  // On a usual phone the whole menu fits.
  await page.setViewportSize({ width: 390, height: 400 });
  await page.getByRole("button", { name: "More actions for menu.txt" }).click();
  const menu = page.getByRole("menu");
  await menu.and(page.locator('[data-more="end"]')).waitFor();
  const [above, below] = [menu.locator(".menu-before"), menu.locator(".menu-after")];
  // Menus are measured off screen first.
  await eventually("the sign that it goes on is in view", 30_000, async () => (await isInView(below)) || undefined);
  assert.equal(await above.isVisible(), false);
  assert.deepEqual(await axeProblems(page, { within: "[role=menu]" }), []);
  await page.keyboard.press("End");
  const last = page.getByRole("menuitem").last();
  await hasFocus(last);
  await menu.and(page.locator('[data-more="start"]')).waitFor();
  assert.ok(await isInView(last));
  assert.deepEqual([await above.isVisible(), await below.isVisible()], [true, false]);
});

test("on a phone the editor of a text that has a preview keeps its buttons in one line", async () => {
  await app.api.put("/page.md", "# A page");
  await app.signIn();
  const { page } = app;
  await app.open(`/edit/${await app.api.idOf("/page.md")}`);
  const tops = new Set<number>();
  for (const name of ["Preview", "Close", "Save"]) {
    const button = page.getByRole("button", { name, exact: true });
    await button.waitFor();
    tops.add((await button.boundingBox())?.y ?? -1);
    assert.ok(await isInView(button), name);
  }
  assert.equal(tops.size, 1);
});

test("a list and the details of a file are loaded on a screen of 320 px without anything too wide", async () => {
  await app.api.put("/a name that is rather long for a screen as small as this.txt", "a file");
  const id = await app.api.idOf("/a name that is rather long for a screen as small as this.txt");
  await app.signIn();
  const { page } = app;
  await page.setViewportSize({ width: 320, height: 640 });
  for (const place of ["/files", `/files?open=${id}&panel=sharing`]) {
    await app.open(place);
    if (place.includes("panel")) await page.getByRole("tab").first().waitFor();
    else await page.getByRole("row").first().waitFor();
    assert.ok((await page.evaluate(() => document.documentElement.scrollWidth)) <= 320, place);
  }
});
