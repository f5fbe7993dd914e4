import assert from "node:assert/strict";
import { test } from "node:test";
import { ok } from "@holdfast/server/acceptance/testing";
import { longTest } from "@holdfast/tools/tiers";
import { axeProblems } from "../../testing/axe.ts";
import { type Person, signIn, testApp } from "../../testing/test-app.ts";

const app = testApp();

/** Passkeys require a host name, not an IP address. */
function localhost(path: string): string {
  return `http://localhost:${new URL(app.server.url).port}${path}`;
}

/** Verifies every request successfully. */
async function giveAuthenticator(): Promise<void> {
  const devtools = await app.page.context().newCDPSession(app.page);
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
}

async function signOut(): Promise<void> {
  const { page } = app;
  await page.getByRole("button", { name: /^Account/ }).click();
  await page.getByRole("menuitem", { name: "Sign out" }).click();
  await page.getByRole("button", { name: "Sign in with a passkey" }).waitFor();
}

async function fillPassword({ email, password }: Person): Promise<void> {
  const { page } = app;
  await page.getByLabel("E-mail address").fill(email);
  await page.getByLabel("Password", { exact: true }).fill(password);
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
}

async function add(person: Person): Promise<string[]> {
  const { page } = app;
  await page.goto(localhost("/settings/security"));
  await page.getByRole("button", { name: "Add a passkey" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Name").fill("My laptop");
  await dialog.getByLabel("Current password").fill(person.password);
  assert.deepEqual(await axeProblems(page, { within: "[role=dialog]" }), []);
  await dialog.getByRole("button", { name: "Next" }).click();
  await dialog.getByRole("heading", { name: "Recovery codes" }).waitFor();
  const codes = (await dialog.getByRole("group", { name: "Recovery codes" }).innerText()).split("\n");
  await dialog.getByRole("button", { name: "Done" }).click();
  await page.getByText("My laptop", { exact: true }).waitFor();
  return codes;
}

test("a passkey can be added, and signs in without a password", async () => {
  const { page } = app;
  const person = await app.addPerson("Ann");
  await giveAuthenticator();
  await signIn(page, localhost(""), person);
  await add(person);
  await signOut();
  await page.getByRole("button", { name: "Sign in with a passkey" }).click();
  await page.waitForURL(/\/(?:files|settings)/);
});

longTest("a passkey can be added, used with or without a password, renamed and removed", async () => {
  app.expectComplaint(/status of 401 .*\/(?:sessions\/web|account\/passkeys)/);
  const { page } = app;
  const person = await app.addPerson("Kim");
  await giveAuthenticator();
  await page.goto(localhost("/sign-in"));
  await page.getByRole("button", { name: "Sign in with a passkey" }).waitFor();
  assert.deepEqual(await axeProblems(page), []);
  await fillPassword(person);
  await page.waitForURL(/\/files/);
  const codes = await add(person);
  assert.equal(codes.length, 10);
  await signOut();
  await page.getByRole("button", { name: "Sign in with a passkey" }).click();
  await page.waitForURL(/\/(?:files|settings)/);
  await signOut();
  await fillPassword(person);
  await page.getByRole("button", { name: "Use a passkey" }).waitFor();
  assert.deepEqual(await axeProblems(page), []);
  await page.getByRole("button", { name: "Use a passkey" }).click();
  await page.waitForURL(/\/(?:files|settings)/);
  await page.goto(localhost("/settings/security"));
  await page.getByText("Last used").waitFor();
  await page.getByRole("button", { name: "Rename My laptop" }).click();
  await page.getByRole("dialog").getByLabel("Name").fill("Old laptop");
  await page.keyboard.press("Enter");
  await page.getByRole("button", { name: "Remove Old laptop" }).click();
  const dialog = page.getByRole("dialog");
  await dialog
    .getByText(
      "This is your last passkey. Without it, your password alone is enough to sign in, and your recovery codes stop working.",
    )
    .waitFor();
  await dialog.getByLabel("Current password").fill(person.password);
  await dialog.getByRole("button", { name: "Remove", exact: true }).click();
  await dialog.getByRole("button", { name: "Use a passkey" }).click();
  await page.getByText("No passkeys yet").waitFor();
  assert.deepEqual(await ok(person.api, "GET", "/account/second-factor"), {
    on: false,
    since: null,
    app: false,
    passkeys: 0,
    recovery_codes_left: 0,
  });
  await signOut();
  await page.getByRole("button", { name: "Sign in with a passkey" }).click();
  await page
    .getByText(
      "This passkey did not work. It may have been removed or belong to another account. Try again, or sign in another way.",
    )
    .waitFor();
});

longTest("sensitive actions need the password and the passkey, and the passkey alone keeps the account", async () => {
  app.expectComplaint(/status of 40[13]/);
  const { page } = app;
  const person = await app.addPerson("Ola");
  await giveAuthenticator();
  await signIn(page, localhost(""), person);
  await add(person);
  const dialog = page.getByRole("dialog");
  const prove = async (act: string) => {
    await dialog.getByLabel("Current password").fill(person.password);
    await dialog.getByRole("button", { name: act, exact: true }).click();
    await dialog.getByRole("button", { name: "Use a passkey" }).click();
  };
  await page.goto(localhost("/settings/tokens"));
  await page.getByRole("button", { name: "Create app password" }).click();
  await dialog.getByLabel("Program").fill("camera");
  await prove("Create app password");
  await dialog.getByRole("group", { name: "App password" }).waitFor();
  await page.goto(localhost("/settings/profile"));
  await page.getByRole("button", { name: "Change address…" }).click();
  await dialog.getByLabel("New e-mail address").fill("ola@new.example");
  await prove("Send e-mail");
  await page.getByText("Address change to ola@new.example not confirmed yet").waitFor();
  await page.getByRole("button", { name: "Delete account…" }).click();
  await prove("Delete account");
  await page.getByRole("button", { name: "Sign in with a passkey" }).click();
  await page.getByText("This account is being deleted. After ").waitFor();
  assert.deepEqual(await axeProblems(page), []);
  await page.getByRole("button", { name: "Keep the account" }).click();
  await page.waitForURL(/\/(?:files|settings)/);
  await page.getByRole("button", { name: /^Account/ }).waitFor();
});

longTest("no passkeys are offered at an IP address", async () => {
  const { page } = app;
  await app.signIn(await app.addPerson("Lou"));
  await app.open("/settings/security");
  await page
    .getByText(
      "Passkeys need https and a domain name, which this address does not have. An administrator can set these up (docs/operation.md).",
    )
    .waitFor();
  assert.equal(await page.getByRole("button", { name: "Add a passkey" }).count(), 0);
});
