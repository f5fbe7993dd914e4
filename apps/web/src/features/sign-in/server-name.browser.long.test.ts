import assert from "node:assert/strict";
import { test } from "node:test";
import { eventually } from "@holdfast/server/acceptance/testing";
import { axeProblems } from "../../testing/axe.ts";
import { makeLink, visit } from "../../testing/link-visit.ts";
import { sizes, testApp } from "../../testing/test-app.ts";

const name = "Müller & <Söhne>";
const escaped = "Müller &amp; &lt;Söhne&gt;";
const app = testApp({ serverOptions: { env: { HOLDFAST_SERVER_NAME: name } } });

test("the server's name and icon appear on the sign-in, navigation, links, errors and the installed app", async () => {
  const { page } = app;
  const isMarked = async () => {
    await page.getByText(name, { exact: true }).first().waitFor();
    const drawn = await page
      .locator(".mark")
      .first()
      .evaluate((mark) => getComputedStyle(mark).backgroundImage);
    assert.match(drawn, /\/assets\/icon-[\w-]+\.svg/);
  };
  await app.open("/sign-in");
  await isMarked();
  assert.equal(await page.title(), `Sign in – ${name}`);
  await page.setViewportSize(sizes.phone);
  assert.deepEqual(await axeProblems(page), []);
  const { url } = await makeLink(app, "/Photos", { password: "open sesame" });
  await visit(page, url);
  await isMarked();
  assert.match(await page.title(), new RegExp(`– ${name}$`));
  assert.deepEqual(await axeProblems(page), []);
  await page.setViewportSize(sizes.desktop);
  await app.signIn();
  await app.open("/files");
  await page.getByRole("link", { name, exact: true }).waitFor();
  await isMarked();

  const read = async (path: string) => (await page.request.get(`${app.server.url}${path}`, { headers })).text();
  for (const path of [new URL(url).pathname, "/api/nowhere", "/unsubscribe/hfu_none"]) {
    const html = await read(path);
    assert.ok(html.includes(`<bdi>${escaped}</bdi>`), path);
    assert.ok(html.includes(`– ${escaped}</title>`), path);
    assert.match(html, /<svg [^>]*class="mark"/, path);
  }
  const manifest = JSON.parse(await read("/manifest.webmanifest")) as Record<string, unknown>;
  assert.deepEqual([manifest["name"], manifest["short_name"]], [name, name]);
});

/** Otherwise errors are JSON. */
const headers = { accept: "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8" };

test("the service worker caches the page with the server's name", async () => {
  const { page } = app;
  await app.signIn();
  await app.open("/files");
  const kept = await eventually("the app is kept", 30_000, () =>
    page.evaluate(async () => {
      const names = (await caches.keys()).filter((each) => each.startsWith("shell-"));
      const found = await Promise.all(names.map((cacheName) => caches.match("/files", { cacheName })));
      return found.find((each) => each !== undefined)?.text();
    }),
  );
  assert.ok(kept.includes(`<title>${escaped}</title>`), kept);
});
