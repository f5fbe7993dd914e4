import assert from "node:assert/strict";
import { test } from "node:test";
import { makeFolder, makeLink } from "../testing/link-visit.ts";
import { testApp } from "../testing/test-app.ts";
import { longTest } from "@holdfast/tools/tiers";

const app = testApp();

// apps/server/src/edge/links/link-page.browser.test.ts tests the page in a browser without JavaScript.
test("the link page lists, opens and downloads without its script", async () => {
  app.expectComplaint(/net::ERR_FAILED/);
  await makeFolder(app, "/plain/below");
  await app.api.put("/plain/note.txt", "plain");
  const { url } = await makeLink(app, "/plain");
  const { page } = app;
  await page.route(/\/assets\/link-.*\.js/, (route) => route.abort());
  await page.goto(url);
  await page.getByRole("link", { name: "below/" }).waitFor();
  const [download] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("link", { name: "note.txt" }).click(),
  ]);
  assert.equal(download.suggestedFilename(), "note.txt");
  await page.getByRole("link", { name: "below/" }).click();
  await page.getByText("This folder is empty.").waitFor();
});

longTest("the script keeps the text typed before it loaded", async () => {
  const { url } = await makeLink(app, "/slow", { password: "p" });
  const { page } = app;
  const held = Promise.withResolvers<void>();
  await page.route(/\/assets\/link-.*\.js/, async (route) => {
    await held.promise;
    await route.continue();
  });
  await page.goto(url, { waitUntil: "commit" });
  await page.getByLabel("Link password").fill("p");
  const words = page.waitForResponse(/\/assets\/en-/);
  held.resolve();
  await words;
  await page.getByRole("button", { name: "Open" }).click();
  await page.getByRole("heading", { level: 1, name: "slow" }).waitFor();
  assert.match(await page.locator("main").innerText(), /This folder is empty/);
});
