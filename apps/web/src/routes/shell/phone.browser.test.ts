import assert from "node:assert/strict";
import { test } from "node:test";
import { eventually } from "@holdfast/server/acceptance/testing";
import { longTest } from "@holdfast/tools/tiers";
import { axeProblems } from "../../testing/axe.ts";
import { drawPicture } from "../../testing/draw-picture.ts";
import { uploadsAreThere } from "../../testing/drop.ts";
import { filesApp } from "../../testing/files-app.ts";
import { signIn } from "../../testing/test-app.ts";

const { app, fill, openFolder, namesOnServer } = filesApp({ size: "phone", isTouch: true });

test("on a phone the bar names four places, and its button opens a sheet that can also take a photo", async () => {
  await fill("a.txt");
  const { page } = await openFolder();
  const bar = page.getByRole("navigation", { name: "Places" });
  const add = bar.getByRole("button", { name: "New", exact: true });
  await add.waitFor();
  assert.deepEqual(await bar.getByRole("link").allInnerTexts(), ["Files", "Recent", "Shared"]);
  assert.equal(await bar.getByRole("button").count(), 2);
  await uploadsAreThere(page);
  await add.tap();
  const sheet = page.getByRole("dialog", { name: "New" });
  await sheet.waitFor();
  const items = ["New folder", "New text file", "Upload files", "Upload folder", "Take photo"];
  assert.deepEqual(await sheet.getByRole("menuitem").allInnerTexts(), items);
  const choosing = page.waitForEvent("filechooser");
  await sheet.getByRole("menuitem", { name: "Take photo" }).tap();
  const chooser = await choosing;
  const asked = await chooser.element().evaluate((input) => {
    const photo = input as HTMLInputElement;
    return { accept: photo.accept, capture: photo.getAttribute("capture"), multiple: photo.multiple };
  });
  assert.deepEqual(asked, { accept: "image/*", capture: "environment", multiple: false });
  await chooser.setFiles({ name: "image.png", mimeType: "image/png", buffer: drawPicture(40, 30) });
  await eventually("the photo is there, named by its time", 30_000, async () =>
    (await namesOnServer()).some((name) => /^IMG_\d{8}_\d{6}\.png$/.test(name)) ? true : undefined,
  );
  await bar.getByRole("button", { name: "More" }).tap();
  await page.getByRole("dialog", { name: "More" }).getByRole("menuitem", { name: "Trash" }).tap();
  await page.getByRole("heading", { level: 1, name: "Trash" }).waitFor();
});

longTest("on a phone More has the other places, and in the settings the bar has no New button", async () => {
  await fill("a.txt");
  const { page } = await openFolder();
  const bar = page.getByRole("navigation", { name: "Places" });
  const more = page.getByRole("dialog", { name: "More" });
  await bar.getByRole("button", { name: "More" }).tap();
  await more.waitFor();
  const items = ["Starred", "Trash", "Settings", "Administration"];
  assert.deepEqual(await more.getByRole("menuitem").allInnerTexts(), items);
  assert.deepEqual(await axeProblems(page, { within: "[role=dialog]" }), []);
  await more.getByRole("menuitem", { name: "Settings" }).tap();
  await page.getByRole("heading", { level: 1, name: "Profile" }).waitFor();
  assert.equal(await bar.getByRole("button", { name: "New", exact: true }).count(), 0);
  assert.deepEqual(await axeProblems(page), []);
  const other = await app.another();
  await signIn(other, app.server.url, await app.addPerson("Bob"));
  await other.goto(`${app.server.url}/starred`);
  await other.getByRole("navigation", { name: "Places" }).getByRole("button", { name: "More" }).click();
  const ofBob = other.getByRole("dialog", { name: "More" });
  await ofBob.waitFor();
  assert.deepEqual(await ofBob.getByRole("menuitem").allInnerTexts(), items.slice(0, 3));
});

longTest("a sheet closes when another place opens", async () => {
  await fill("a.txt");
  const { page } = await openFolder();
  const bar = page.getByRole("navigation", { name: "Places" });
  const more = page.getByRole("dialog", { name: "More" });
  await bar.getByRole("link", { name: "Recent" }).tap();
  await page.getByRole("heading", { level: 1, name: "Recent" }).waitFor();
  await page.goBack();
  await page.getByRole("heading", { level: 1, name: "Recent" }).waitFor({ state: "detached" });
  await bar.getByRole("button", { name: "More" }).tap();
  await more.waitFor();
  await page.goForward();
  await more.waitFor({ state: "detached" });
  await page.getByRole("heading", { level: 1, name: "Recent" }).waitFor();
});

longTest("on a screen of 320 px the bar shows its full labels, with targets of at least 44 px", async () => {
  await fill("a.txt");
  const { page } = await openFolder();
  const bar = page.getByRole("navigation").filter({ has: page.locator("a[href='/recent']") });
  await page.setViewportSize({ width: 320, height: 640 });
  for (const language of ["en", "de"]) {
    await page.evaluate(
      (chosen) => localStorage.setItem("holdfast.preferences", JSON.stringify({ language: chosen })),
      language,
    );
    await page.reload();
    await bar.locator("button").first().waitFor();
    const cut = await bar
      .locator("span")
      .evaluateAll((names) =>
        names.filter(({ scrollWidth, clientWidth }) => scrollWidth > clientWidth).map(({ textContent }) => textContent),
      );
    assert.deepEqual(cut, [], language);
    for (const each of await bar.locator("a, button").all()) {
      const box = await each.boundingBox();
      assert.ok(box !== null && box.width >= 44 && box.height >= 44, JSON.stringify(box));
      assert.ok(box.x >= 0 && box.x + box.width <= 320 && box.y + box.height <= 640, JSON.stringify(box));
    }
  }
});
