import assert from "node:assert/strict";
import { test } from "node:test";
import { administrator, ok } from "@holdfast/server/acceptance/testing";
import { longTest } from "@holdfast/tools/tiers";
import { axeProblems } from "../../testing/axe.ts";
import { hasRun } from "../../testing/drop.ts";
import { hasFocus } from "../../testing/focus.ts";
import { signInByForm, testApp } from "../../testing/test-app.ts";

const app = testApp();

test("the sign-in returns to the requested place, and a reload keeps the session", async () => {
  const { page } = app;
  await app.open("/starred?sort=-name");
  await page.getByRole("heading", { name: "Sign in" }).waitFor();
  assert.equal(new URL(page.url()).searchParams.get("next"), "/starred?sort=-name");
  await page.getByLabel("E-mail address").fill(administrator.email);
  await page.getByLabel("Password", { exact: true }).fill(administrator.password);
  await page.keyboard.press("Enter");
  await page.waitForURL(/\/starred\?sort=-name$/);
  await page.reload();
  await page.getByRole("heading", { name: "Starred" }).waitFor();
});

test("a wrong password is reported at its field, and the form keeps its values", async () => {
  app.expectComplaint(/status of 401 .*\/sessions\/web\b/);
  const { page } = app;
  await app.open("/sign-in");
  await page.getByLabel("E-mail address").fill("nobody@example.com");
  const password = page.getByLabel("Password", { exact: true });
  await password.fill("wrong");
  await page.keyboard.press("Enter");
  await page.getByText("Wrong e-mail address or password").waitFor();
  assert.equal(await password.getAttribute("aria-invalid"), "true");
  assert.equal(await page.getByLabel("E-mail address").inputValue(), "nobody@example.com");
});

longTest("open requests of a page are canceled at the sign-out, and none is refused", async () => {
  const { page } = app;
  const asked = Promise.withResolvers<() => Promise<void>>();
  await page.route("**/api/v1/shared-with-me?*", (route) =>
    asked.resolve(() => route.fulfill({ status: 401, json: {} })),
  );
  const request = page.waitForRequest(/\/shared-with-me\?/);
  await app.signInByForm();
  await request;
  const refuse = await asked.promise;
  // The browser logs a 401 as an error, but not for a canceled request.
  await page.route("**/api/v1/sessions/web", async (route) => {
    await refuse();
    await route.continue();
  });
  await page.getByRole("button", { name: /^Account/ }).click();
  await page.getByRole("menuitem", { name: "Sign out" }).click();
  await page.getByLabel("E-mail address").waitFor();
});

test("a sign-out in one tab signs out the other, which shows nothing of the account", async () => {
  const { page } = app;
  await app.signIn();
  await app.open("/files");
  const other = await page.context().newPage();
  await other.goto(`${app.server.url}/settings`);
  await other.getByText(administrator.email).waitFor();
  await page.getByRole("button", { name: /^Account/ }).click();
  await page.getByRole("menuitem", { name: "Sign out" }).click();
  await page.getByRole("heading", { name: "Sign in" }).waitFor();
  await other.getByRole("heading", { name: "Sign in" }).waitFor();
  assert.equal(await other.getByText(administrator.email).count(), 0);
  await other.reload();
  await other.getByRole("heading", { name: "Sign in" }).waitFor();
});

test("an expired session asks for the password over the page, and pending changes continue", async () => {
  app.expectComplaint(/status of 401/);
  const { page } = app;
  await app.signIn();
  await app.open("/settings/notifications");
  const mails = page.getByLabel("Comments and watched items");
  await mails.waitFor();
  await app.api.call("DELETE", "/devices?keep=current");
  await mails.selectOption("never");
  const dialog = page.getByRole("dialog", { name: "Sign in again" });
  await dialog.waitFor();
  await dialog.getByLabel("Password", { exact: true }).fill(administrator.password);
  const saved = page.waitForResponse((answer) => answer.request().method() === "PATCH" && answer.ok());
  await dialog.getByRole("button", { name: "Sign in" }).click();
  await dialog.waitFor({ state: "detached" });
  await saved;
  await page.reload();
  await mails.waitFor();
  assert.equal(await mails.inputValue(), "never");
});

test("an offline sign-out is reported as incomplete, also after a reload, and completes once the server is back", async () => {
  app.expectComplaint(/ERR_CONNECTION_REFUSED|ERR_FAILED/);
  const { page } = app;
  await app.signIn();
  // On a slow machine, content may show before the server reports who is signed in.
  const listed = page.waitForResponse((answer) => answer.url().includes("/folders/root/contents") && answer.ok());
  await app.open("/files");
  await listed;
  await hasRun(page, /\/assets\/sign-in-[\w-]{8}\.js$/);
  const tokens: string[] = [];
  page.on("request", (request) => {
    const { authorization } = request.headers();
    if (authorization !== undefined) tokens.push(authorization);
  });
  // An earlier menu has loaded the menu code.
  await page.getByRole("button", { name: /^Account of/ }).click();
  const menu = page.getByRole("menu");
  await hasFocus(menu);
  await page.keyboard.press("Escape");
  await menu.waitFor({ state: "detached" });
  await page.route("**/*", (route) => route.abort("connectionrefused"));
  await page.getByRole("button", { name: /^Account of/ }).click();
  await page.getByRole("menuitem", { name: "Sign out" }).click();
  const title = page.getByRole("heading", { level: 1, name: "You are not fully signed out yet" });
  await title.waitFor();
  assert.equal(await page.getByRole("grid").count(), 0);
  tokens.length = 0;
  await page.getByRole("button", { name: "Try again" }).click();
  await page.getByText("The server cannot be reached. Try again in a moment.").first().waitFor();
  assert.deepEqual(await axeProblems(page), []);
  await page.unroute("**/*");
  await page.route("**/api/v1/**", (route) => route.abort("connectionrefused"));
  await app.open("/files");
  await title.waitFor();
  assert.deepEqual(tokens, [], "no token is left in the page");
  await page.unroute("**/api/v1/**");
  await page.getByRole("button", { name: "Try again" }).click();
  await page.getByRole("heading", { level: 1, name: "Sign in" }).waitFor();
  await app.open("/files");
  await page.waitForURL(/\/sign-in/);
});

test("after another account signs in, other tabs and pages from the back/forward cache show only its files", async () => {
  const { page } = app;
  const { url } = app.server;
  // A sign-in ends the earlier session.
  app.expectComplaint(/status of 401/);
  await page.addInitScript(stopWhileCached);
  const row = (name: string) => page.getByRole("main").getByText(name);
  const addPerson = async (name: string) => {
    const person = await app.addPerson(name);
    await ok(person.api, "POST", "/metadata", { path: `/Of ${name}`, kind: "folder" });
    return person;
  };
  const [amy, bea, cara] = [await addPerson("Amy"), await addPerson("Bea"), await addPerson("Cara")];
  await app.signIn(amy);
  await app.open("/files");
  await row("Of Amy").waitFor();
  const other = await page.context().newPage();
  await signInByForm(other, url, bea);
  await row("Of Bea").waitFor();
  assert.equal(await row("Of Amy").count(), 0);
  await ok(bea.api, "POST", "/metadata", { path: "/Added by Bea", kind: "folder" });
  await row("Added by Bea").waitFor();

  await page.evaluate("isCached = true");
  await signInByForm(other, url, cara);
  assert.equal(await row("Of Bea").count(), 1);
  const shown = await page.evaluate(async () => {
    Object.assign(globalThis, { isCached: false });
    dispatchEvent(new PageTransitionEvent("pageshow", { persisted: true }));
    await Promise.resolve();
    return document.body.textContent;
  });
  assert.doesNotMatch(shown, /Bea/);
  await row("Of Cara").waitFor();

  // In the same page, without loading it again.
  await other.evaluate(() => history.pushState(null, "", "/sign-in"));
  await other.getByLabel("E-mail address").fill(amy.email);
  await other.getByLabel("Password", { exact: true }).fill(amy.password);
  await other.getByRole("button", { name: "Sign in" }).click();
  await other.getByRole("main").getByText("Of Amy").waitFor();
});

/** Stands in for the back/forward cache, which Playwright disables: timers stop, messages and answers are lost. */
function stopWhileCached(): void {
  const { fetch: ask, setTimeout: begin } = globalThis;
  const isCached = (): boolean => Reflect.get(globalThis, "isCached") === true;
  const drop = (event: Event): void => {
    if (isCached()) event.stopImmediatePropagation();
  };
  Object.assign(globalThis, {
    fetch: async (...request: Parameters<typeof fetch>) => {
      const answer = await ask(...request);
      return isCached() ? new Promise(() => {}) : answer;
    },
    setTimeout: (run: () => void, delayMs?: number) => begin(() => isCached() || run(), delayMs),
  });
  addEventListener("storage", drop, true);
  const listen = Reflect.get(BroadcastChannel.prototype, "addEventListener") as EventTarget["addEventListener"];
  BroadcastChannel.prototype.addEventListener = function listenLate(...listener: Parameters<typeof listen>) {
    listen.call(this, "message", drop);
    listen.apply(this, listener);
  };
}
