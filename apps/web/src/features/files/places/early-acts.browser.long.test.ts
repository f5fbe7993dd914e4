import assert from "node:assert/strict";
import { test } from "node:test";
import { eventually, ok } from "@holdfast/server/acceptance/testing";
import { filesPage } from "../../../testing/files-page.ts";
import { testApp } from "../../../testing/test-app.ts";

const app = testApp();
const files = () => filesPage(app.page);

test("New, Upload and Paste act on a folder whose name has not loaded yet", async () => {
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
  assert.ok(page.url().endsWith(`/files/${folder}`), "the root folder does not open");
  name.resolve();
  const names = await eventually("all items are in the folder", 30_000, async () => {
    const { items } = await ok(api, "GET", `/folders/${folder}/contents?sort=natural`);
    const found = (items as readonly { readonly name: string }[]).map((item) => item.name);
    return found.length === 3 ? found : undefined;
  });
  assert.deepEqual(names, ["New folder", "copied.txt", "sent.txt"]);
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
