import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import { administrator } from "@holdfast/server/acceptance/testing";
import { type Front, openFront } from "../testing/front.ts";
import { signIn, testApp } from "../testing/test-app.ts";

const app = testApp();
let front: Front & { close(): Promise<void> };
beforeEach(async () => {
  front = await openFront(app.server.port);
  app.expectComplaint(
    /(?:fetching the script|ERR_(?:CONNECTION_REFUSED|CONNECTION_RESET|EMPTY_RESPONSE|SOCKET_NOT_CONNECTED|FAILED|ABORTED))/,
  );
});
afterEach(() => front.close());

const banner = () => app.page.getByRole("status").filter({ hasText: "The server cannot be reached" });

async function comeBack(): Promise<void> {
  await front.comeBack();
  // Does not wait for the next try.
  await app.page
    .getByRole("button", { name: "Try now" })
    .click({ timeout: 1000 })
    .catch(() => {});
  await banner().waitFor({ state: "detached" });
}

test("every place opens inside the shell while the server is away, and the page is never reloaded", async () => {
  const { page } = app;
  await app.api.put("/kept.txt", "words");
  const id = await app.api.idOf("/kept.txt");
  // A script that a new release has removed, or that the page did not fetch in time.
  await page.route(/\/assets\/starred-/, (route) => route.abort());
  await signIn(page, front.url, administrator);
  await page.goto(`${front.url}/files`);
  // Registered after the scripts have been fetched. It does not control this page yet.
  await page.evaluate(() => navigator.serviceWorker.ready);
  const session = await page.context().newCDPSession(page);
  await session.send("Network.clearBrowserCache");
  await page.evaluate(() => Object.assign(globalThis, { isFirst: true }));
  await front.leave();
  await banner().waitFor();
  const places = ["/recent", "/shared", "/shared?by=me", "/trash", "/search?q=kept", `/edit/${id}`, "/rewind/root"];
  for (const place of [...places, "/settings", "/admin", `/f/${id}`, "/files", "/starred"]) {
    await page.evaluate((to) => history.pushState(null, "", to), place);
    const title = place === "/starred" ? "This page isn’t available offline" : /^(?!This page)./;
    await page.locator("#place :is(h1, h2)").filter({ hasText: title }).first().waitFor();
    for (const each of [page.getByRole("navigation", { name: "Places" }).first(), banner()])
      assert.ok(await each.isVisible(), place);
  }
  assert.equal(await page.evaluate(() => "isFirst" in globalThis), true);

  await comeBack();
  await page.getByRole("heading", { name: "This page could not be loaded" }).waitFor();
  await page.unroute(/\/assets\/starred-/);
  await page.getByRole("button", { name: "Try again" }).click();
  await page.getByRole("heading", { name: "Starred" }).waitFor();
});
