import assert from "node:assert/strict";
import { test } from "node:test";
import { ok } from "@holdfast/server/acceptance/testing";
import { drawPicture } from "../../testing/draw-picture.ts";
import { becomes } from "../../testing/files-app.ts";
import { makeFolder } from "../../testing/link-visit.ts";
import { testApp } from "../../testing/test-app.ts";

const app = testApp();

async function makeAlbum(path: string): Promise<readonly string[]> {
  await makeFolder(app, path);
  const paths = [1, 2, 3].map((number) => `${path}/${number}.png`);
  for (const each of paths) await app.api.put(each, drawPicture(40, 30));
  return Promise.all(paths.map((each) => app.api.idOf(each)));
}

async function openAlbum(path: string): Promise<void> {
  const [first] = await makeAlbum(path);
  await app.page.clock.install();
  await app.signIn();
  await app.page.goto(`${app.server.url}/files/${await app.api.idOf(path)}?open=${first}`);
  await position("1 of 3").waitFor();
}

const dialog = () => app.page.getByRole("dialog");
const position = (text: string) => dialog().getByText(text, { exact: true });
const button = (name: string) => dialog().getByRole("button", { name, exact: true });

test("a slideshow pauses in a hidden tab, and keeps the screen on while it runs", async () => {
  await openAlbum("/hidden");
  const { page } = app;
  await page.evaluate(() => {
    let held = 0;
    const request = async () => {
      held += 1;
      return { release: async () => void (held -= 1) };
    };
    Object.defineProperty(navigator, "wakeLock", { configurable: true, value: { request } });
    Object.assign(globalThis, { heldLocks: () => held });
  });
  const locksBecome = (count: number) =>
    becomes(async () => [String(await page.evaluate("heldLocks()"))], [String(count)]);
  const hide = (isHidden: boolean) =>
    page.evaluate((value) => {
      Object.defineProperty(document, "hidden", { configurable: true, value });
      document.dispatchEvent(new Event("visibilitychange"));
    }, isHidden);
  await button("Slideshow").click();
  await locksBecome(1);
  await hide(true);
  await locksBecome(0);
  await page.clock.runFor(20_000);
  assert.equal(await position("1 of 3").count(), 1);
  await hide(false);
  await locksBecome(1);
  await page.clock.runFor(5000);
  await position("2 of 3").waitFor();
  await page.keyboard.press("Space");
  await button("Resume").waitFor();
  await locksBecome(0);
  await page.keyboard.press("Space");
  await locksBecome(1);
  await page.keyboard.press("Escape");
  await button("Slideshow").waitFor();
  await locksBecome(0);
});

test("the buttons hide after a while, and reappear with the pointer, a key or a pause", async () => {
  await openAlbum("/bare");
  const { page } = app;
  const header = dialog().locator("header");
  const opacityBecomes = (opacity: string) =>
    becomes(() => header.evaluate((bar) => [getComputedStyle(bar).opacity]), [opacity]);
  const zoom = dialog().getByRole("button", { name: "Zoom in" });
  await zoom.waitFor();
  await button("Slideshow").click();
  await zoom.waitFor({ state: "detached" });
  await page.mouse.move(500, 500);
  await opacityBecomes("1");
  await page.clock.runFor(3000);
  await opacityBecomes("0");
  await page.mouse.move(600, 500);
  await opacityBecomes("1");
  await page.clock.runFor(3000);
  await opacityBecomes("0");
  await page.keyboard.press("Shift");
  await opacityBecomes("1");
  await page.clock.runFor(3000);
  await opacityBecomes("0");
  await page.keyboard.press("Space");
  await button("Resume").waitFor();
  await opacityBecomes("1");
  await page.clock.runFor(10_000);
  assert.deepEqual(await header.evaluate((bar) => getComputedStyle(bar).opacity), "1");
  await page.keyboard.press("Escape");
  await zoom.waitFor();
});

test("an early Escape ends the slideshow and full screen, also without a wake lock", async () => {
  await openAlbum("/early");
  const { page } = app;
  await page.evaluate(() => {
    // Missing over plain http.
    Object.defineProperty(navigator, "wakeLock", { configurable: true, value: undefined });
    const whole = document.documentElement;
    const request = whole.requestFullscreen.bind(whole);
    whole.requestFullscreen = () =>
      new Promise<void>((resolve) => {
        const beginFullScreen = async () => {
          const begun = request();
          resolve(begun);
          await begun;
        };
        Object.assign(globalThis, { beginFullScreen });
      });
  });
  await button("Slideshow").click();
  await button("Pause").waitFor();
  await page.keyboard.press("Escape");
  await button("Slideshow").waitFor();
  await page.evaluate("beginFullScreen()");
  await becomes(async () => [String(await page.evaluate("document.fullscreenElement === null"))], ["true"]);
  await position("1 of 3").waitFor();
});

test("a slideshow waits for pictures in rows that have not loaded", async () => {
  for (const id of await makeAlbum("/paged")) await ok(app.api, "PUT", `/files/${id}/star`);
  const { page } = app;
  const { promise: released, resolve: release } = Promise.withResolvers<void>();
  await page.route(/\/api\/v1\/starred\?/, async (route) => {
    const url = new URL(route.request().url());
    url.searchParams.set("limit", "2");
    if (url.searchParams.has("cursor")) await released;
    await route.continue({ url: url.href });
  });
  await page.clock.install();
  await app.signIn();
  await app.open("/starred");
  await page.getByRole("row").filter({ hasText: ".png" }).first().dblclick();
  await position("1 of 2+").waitFor();
  await button("Slideshow").click();
  await button("Pause").waitFor();
  await page.clock.runFor(5000);
  await position("2 of 2+").waitFor();
  await page.clock.runFor(20_000);
  assert.equal(await button("Pause").count(), 1);
  release();
  await position("2 of 3").waitFor();
  await page.clock.runFor(5000);
  await position("3 of 3").waitFor();
  await page.clock.runFor(5000);
  await button("Pause").waitFor({ state: "detached" });
});
