import assert from "node:assert/strict";
import { test } from "node:test";
import { browserWaitMs } from "@holdfast/tools/testing-browser";
import { makeFolder, makeLink } from "../testing/link-visit.ts";
import { testApp } from "../testing/test-app.ts";
import { watchPage } from "../testing/watched-page.ts";

const app = testApp();

test("without script, or where the script does not come, the same page lists, opens and downloads", async () => {
  app.expectComplaint(/net::ERR_FAILED/);
  await makeFolder(app, "/plain/below");
  await app.api.put("/plain/note.txt", "plain");
  const { url } = await makeLink(app, "/plain");
  const context = await app.page.context().browser()?.newContext({ javaScriptEnabled: false });
  context?.setDefaultTimeout(browserWaitMs);
  const without = await context?.newPage();
  assert.ok(without !== undefined);
  const complaints: string[] = [];
  watchPage(without, complaints);
  await app.page.route(/\/assets\/link-.*\.js/, (route) => route.abort());
  try {
    for (const page of [without, app.page]) {
      await page.goto(url);
      await page.getByRole("link", { name: "below/" }).waitFor();
      const [download] = await Promise.all([
        page.waitForEvent("download"),
        page.getByRole("link", { name: "note.txt" }).click(),
      ]);
      assert.equal(download.suggestedFilename(), "note.txt");
      await page.getByRole("link", { name: "below/" }).click();
      await page.getByText("This folder is empty.").waitFor();
    }
    assert.deepEqual(complaints, []);
  } finally {
    await context?.close();
  }
});

test("what somebody has begun to write without the script is not taken away by it", async () => {
  const { url } = await makeLink(app, "/slow", { password: "p" });
  const { page } = app;
  const held = Promise.withResolvers<void>();
  await page.route(/\/assets\/link-.*\.js/, async (route) => {
    await held.promise;
    await route.continue();
  });
  await page.goto(url, { waitUntil: "commit" });
  await page.getByLabel("Password of this link").fill("p");
  const words = page.waitForResponse(/\/assets\/en-/);
  held.resolve();
  await words;
  await page.getByRole("button", { name: "Open" }).click();
  await page.getByRole("heading", { level: 1, name: "slow" }).waitFor();
  assert.match(await page.locator("main").innerText(), /This folder is empty/);
});
