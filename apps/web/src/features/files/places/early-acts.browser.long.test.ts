import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import { eventually, makeFolder, ok, removeFolder } from "@holdfast/server/acceptance/testing";
import { dropAtOnce } from "../../../testing/drop.ts";
import { filesPage } from "../../../testing/files-page.ts";
import { testApp } from "../../../testing/test-app.ts";

const app = testApp();
const files = () => filesPage(app.page);
const sources = makeFolder("early-acts");
after(() => removeFolder(sources));

test("New, Upload, Paste and a drop act on a folder whose name has not loaded yet", async () => {
  const { page, api } = app;
  await ok(api, "POST", "/metadata", { path: "/Slow", kind: "folder" });
  await api.put("/copied.txt", "copied");
  const folder = await api.idOf("/Slow");
  await app.signIn();
  await app.open("/files");
  await files().row("copied.txt").click();
  await page.keyboard.press("Control+C");
  const name = Promise.withResolvers<void>();
  await page.route(`**/api/v1/files/${folder}`, async (route) => {
    await name.promise;
    await route.continue();
  });
  await files().row("Slow").dblclick();
  await page.waitForURL(`**/files/${folder}`);
  await page.getByText("Nothing here yet").waitFor();
  await page.keyboard.press("Control+V");
  await files().seen("copied.txt");
  await page.getByRole("button", { name: "New", exact: true }).click();
  await page.getByRole("menuitem", { name: "New folder" }).click();
  await page.getByRole("textbox", { name: "Name" }).waitFor();
  await page.keyboard.press("Escape");
  await page.getByRole("button", { name: "Upload", exact: true }).click();
  const choosing = page.waitForEvent("filechooser");
  await page.getByRole("menuitem", { name: "Upload files" }).click();
  await (await choosing).setFiles({ name: "sent.txt", mimeType: "text/plain", buffer: Buffer.from("sent") });
  await files().seen("sent.txt");
  writeFileSync(join(sources, "dropped.txt"), "dropped");
  await dropAtOnce(page, [join(sources, "dropped.txt")]);
  await files().seen("dropped.txt");
  assert.ok(page.url().endsWith(`/files/${folder}`), "the root folder does not open");
  assert.equal(await page.getByText("copied.txt copied to").count(), 0);
  name.resolve();
  await page.getByRole("region", { name: "Messages" }).getByText("copied.txt copied to Slow").waitFor();
  const names = await eventually("all items are in the folder", 30_000, async () => {
    const { items } = await ok(api, "GET", `/folders/${folder}/contents?sort=natural`);
    const found = (items as readonly { readonly name: string }[]).map((item) => item.name);
    return found.length === 4 ? found : undefined;
  });
  assert.deepEqual(names, ["New folder", "copied.txt", "dropped.txt", "sent.txt"]);
});

test("a menu of a search closes when Back changes the query", async () => {
  const { page, api } = app;
  await api.put("/first report.txt", "words");
  await app.signIn();
  await app.open("/files");
  for (const query of ["first", "report"])
    await page.evaluate((to) => history.pushState(null, "", to), `/search?q=${query}`);
  await files().row("first report.txt").click({ button: "right" });
  await page.getByRole("menu").waitFor();
  await page.evaluate(() => history.back());
  await page.getByRole("menu").waitFor({ state: "detached" });
  assert.ok(page.url().endsWith("q=first"));
});

test("a folder that does not exist accepts no new items", async () => {
  const { page, api } = app;
  app.expectComplaint(/status of 40[04]/);
  await ok(api, "POST", "/metadata", { path: "/Existing", kind: "folder" });
  const id = await api.idOf("/Existing");
  await app.signIn();
  await app.open(`/files/${id.slice(0, -1)}${id.endsWith("a") ? "b" : "a"}`);
  await page.getByRole("button", { name: /^(?:Go to your files|Try again)$/ }).waitFor();
  await page.getByRole("button", { name: "New", exact: true }).click();
  await page.getByRole("menuitem", { name: "New folder" }).click();
  await page.waitForURL(/\/files$/);
  await page.getByRole("textbox", { name: "Name" }).waitFor();
});

test("cut items that a folder rejects can be pasted into another one", async () => {
  const { page, api } = app;
  await ok(api, "POST", "/metadata", { path: "/Box", kind: "folder" });
  await ok(api, "POST", "/metadata", { path: "/Shelf", kind: "folder" });
  await app.signIn();
  await app.open("/files");
  await files().row("Box").click();
  await page.keyboard.press("Control+X");
  await files().row("Box").dblclick();
  await page.getByText("Nothing here yet").waitFor();
  await page.keyboard.press("Control+V");
  await page.getByRole("region", { name: "Messages" }).getByText(/./).first().waitFor();
  await page.goBack();
  await files().row("Shelf").dblclick();
  await page.getByText("Nothing here yet").waitFor();
  await page.keyboard.press("Control+V");
  await files().seen("Box");
});

test("a failure to load the upload code is reported", async () => {
  const { page } = app;
  app.expectComplaint(/Failed to load|ERR_FAILED/);
  await app.signIn();
  await app.open("/files");
  await page.context().route(/upload\.worker/, (route) => route.abort());
  await page.getByRole("button", { name: "Upload", exact: true }).click();
  const choosing = page.waitForEvent("filechooser");
  await page.getByRole("menuitem", { name: "Upload files" }).click();
  await (await choosing).setFiles({ name: "sent.txt", mimeType: "text/plain", buffer: Buffer.from("sent") });
  await page.getByRole("region", { name: "Messages" }).getByText("Could not load this. Reload the page.").waitFor();
});
