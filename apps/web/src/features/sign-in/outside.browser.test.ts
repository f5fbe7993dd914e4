import assert from "node:assert/strict";
import { dirname, join } from "node:path";
import { after, test } from "node:test";
import { startTestProvider, testClient } from "@holdfast/server/features/issuer/testing-provider";
import type { Page } from "@holdfast/tools/testing-browser";
import { queryDatabase } from "@holdfast/server/acceptance/testing";
import { longTest } from "@holdfast/tools/tiers";
import { axeProblems } from "../../testing/axe.ts";
import { testApp } from "../../testing/test-app.ts";

const provider = await startTestProvider();
after(() => provider.stop());
const settings = { issuer: provider.issuer, ...testClient, name: "Example ID", create_accounts: ["example.com"] };
const app = testApp({
  serverOptions: { env: { HOLDFAST_OIDC: JSON.stringify(settings), HOLDFAST_RATE_LIMIT_SIGN_IN: "0" } },
});

const theirs = new RegExp(`${provider.issuer}|fonts\\.googleapis`);

/** The provider's pages lack an icon and load an external font. */
async function signInThere(page: Page, login: string): Promise<void> {
  await nameThere(page, login);
  await page.getByRole("button", { name: "Continue" }).click();
}

async function nameThere(page: Page, login: string): Promise<void> {
  app.expectComplaint(theirs);
  await page.getByPlaceholder("Enter any login").fill(login);
  await page.getByPlaceholder("and password").fill("any");
  await page.getByRole("button", { name: "Sign-in" }).click();
}

longTest("a sign-in through the provider returns to the requested place, without its code in the history", async () => {
  const { page } = app;
  await app.open("/starred?sort=-name");
  await page.getByRole("button", { name: "Continue with Example ID" }).waitFor();
  assert.deepEqual(await axeProblems(page), []);
  await page.getByRole("button", { name: "Continue with Example ID" }).click();
  await signInThere(page, "walter");
  await page.waitForURL(/\/starred\?sort=-name$/);
  await page.getByRole("heading", { name: "Starred" }).waitFor();
  await page.reload();
  await page.getByRole("heading", { name: "Starred" }).waitFor();
  await page.goBack();
  assert.doesNotMatch(page.url(), /code=/);
});

longTest("an expired sign-in through the provider asks to start again, which works", async () => {
  app.expectComplaint(/status of 401 .*\/sessions\/outside\/answer/);
  const { page } = app;
  await app.open("/sign-in");
  await page.getByRole("button", { name: "Continue with Example ID" }).click();
  await page.getByPlaceholder("Enter any login").waitFor();
  // The cookie lasts ten minutes.
  await page.context().clearCookies({ name: "holdfast-outside" });
  await signInThere(page, "late");
  await page.getByText("Start again.").waitFor();
  assert.deepEqual(await axeProblems(page), []);
  assert.doesNotMatch(page.url(), /code=/);
  await page.getByRole("link", { name: "Sign in" }).click();
  await page.getByRole("button", { name: "Continue with Example ID" }).click();
  // The provider's session is still valid.
  await page.waitForURL(/\/files$/);
});

test("an answer of the provider from another browser's sign-in is rejected", async () => {
  app.expectComplaint(/status of 401 .*\/sessions\/outside\/answer/);
  app.expectComplaint(theirs);
  const { page } = app;
  await app.open("/sign-in");
  await page.getByRole("button", { name: "Continue with Example ID" }).click();
  await page.getByPlaceholder("Enter any login").waitFor();
  await app.open("/sign-in/callback?code=of-somebody-else&state=of-somebody-else");
  await page.getByText("Start again.").waitFor();
  await app.open("/sign-in/callback?error=access_denied&error_description=Send+your+password+to+Mallory");
  await page.getByText("The other service did not sign you in.").waitFor();
  assert.equal(await page.getByText("Mallory").count(), 0);
});

longTest("an outside identity is linked with the password, signs in, and can be unlinked", async () => {
  app.expectComplaint(/status of 403 .*\/sessions\/web\/outside/);
  const person = await app.addPerson("Hanna");
  const { page } = app;
  await app.signIn(person);
  await app.open("/settings/security");
  await page.getByRole("button", { name: "Link Example ID…" }).click();
  const dialog = page.getByRole("dialog", { name: "Link a sign-in" });
  await dialog.getByLabel("Current password").fill(person.password);
  await dialog.getByRole("button", { name: "Next" }).click();
  await signInThere(page, "hanna-elsewhere");
  const unlink = page.getByRole("button", { name: "Unlink hanna-elsewhere@example.com" });
  await unlink.waitFor();
  const other = await app.another();
  await other.goto(`${app.server.url}/sign-in`);
  await other.getByRole("button", { name: "Continue with Example ID" }).click();
  await signInThere(other, "hanna-elsewhere");
  await other.waitForURL(/\/files$/);
  await other.getByRole("button", { name: "Account of Hanna" }).waitFor();
  await unlink.click();
  const last = page.getByRole("dialog", { name: "Unlink this sign-in" });
  await last.getByLabel("Current password").fill(person.password);
  await last.getByRole("button", { name: "Unlink" }).click();
  await last.waitFor({ state: "detached" });
  await unlink.waitFor({ state: "detached" });
  assert.deepEqual((await person.api.call("GET", "/account/outside")).body.items, []);
});

longTest("an account of the provider proves an old session there again, and returns to its page", async () => {
  app.expectComplaint(/status of 403/);
  const { page } = app;
  await app.open("/settings/tokens");
  await page.getByRole("button", { name: "Continue with Example ID" }).click();
  await signInThere(page, "prudence");
  const making = page.getByRole("button", { name: "Create token" });
  await making.waitFor();
  await queryDatabase(join(dirname(app.server.logFile), "data"), "update shard.sessions set proven_at = 1");
  const askForToken = async () => {
    await making.click();
    const dialog = page.getByRole("dialog", { name: "Create token" });
    await dialog.getByLabel("Name").fill("for a script");
    await dialog.getByRole("button", { name: "Create token" }).click();
  };
  await askForToken();
  const proof = page.getByRole("dialog", { name: "Confirm your identity" });
  await proof.getByRole("button", { name: "Continue with Example ID" }).waitFor();
  assert.deepEqual(await axeProblems(page, { within: "[role=dialog]:not([aria-hidden=true])" }), []);
  await proof.getByRole("button", { name: "Continue with Example ID" }).click();
  // The provider asks despite its session, because another person may use the browser.
  await signInThere(page, "somebody-else");
  await page
    .getByText("At the other service, you are signed in with an account that is not linked to this one.")
    .waitFor();
  assert.deepEqual(await axeProblems(page), []);
  await page.getByRole("link", { name: "Go back" }).click();
  await askForToken();
  await proof.getByRole("button", { name: "Continue with Example ID" }).click();
  await signInThere(page, "prudence");
  await page.waitForURL(/\/settings\/tokens$/);
  await askForToken();
  await page.getByRole("dialog", { name: "Copy the token now" }).waitFor();
});

longTest("an account without a password proves itself through the provider, and can set a first password", async () => {
  app.expectComplaint(/status of 403/);
  const { page } = app;
  const grownOld = () =>
    queryDatabase(join(dirname(app.server.logFile), "data"), "update shard.sessions set proven_at = 1");
  await app.open("/settings/security");
  await page.getByRole("button", { name: "Continue with Example ID" }).click();
  await signInThere(page, "paula");
  const first = page.getByRole("button", { name: "Set password" });
  await first.waitFor();
  await grownOld();
  assert.equal(await page.getByLabel("Current password").count(), 0);
  await page.getByRole("button", { name: "Set up an app" }).click();
  const dialog = page.getByRole("dialog");
  assert.equal(await dialog.getByLabel("Current password").count(), 0);
  await dialog.getByRole("button", { name: "Next" }).click();
  const proof = page.getByRole("dialog", { name: "Confirm your identity" });
  await proof.getByText("This account has no password").waitFor();
  assert.deepEqual(await axeProblems(page, { within: "[role=dialog]:not([aria-hidden=true])" }), []);
  await proof.getByRole("button", { name: "Continue with Example ID" }).click();
  await nameThere(page, "paula");
  await page.waitForURL(/\/settings\/security$/);
  await page.getByLabel("New password").fill("a sentence of Paula");
  await first.click();
  await page.getByText("Password changed. All other browsers and devices were signed out.").waitFor();
  await page.getByLabel("Current password").waitFor();
});
