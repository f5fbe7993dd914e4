import assert from "node:assert/strict";
import { test } from "node:test";
import { filesPage } from "../testing/files-page.ts";
import { testApp } from "../testing/test-app.ts";
import { watchFigures } from "../testing/watched-figures.ts";

const app = testApp();

test("the first rows are requested before their script has loaded, with few requests and no layout shift", async () => {
  for (let number = 0; number < 30; number += 1) await app.api.put(`/file ${number}.txt`, String(number));
  await app.signInByForm();
  const { page } = app;
  const asked: string[] = [];
  const isAsked = Promise.withResolvers<void>();
  page.on("request", (request) => {
    const { pathname } = new URL(request.url());
    if (pathname.startsWith("/assets/begin-")) asked.length = 0;
    asked.push(pathname);
    if (pathname.endsWith("/folders/root/contents")) isAsked.resolve();
  });
  // Delays the chunk of the list until the list's data is requested, as a slow network would.
  await page.route(/\/assets\/first-.*\.js$/, async (route) => {
    await isAsked.promise;
    await route.continue();
  });
  const figures = await watchFigures(page);
  await app.open("/files");
  await filesPage(page).seen("file 0.txt");
  const api = asked.filter((path) => path.startsWith("/api/"));
  const before = api.slice(0, api.indexOf("/api/v1/folders/root/contents"));
  assert.ok(before.length <= 2, `before the first rows are asked for: ${before.join(", ")}`);
  assert.ok(api.length <= 10, api.join("\n"));
  const { shift, moved } = await figures();
  assert.equal(shift, 0, moved.join("\n"));
});
