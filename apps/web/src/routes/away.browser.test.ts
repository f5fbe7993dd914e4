import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import { administrator, ok } from "@holdfast/server/acceptance/testing";
import { filesPage } from "../testing/files-page.ts";
import { becomes } from "../testing/files-app.ts";
import { type Front, openFront } from "../testing/front.ts";
import { signIn, testApp } from "../testing/test-app.ts";
import { longTest } from "@holdfast/tools/tiers";

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
  await app.page
    .getByRole("button", { name: "Try now" })
    .click({ timeout: 1000 })
    .catch(() => {});
  await banner().waitFor({ state: "detached" });
}

longTest("every place opens offline inside the shell, without a reload", async () => {
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

const batch = "**/api/v1/sync/delta";
const menus = /\/assets\/menu-layer-/;
const waiting = () => app.page.getByRole("status").filter({ hasText: "1 change is waiting for the server." });
const said = (text: string) => app.page.getByRole("region", { name: "Messages" }).getByText(text);

test("a change interrupted offline waits and is made once; new ones are refused, canceled ones dropped", async () => {
  const { page } = app;
  const files = filesPage(page);
  const shownNames = () => page.getByRole("row").getByRole("link").allInnerTexts();
  const { id: folder } = await ok(app.api, "POST", "/metadata", { path: "/acts", kind: "folder" });
  await app.api.put("/acts/a.txt", "words");
  const namesOnServer = async () => {
    const { items } = await ok(app.api, "GET", `/folders/${folder}/contents?sort=natural`);
    return items.map(({ name }: { name: string }) => name);
  };
  await page.route(menus, (route) => route.abort());
  await signIn(page, front.url, administrator);
  await page.goto(`${front.url}/files/${folder}`);
  await files.seen("a.txt");

  // The server makes the change, but its answer is lost.
  let isCut: "answer" | "requests" | undefined = "answer";
  await page.route(batch, async (route) => {
    if (isCut === undefined) return route.continue();
    if (isCut === "answer") {
      await route.fetch();
      isCut = undefined;
      await front.leave();
    }
    return route.abort();
  });
  await files.row("a.txt").click();
  await page.keyboard.press("F2");
  await page.keyboard.type("b");
  await page.keyboard.press("Enter");
  await waiting().waitFor();
  await banner().waitFor();
  await becomes(shownNames, ["b.txt"]);

  await page.keyboard.press("Delete");
  await said("The server cannot be reached. Nothing was changed.").waitFor();
  await becomes(shownNames, ["b.txt"]);
  await page.keyboard.press("Alt+Enter");
  await page.getByRole("complementary").getByRole("alert").waitFor();
  await page.getByRole("complementary").getByRole("button", { name: "Close" }).click();
  assert.equal(await page.evaluate(() => !dispatchEvent(new Event("beforeunload", { cancelable: true }))), true);

  // A layer whose script is missing. The page stays.
  const openMenu = () => page.getByRole("button", { name: "Account" }).first().click();
  await openMenu();
  await said("Could not load this. Reload the page.").waitFor();
  await becomes(shownNames, ["b.txt"]);

  await comeBack();
  await waiting().waitFor({ state: "detached" });
  await said("Renamed to b.txt").waitFor();
  await becomes(namesOnServer, ["b.txt"]);
  assert.equal(await page.evaluate(() => dispatchEvent(new Event("beforeunload", { cancelable: true }))), true);

  await page.unroute(menus);
  // The rows are shown before the folder's name.
  const name = Promise.withResolvers<void>();
  const ofFolder = `**/api/v1/files/${folder}`;
  await page.route(ofFolder, async (route) => {
    await name.promise;
    await route.continue();
  });
  await page.reload();
  await files.seen("b.txt");

  isCut = "requests";
  await files.row("b.txt").click();
  await page.keyboard.press("Delete");
  await waiting().waitFor();
  await becomes(shownNames, []);
  name.resolve();
  await openMenu();
  await page.getByRole("menuitem", { name: "Sign out" }).click();
  const question = page.getByRole("dialog", { name: "Discard unfinished work?" });
  await question.getByText("If you sign out now, it may be lost.").waitFor();
  await question.getByRole("button", { name: "Stay" }).click();
  await page.getByRole("region", { name: "1 change is waiting" }).getByRole("button", { name: "Cancel" }).click();
  await said("Canceled. The server may already have made the change.").waitFor();
  isCut = undefined;
  await becomes(shownNames, ["b.txt"]);
  await becomes(namesOnServer, ["b.txt"]);
});
