import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { ok } from "@holdfast/server/acceptance/testing";
import type { Page } from "@holdfast/tools/testing-browser";
import { longTest } from "@holdfast/tools/tiers";
import { axeProblems } from "../testing/axe.ts";
import { drawPicture } from "../testing/draw-picture.ts";
import { becomes } from "../testing/files-app.ts";
import { filesPage } from "../testing/files-page.ts";
import { hasFocus, rowHasFocus } from "../testing/focus.ts";
import { makeFolder, makeLink, visit } from "../testing/link-visit.ts";
import { isLoaded } from "../testing/loaded-picture.ts";
import { recordVideo } from "../testing/record-video.ts";
import { testApp } from "../testing/test-app.ts";

const app = testApp();

async function saved(page: Page, click: () => Promise<void>) {
  const [download] = await Promise.all([page.waitForEvent("download"), click()]);
  return { name: download.suggestedFilename(), bytes: readFileSync(await download.path()) };
}

test("a folder is browsed by its rows and path, and other users' changes appear live", async () => {
  const { id: below } = await makeFolder(app, "/party/pictures");
  for (const name of ["Plan 10.txt", "Plan 2.txt"]) await app.api.put(`/party/${name}`, name);
  const { page } = app;
  await visit(page, (await makeLink(app, "/party")).url);
  const files = filesPage(page);
  await files.seen("Plan 2.txt");
  await becomes(() => page.getByRole("row").locator("a").allInnerTexts(), ["pictures", "Plan 2.txt", "Plan 10.txt"]);
  await app.api.put("/party/later.txt", "later");
  await files.seen("later.txt");
  assert.deepEqual(await axeProblems(page), []);
  await files.row("pictures").dblclick();
  await page.getByRole("heading", { level: 1, name: "pictures" }).waitFor();
  await page.waitForURL((url) => url.search === `?in=${below}`);
  await page.reload();
  await page.getByRole("link", { name: "party" }).click();
  await files.seen("Plan 2.txt");
  await page.goBack();
  await page.getByRole("heading", { level: 1, name: "pictures" }).waitFor();
});

longTest("files are found, shown and downloaded by keyboard, without commands that need an account", async () => {
  await app.api.put("/keys.txt", "no");
  await makeFolder(app, "/keyed");
  await app.api.put("/keyed/alpha.txt", "the words of alpha");
  await app.api.put("/keyed/beta.txt", "beta");
  const { page } = app;
  await visit(page, (await makeLink(app, "/keyed")).url);
  await filesPage(page).seen("alpha.txt");
  await page.getByRole("grid").locator("[tabindex='0']").first().focus();
  await page.keyboard.press("Home");
  await hasFocus(filesPage(page).row("alpha.txt"));
  await page.keyboard.press("Enter");
  await page.frameLocator("iframe").getByText("the words of alpha").waitFor();
  assert.deepEqual(await axeProblems(page), []);
  await page.keyboard.press("Escape");
  await page.getByRole("dialog").waitFor({ state: "detached" });
  await rowHasFocus(page);
  await page.keyboard.press("Shift+F10");
  await page.getByRole("menu").waitFor();
  const offered = await page.getByRole("menuitem").allInnerTexts();
  assert.deepEqual(
    offered.map((text) => text.split("\n")[0]),
    ["Open", "Download", "Open in new tab"],
  );
  const file = await saved(page, () => page.getByRole("menuitem", { name: "Download" }).press("Enter"));
  assert.deepEqual([file.name, file.bytes.toString()], ["alpha.txt", "the words of alpha"]);
});

longTest("several files and the whole folder are downloaded as one zip", async () => {
  await makeFolder(app, "/zipped");
  for (const name of ["one.txt", "two.txt", "three.txt"]) await app.api.put(`/zipped/${name}`, `in ${name}`);
  const { page } = app;
  await visit(page, (await makeLink(app, "/zipped")).url);
  const files = filesPage(page);
  await files.seen("one.txt");
  await page.getByLabel("Select one.txt").click();
  await page.getByLabel("Select two.txt").click();
  const some = await saved(page, () => page.getByRole("button", { name: "Download", exact: true }).click());
  assert.equal(some.name, "zipped.zip");
  const all = await saved(page, () => page.getByRole("button", { name: "Download all" }).click());
  assert.equal(all.name, "zipped.zip");
  const holds = (bytes: Buffer) => ["one.txt", "two.txt", "three.txt"].filter((name) => bytes.includes(`in ${name}`));
  assert.deepEqual(holds(some.bytes), ["one.txt", "two.txt"]);
  assert.deepEqual(holds(all.bytes), ["one.txt", "two.txt", "three.txt"]);
});

longTest("a single picture is shown large, with its name and size, and can be downloaded", async () => {
  const picture = drawPicture(320, 200);
  await app.api.put("/sea.png", picture);
  const { page } = app;
  await visit(page, (await makeLink(app, "/sea.png")).url);
  const image = page.getByRole("img", { name: "sea.png" });
  await image.waitFor();
  await isLoaded(image, 320);
  await page.getByRole("heading", { level: 1, name: "sea.png" }).waitFor();
  assert.deepEqual(await axeProblems(page), []);
  const file = await saved(page, () => page.getByRole("button", { name: "Download" }).click());
  assert.deepEqual(file.bytes, picture);
});

longTest("a video is played, and counts as one download", async () => {
  const { page } = app;
  await app.api.put("/clip.webm", await recordVideo(page));
  const link = await makeLink(app, "/clip.webm");
  await visit(page, link.url);
  await page.waitForFunction(() => (document.querySelector("video")?.videoWidth ?? 0) > 0);
  const { items } = await ok(app.api, "GET", `/files/${await app.api.idOf("/clip.webm")}/permissions`);
  assert.deepEqual(
    items.map(({ id, downloads }: { id: string; downloads: number }) => [id, downloads]),
    [[link.id, 1]],
  );
});

async function makeAlbum(path: string): Promise<void> {
  await makeFolder(app, path);
  for (const number of [1, 2, 3, 4, 5, 6]) await app.api.put(`${path}/${number}.png`, drawPicture(40, 30));
}

longTest("a folder of pictures shows their number and size, and its slideshow advances, pauses and ends", async () => {
  await makeAlbum("/album");
  const { page } = app;
  await page.clock.install();
  await visit(page, (await makeLink(app, "/album")).url);
  await page.getByText(/^6 photos, [\d.]+\s[KM]?i?B/).waitFor();
  await page.getByRole("button", { name: "Slideshow" }).click();
  const dialog = page.getByRole("dialog");
  const button = (name: string) => dialog.getByRole("button", { name, exact: true });
  const title = dialog.getByRole("heading", { level: 1 });
  await button("Pause").waitFor();
  assert.deepEqual(await axeProblems(page), []);
  await page.clock.runFor(5000);
  await title.filter({ hasNotText: "1.png" }).waitFor();
  await page.keyboard.press("Space");
  await button("Resume").waitFor();
  const paused = await title.innerText();
  await page.clock.runFor(20_000);
  assert.equal(await title.innerText(), paused);
  await page.keyboard.press("Space");
  await button("Pause").waitFor();
  await page.clock.runFor(5000);
  await title.filter({ hasNotText: paused }).waitFor();
  await page.keyboard.press("Escape");
  await button("Slideshow").waitFor();
  const ended = await title.innerText();
  await page.clock.runFor(20_000);
  assert.equal(await title.innerText(), ended);
});

longTest("a slideshow ends after the last picture, and counts each picture once as a download", async () => {
  await makeAlbum("/album to the end");
  const { id, url } = await makeLink(app, "/album to the end");
  const { page } = app;
  // The page without script shows the pictures too, and each would count.
  await page.route(/\/s\/[^/]+\/files\//, (route) => route.fulfill({ contentType: "image/png", body: "" }));
  await page.clock.install();
  await visit(page, url);
  await page.getByRole("button", { name: "Slideshow" }).click();
  const dialog = page.getByRole("dialog");
  for (const number of [1, 2, 3, 4, 5, 6]) {
    await isLoaded(dialog.getByRole("img", { name: `${number}.png` }), 40);
    await page.clock.runFor(5000);
  }
  await dialog.getByRole("button", { name: "Pause" }).waitFor({ state: "detached" });
  await dialog.getByText("6 of 6", { exact: true }).waitFor();
  const { items } = await ok(app.api, "GET", `/files/${await app.api.idOf("/album to the end")}/permissions`);
  const link = items.find((item: { readonly id: string }) => item.id === id);
  assert.equal(link.downloads, 6);
});

longTest("the pointer over a button holds the current picture of a slideshow", async () => {
  await makeAlbum("/album under the pointer");
  const { page } = app;
  await page.clock.install();
  await visit(page, (await makeLink(app, "/album under the pointer")).url);
  await page.getByRole("button", { name: "Slideshow" }).click();
  const dialog = page.getByRole("dialog");
  const title = dialog.getByRole("heading", { level: 1 });
  await dialog.getByRole("button", { name: "Next file" }).hover();
  const held = await title.innerText();
  await page.clock.runFor(20_000);
  assert.equal(await title.innerText(), held);
  await dialog.getByRole("img").hover();
  await page.clock.runFor(5000);
  await title.filter({ hasNotText: held }).waitFor();
});

longTest("focusing a button by keyboard pauses a slideshow, and it can be resumed from there", async () => {
  await makeAlbum("/album by keyboard");
  const { page } = app;
  await page.clock.install();
  await visit(page, (await makeLink(app, "/album by keyboard")).url);
  const begin = page.getByRole("button", { name: "Slideshow" });
  await begin.focus();
  await page.keyboard.press("Enter");
  const dialog = page.getByRole("dialog");
  const title = dialog.getByRole("heading", { level: 1 });
  await dialog.getByRole("button", { name: "Pause" }).waitFor();
  await hasFocus(dialog);
  await page.keyboard.press("Tab");
  await dialog.getByRole("button", { name: "Resume" }).waitFor();
  const paused = await title.innerText();
  await page.clock.runFor(20_000);
  assert.equal(await title.innerText(), paused);
  await page.keyboard.press("Space");
  await dialog.getByRole("button", { name: "Pause" }).waitFor();
  await page.clock.runFor(5000);
  await title.filter({ hasNotText: paused }).waitFor();
});

longTest("a link with a download limit offers no slideshow", async () => {
  await makeAlbum("/counted album");
  const { page } = app;
  await visit(page, (await makeLink(app, "/counted album", { max_downloads: 3 })).url);
  await page.getByText(/^6 photos/).waitFor();
  assert.equal(await page.getByRole("button", { name: "Slideshow" }).count(), 0);
});

longTest(
  "a link with a download limit previews nothing, shows the remaining downloads, and reports when none are left",
  async () => {
    await makeFolder(app, "/counted");
    await app.api.put("/counted/note.txt", "once only");
    const { page } = app;
    await visit(page, (await makeLink(app, "/counted", { max_downloads: 1 })).url);
    await page.getByText("1 download left").waitFor();
    await filesPage(page).row("note.txt").dblclick();
    await page.getByText("This link has a download limit").waitFor();
    await page.keyboard.press("Escape");
    await page.getByText("1 download left").waitFor();
    const file = await saved(page, () => page.getByRole("button", { name: "Download all" }).click());
    assert.equal(file.name, "counted.zip");
    await page.getByText("This link has reached its download limit. Ask Administrator for a new one.").waitFor();
    assert.deepEqual(await axeProblems(page), []);
    await page.getByRole("button", { name: "Download all" }).click();
    await page.getByText("This link has reached its download limit.", { exact: true }).first().waitFor();
  },
);

longTest("a link revoked while it is open reports that and hides its content", async () => {
  // 404: the request was accepted before the link ended and read its permissions afterwards.
  app.expectComplaint(/status of 401|status of 404 .*\/files\/[^/]*$/);
  await makeFolder(app, "/revoked");
  await app.api.put("/revoked/secret.txt", "words");
  const link = await makeLink(app, "/revoked");
  const { page } = app;
  await visit(page, link.url);
  await filesPage(page).seen("secret.txt");
  await ok(app.api, "DELETE", `/permissions/${link.id}`);
  await page.getByRole("heading", { level: 1, name: "This link does not work" }).waitFor();
  assert.equal(await page.getByText("secret.txt").count(), 0);
  assert.deepEqual(await axeProblems(page), []);
});

longTest("an unknown link and a link to a trashed folder report that they do not work", async () => {
  app.expectComplaint(/status of 404/);
  const { page } = app;
  await visit(page, `${app.server.url}/s/hfl_nothing`);
  await page.getByText("It does not exist or has expired. Ask the person who sent it for a new one.").waitFor();
  assert.deepEqual(await axeProblems(page), []);
  const { url } = await makeLink(app, "/thrown");
  const id = await app.api.idOf("/thrown");
  await visit(page, `${url}?in=${(await makeFolder(app, "/elsewhere")).id}`);
  await page.getByText("This folder was deleted or is no longer shared with you.").waitFor();
  await page.getByRole("button", { name: "Go to the top" }).click();
  await page.getByRole("heading", { level: 1, name: "thrown" }).waitFor();
  await ok(app.api, "DELETE", `/files/${id}`);
  await visit(page, url);
  await page.getByRole("heading", { level: 1, name: "This link does not work" }).waitFor();
});

longTest("a report reaches the administrators", async () => {
  const { page } = app;
  await visit(page, (await makeLink(app, "/reported")).url);
  await page.getByRole("button", { name: "Report this link" }).click();
  await page.getByLabel("It is malware").check();
  await page.getByLabel(/Anything else they should know\?/).fill("It asks for my password.");
  assert.deepEqual(await axeProblems(page, { within: "[role=dialog]" }), []);
  await page.getByRole("button", { name: "Report", exact: true }).click();
  await page.getByText("Thank you. The administrators of this server have been notified.").first().waitFor();
  const { items } = await ok(app.api, "GET", "/admin/reports");
  assert.deepEqual([items[0].reason, items[0].text], ["malware", "It asks for my password."]);
});
