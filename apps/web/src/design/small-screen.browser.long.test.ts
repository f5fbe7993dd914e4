import assert from "node:assert/strict";
import { test } from "node:test";
import { ok } from "@holdfast/server/acceptance/testing";
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
  test(`on a phone every section link of ${place} is in view`, async () => {
    await app.signIn();
    await app.open(`/${place}`);
    const sections = app.page.locator(`a[href^="/${place.split("/")[0]}/"]`);
    await sections.first().waitFor();
    assert.ok((await sections.count()) > 5);
    for (const link of await sections.all()) assert.ok(await isInView(link), await link.innerText());
    assert.deepEqual(await axeProblems(app.page), []);
  });
}

test("on a phone search filters show that they scroll, and each can be reached by keyboard", async () => {
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

test("on a phone a file's menu is a bottom sheet titled with the file's name, without shortcuts", async () => {
  await app.api.put("/menu.txt", "a file");
  await app.signIn();
  await app.open("/files");
  const { page } = app;
  const opener = page.getByRole("button", { name: "More actions for menu.txt" });
  await opener.tap();
  const sheet = page.getByRole("dialog", { name: "menu.txt" });
  await sheet.getByRole("heading", { name: "menu.txt" }).waitFor();
  const box = await sheet.boundingBox();
  assert.ok(box !== null && box.x === 0 && box.width === sizes.phone.width, JSON.stringify(box));
  assert.equal(Math.round(box.y + box.height), sizes.phone.height);
  assert.ok(box.y > sizes.phone.height / 10, "what is behind it is still seen");
  assert.equal(await sheet.locator("kbd").count(), 0);
  for (const name of ["Cut", "Copy"]) assert.equal(await sheet.getByRole("menuitem", { name, exact: true }).count(), 0);
  assert.deepEqual(await axeProblems(page, { within: "[role=dialog]" }), []);
  await page.keyboard.press("End");
  const last = sheet.getByRole("menuitem").last();
  await hasFocus(last);
  assert.ok(await isInView(last));
  await page.keyboard.press("ArrowDown");
  await hasFocus(sheet.getByRole("menuitem").first());
  await page.keyboard.press("Escape");
  await sheet.waitFor({ state: "detached" });
  await hasFocus(page.getByRole("row").filter({ has: opener }));
  assert.equal(await page.getByRole("row", { selected: true }).count(), 0);
});

test("on a phone More replaces the items of a sheet, and its button, Escape and Back return to them", async () => {
  await app.api.put("/more.txt", "a file");
  await app.signIn();
  await app.open("/recent");
  const { page } = app;
  // Back of the browser then stays in the app.
  await page.getByRole("navigation", { name: "Places" }).getByRole("link", { name: "Files" }).tap();
  await page.getByRole("heading", { level: 1, name: "Files" }).waitFor();
  await page.getByRole("button", { name: "More actions for more.txt" }).tap();
  const first = page.getByRole("dialog", { name: "more.txt" });
  const opener = first.getByRole("menuitem", { name: "More", exact: true });
  const second = page.getByRole("dialog", { name: "More" });
  const entries = await page.evaluate(() => history.length);
  const ways = [
    () => second.getByRole("button", { name: "Back" }).tap(),
    () => page.keyboard.press("Escape"),
    () => page.evaluate(() => history.back()),
  ];
  for (const leave of ways) {
    await opener.tap();
    await hasFocus(second.getByRole("menuitem").first());
    assert.equal(await opener.count(), 0);
    assert.deepEqual(await axeProblems(page, { within: "[role=dialog]" }), []);
    await leave();
    await hasFocus(opener);
    assert.equal(await first.getByRole("button", { name: "Back" }).count(), 0);
  }
  await page.keyboard.press("Escape");
  await first.waitFor({ state: "detached" });
  assert.equal(await page.evaluate(() => history.length), entries);
  assert.equal(new URL(page.url()).pathname, "/files");
});

test("the system's close request leaves More first, and then the sheet", async () => {
  await app.api.put("/request.txt", "a file");
  await app.signIn();
  const { page } = app;
  // Only Android and Escape send requests, and Escape reaches the sheet as a key.
  await page.addInitScript(() => {
    Object.assign(globalThis, {
      CloseWatcher: class extends EventTarget {
        constructor() {
          super();
          const close = () => {
            this.destroy();
            this.dispatchEvent(new Event("close"));
          };
          this.destroy = () => removeEventListener("test-close", close);
          addEventListener("test-close", close);
        }
        destroy: () => void;
      },
    });
  });
  const request = () => page.evaluate(() => void dispatchEvent(new Event("test-close")));
  await app.open("/files");
  await page.getByRole("button", { name: "More actions for request.txt" }).tap();
  const sheet = page.getByRole("dialog", { name: "request.txt" });
  await sheet.getByRole("menuitem", { name: "More", exact: true }).tap();
  await page.getByRole("dialog", { name: "More" }).waitFor();
  await request();
  await sheet.waitFor();
  await request();
  await sheet.waitFor({ state: "detached" });
});

test("on a low screen a file's menu scrolls in its sheet, and the keyboard reaches its end", async () => {
  await app.api.put("/low.txt", "a file");
  await app.signIn();
  await app.open("/files");
  const { page } = app;
  await page.setViewportSize({ width: 600, height: 360 });
  await page.getByRole("button", { name: "More actions for low.txt" }).tap();
  const menu = page.getByRole("menu", { name: "low.txt" });
  await menu.waitFor();
  assert.ok(await menu.evaluate(({ scrollHeight, clientHeight }) => scrollHeight > clientHeight));
  await page.keyboard.press("End");
  const last = menu.getByRole("menuitem").last();
  await hasFocus(last);
  const box = await last.boundingBox();
  assert.ok(box !== null && box.y >= 0 && box.y + box.height <= 360, JSON.stringify(box));
});

test("on a phone the editor of a text with a preview keeps its buttons on one line", async () => {
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

test("a list and a file's details fit a screen of 320 px", async () => {
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
