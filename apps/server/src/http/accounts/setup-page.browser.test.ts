import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";
import { routes, type RouteName } from "@holdfast/protocol/routes";
import { type Page, useBrowser } from "@holdfast/tools/testing-browser";
import { Authenticator } from "../../accounts/authenticator.ts";
import { confirmationLink } from "../../accounts/confirm-address.ts";
import { findUser } from "../../accounts/directory.ts";
import { createInvitation } from "../../accounts/invitations.ts";
import { setUp } from "../../accounts/set-up.ts";
import { signIn } from "../../accounts/sessions.ts";
import {
  createTestUser,
  makeTestClock,
  openTestAccounts,
  type TestAccounts,
  testPassword,
} from "../../accounts/testing.ts";
import { withoutMail } from "../../mail/testing-world.ts";
import { startTestDatabases, type TestDatabases } from "../../db/testing.ts";
import { accountHandlers } from "./account-handlers.ts";
import { openSetupPage } from "./setup-page.ts";
import { startTestServer, type TestServer } from "../testing.ts";

let databases: TestDatabases;
let world: TestAccounts;
let server: TestServer;
const browser = useBrowser({ width: 390, height: 844 });
const { takePictures } = browser;
let page: Page;
let complaints: readonly string[];

before(async () => {
  databases = await startTestDatabases({ fsync: false });
  world = await openTestAccounts(databases.shards, { clock: makeTestClock(Date.now()) });
  const setup = openSetupPage();
  server = await startTestServer(
    {
      ...accountHandlers(world, withoutMail(world)),
      setupPage: () => ({ status: 200, bytes: setup.html, headers: setup.headers }),
    },
    { authenticator: new Authenticator(world), unmounted: new Set(Object.keys(routes) as RouteName[]) },
  );
});
after(async () => {
  await server.close(0);
  await databases.stop();
});
beforeEach(() => {
  ({ page, complaints } = browser);
});

const fill = async (email: string, password: string) => {
  await page.getByLabel("Name").fill("Ann");
  await page.getByLabel("E-mail address").fill(email);
  await page.getByLabel("Password").fill(password);
};

test("the set-up link makes the administrator with the keyboard alone, and shows the commands", async () => {
  const token = await setUp(world, undefined);
  await page.goto(`${server.url}/setup#${token}`);
  await takePictures("form");
  await page.keyboard.press("Tab");
  for (const text of ["Ann", "ann@example.org", testPassword]) {
    await page.keyboard.type(text);
    await page.keyboard.press("Tab");
  }
  assert.equal(await page.evaluate("document.activeElement.textContent"), "Create administrator");
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "Your account is ready" }).waitFor();
  assert.equal(await page.evaluate("document.activeElement.id"), "done-title");
  const commands = await page.getByLabel("Commands").innerText();
  assert.match(commands, new RegExp(`^npx holdfast login ${server.url} --email ann@example\\.org\n`));
  assert.match(commands, /put hello\.txt \/\nnpx holdfast cat \/hello\.txt$/);
  assert.equal(page.url(), `${server.url}/setup`, "the token is gone from the address");
  await page.keyboard.press("Tab");
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  await page
    .getByRole("status")
    .filter({ hasText: /Copied|selected/ })
    .waitFor();
  await takePictures("done");
  assert.deepEqual(complaints, []);
  const session = await signIn(world, { email: "ann@example.org", password: testPassword }, "192.0.2.1");
  assert.equal((await new Authenticator(world).authenticate(session.access_token)).admin, true);
  assert.ok(!server.logText().includes(token ?? "-") && !server.logText().includes(testPassword));
});

test("a used link says so, and what to do next", async () => {
  await createTestUser(world, "other@example.org", { admin: true });
  for (const [token, words] of [
    [`hfs_000_${"A".repeat(43)}`, /used already, or a newer one was made.*sign in or ask for an invitation/],
    [`hfi_000_${"A".repeat(43)}`, /invitation was used already, has expired/],
  ] as const) {
    await page.goto("about:blank");
    await page.goto(`${server.url}/setup#${token}`);
    await fill("bob@example.org", testPassword);
    await page.getByRole("button").click();
    await page.getByRole("alert").filter({ hasText: words }).waitFor();
    assert.equal(await page.getByRole("button").isEnabled(), true);
  }
  await takePictures("used");
  // The browser itself notes an answer of 403; nothing else went wrong.
  assert.deepEqual(
    complaints.filter((text) => !text.includes("403")),
    [],
  );
});

test("a link without its token, a short password and a taken address are each explained, and the form can be sent again", async () => {
  await page.goto(`${server.url}/setup`);
  await page.getByRole("alert").filter({ hasText: "not complete" }).waitFor();
  assert.equal(await page.getByLabel("Password").isVisible(), false);

  await createTestUser(world, "taken@example.org");
  const { token } = await createInvitation(world, { kind: "invite", email: null, quotaBytes: null });
  await page.goto("about:blank");
  await page.goto(`${server.url}/setup#${token}`);
  await fill("taken@example.org", "short");
  await page.getByRole("button", { name: "Create account" }).click();
  assert.equal(await page.evaluate("document.activeElement.id"), "password");
  await fill("taken@example.org", testPassword);
  await page.getByRole("button", { name: "Create account" }).click();
  await page.getByRole("alert").filter({ hasText: "There is an account" }).waitFor();
  await fill("o'hara@example.org", testPassword);
  await page.getByRole("button", { name: "Create account" }).click();
  await page.getByRole("heading", { name: "Your account is ready" }).waitFor();
  assert.match(await page.getByLabel("Commands").innerText(), /--email 'o'\\''hara@example\.org'/);
});

test("the link of a confirmation asks first, confirms the address once it is told to, and says what is wrong with one that is not good", async () => {
  const user = await createTestUser(world, "mine@example.org", { confirmed: false });
  const isConfirmed = async () => (await findUser(databases.shards, user.id))?.email_confirmed_at !== null;
  const link = confirmationLink(world, user);
  await page.goto("about:blank");
  await page.goto(`${server.url}${link.slice(0, -1)}${link.endsWith("A") ? "B" : "A"}`);
  await page.getByRole("button", { name: "This address is mine" }).click();
  await page.getByRole("alert").filter({ hasText: "has expired, or is for another address" }).waitFor();
  await page.goto("about:blank");
  await page.goto(`${server.url}${link}`);
  await page.getByRole("heading", { name: "Confirm your address" }).waitFor();
  assert.equal(await isConfirmed(), false, "whoever only looks at a link for somebody else confirms nothing");
  await page.getByRole("button", { name: "This address is mine" }).click();
  await page.getByRole("heading", { name: "Your address is confirmed" }).waitFor();
  assert.equal(await page.getByText("share with mine@example.org is yours").isVisible(), true);
  assert.equal(page.url(), `${server.url}/setup`, "the token is gone from the address");
  assert.equal(await isConfirmed(), true);
});

test("the page fits a phone and a large screen without scrolling sideways, and every field has its label", async () => {
  for (const width of [320, 390, 1280]) {
    await page.setViewportSize({ width, height: 900 });
    await page.goto(`${server.url}/setup#hfs_000_x`);
    assert.ok((await page.evaluate<number>("document.documentElement.scrollWidth")) <= width);
    if (width === 1280) await takePictures("large");
  }
  for (const label of ["Name", "E-mail address", "Password"]) await page.getByLabel(label).waitFor();
});

test("the page's policy lets nothing run or load but what is in it", async () => {
  const answer = await fetch(`${server.url}/setup`);
  const policy = answer.headers.get("content-security-policy") ?? "";
  assert.match(policy, /default-src 'none'.*script-src 'sha256-[^']+'; style-src 'sha256-[^']+'/);
  assert.doesNotMatch(policy, /unsafe/);
  await page.goto(`${server.url}/setup#hfs_000_x`);
  await page.evaluate(
    "document.body.append(Object.assign(document.createElement('script'), { textContent: 'window.injected = 1' }))",
  );
  assert.equal(await page.evaluate("window.injected"), undefined);
  assert.ok(complaints.some((text) => text.includes("Content Security Policy")));
});
