import assert from "node:assert/strict";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { type Api, ok, queryDatabase } from "@holdfast/server/acceptance/testing";
import { longTest } from "@holdfast/tools/tiers";
import { axeProblems } from "../../testing/axe.ts";
import { sizes, testApp } from "../../testing/test-app.ts";

const app = testApp({ size: "phone" });

const grownOld = () =>
  queryDatabase(join(dirname(app.server.logFile), "data"), "update shard.sessions set proven_at = 1");
const tokensOf = async (api: Api) =>
  (await ok(api, "GET", "/tokens")).items.map(({ name }: { name: string }) => name) as string[];

async function askForToken(name: string): Promise<void> {
  const { page } = app;
  await page.getByRole("button", { name: "Create token" }).click();
  const dialog = page.getByRole("dialog", { name: "Create token" });
  await dialog.getByLabel("Name").fill(name);
  await dialog.getByRole("button", { name: "Create token" }).click();
}

test("an old session asks for the password, and then completes the request", async () => {
  app.expectComplaint(/status of (?:403|422)/);
  const { page } = app;
  const person = await app.addPerson("Ann");
  await app.signInByForm(person);
  await app.open("/settings/tokens");
  await grownOld();
  await askForToken("for a script");
  const proof = page.getByRole("dialog", { name: "Confirm your identity" });
  await proof.waitFor();
  assert.deepEqual(await axeProblems(page, { within: "[role=dialog]:not([aria-hidden=true])" }), []);
  assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), sizes.phone.width);
  assert.equal(await page.evaluate(() => document.activeElement?.getAttribute("name")), "password");
  await proof.getByRole("button", { name: "Cancel" }).click();
  const asked = page.getByRole("dialog", { name: "Create token" });
  await asked.getByText("Nothing was changed: your identity was not confirmed.").waitFor();
  assert.deepEqual(await tokensOf(person.api), []);
  assert.equal(await asked.getByLabel("Name").inputValue(), "for a script");
  await asked.getByRole("button", { name: "Create token" }).click();
  await proof.getByLabel("Current password").fill("not it");
  await proof.getByRole("button", { name: "Continue" }).click();
  await proof.getByText("Wrong password. If you forgot it, an administrator can reset it.").waitFor();
  assert.deepEqual(await tokensOf(person.api), []);
  await proof.getByLabel("Current password").fill(person.password);
  await proof.getByRole("button", { name: "Continue" }).click();
  await page.getByRole("dialog", { name: "Copy the token now" }).waitFor();
  assert.deepEqual(await tokensOf(person.api), ["for a script"]);
});

longTest("a passkey can be used instead of the password", async () => {
  app.expectComplaint(/status of 403/);
  const { page } = app;
  const person = await app.addPerson("Kim");
  const devtools = await page.context().newCDPSession(page);
  await devtools.send("WebAuthn.enable");
  await devtools.send("WebAuthn.addVirtualAuthenticator", {
    options: {
      protocol: "ctap2",
      transport: "internal",
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: true,
      automaticPresenceSimulation: true,
    },
  });
  // Passkeys require a host name, not an IP address.
  const place = (path: string) => `http://localhost:${new URL(app.server.url).port}${path}`;
  await page.goto(place("/sign-in"));
  await page.getByLabel("E-mail address").fill(person.email);
  await page.getByLabel("Password", { exact: true }).fill(person.password);
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  await page.waitForURL(/\/files/);
  await page.goto(place("/settings/security"));
  await page.getByRole("button", { name: "Add a passkey" }).click();
  const adding = page.getByRole("dialog");
  await adding.getByLabel("Name").fill("My laptop");
  await adding.getByLabel("Current password").fill(person.password);
  await adding.getByRole("button", { name: "Next" }).click();
  await adding.getByRole("button", { name: "Done" }).click();
  await page.getByText("My laptop", { exact: true }).waitFor();
  await page.goto(place("/settings/tokens"));
  await grownOld();
  await askForToken("with a passkey");
  const proof = page.getByRole("dialog", { name: "Confirm your identity" });
  await proof.getByRole("button", { name: "Use a passkey instead" }).waitFor();
  assert.deepEqual(await axeProblems(page, { within: "[role=dialog]:not([aria-hidden=true])" }), []);
  await proof.getByRole("button", { name: "Use a passkey instead" }).click();
  await page.getByRole("dialog", { name: "Copy the token now" }).waitFor();
  assert.deepEqual(await tokensOf(person.api), ["with a passkey"]);
});
