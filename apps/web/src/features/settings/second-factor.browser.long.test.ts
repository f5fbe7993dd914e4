import assert from "node:assert/strict";
import { test } from "node:test";
import { ok } from "@holdfast/server/acceptance/testing";
import { Secret, TOTP } from "otpauth";
import { axeProblems } from "../../testing/axe.ts";
import { hasFocus } from "../../testing/focus.ts";
import { type Person, sizes, testApp } from "../../testing/test-app.ts";

const app = testApp();

/** The server accepts the next code early, and each code once. */
function codeOf(secret: string, step: "now" | "next" = "now"): string {
  return new TOTP({ secret: Secret.fromBase32(secret) }).generate({
    timestamp: Date.now() + (step === "next" ? 30_000 : 0),
  });
}

async function setUp(person: Person, tries = true): Promise<{ secret: string; codes: string[] }> {
  const { page } = app;
  await app.open("/settings/security");
  await page.getByRole("button", { name: "Set up an app" }).click();
  const dialog = page.getByRole("dialog");
  if (tries) {
    await dialog.getByRole("button", { name: "Next" }).click();
    await dialog.getByText("Enter the password.").waitFor();
    await dialog.getByLabel("Current password").fill("no such password");
    await page.keyboard.press("Enter");
    await dialog.getByText("Wrong password. If you forgot it, an administrator can reset it.").waitFor();
  }
  await dialog.getByLabel("Current password").fill(person.password);
  await page.keyboard.press("Enter");
  await dialog.getByRole("img", { name: "QR code for the authenticator app" }).waitFor();
  assert.deepEqual(await axeProblems(page, { within: "[role=dialog]" }), []);
  const secret = (await dialog.getByRole("group", { name: "Key for manual entry" }).innerText()).replaceAll(" ", "");
  const code = dialog.getByLabel("Code", { exact: true });
  if (tries) {
    await code.fill("000000");
    await page.keyboard.press("Enter");
    await dialog.getByText("That code does not match. Enter the one the app shows now.").waitFor();
  }
  await code.fill(codeOf(secret));
  await page.keyboard.press("Enter");
  await dialog.getByRole("heading", { name: "Recovery codes" }).waitFor();
  assert.deepEqual(await axeProblems(page, { within: "[role=dialog]" }), []);
  const codes = (await dialog.getByRole("group", { name: "Recovery codes" }).innerText()).split("\n");
  const saved = page.waitForEvent("download");
  await dialog.getByRole("link", { name: "Download codes" }).click();
  assert.equal((await saved).suggestedFilename(), "holdfast-recovery-codes.txt");
  await dialog.getByRole("button", { name: "Done" }).click();
  await page.getByText("10 recovery codes left").waitFor();
  return { secret, codes };
}

async function signInAgain(person: Person): Promise<void> {
  const { page } = app;
  await page.getByRole("button", { name: /^Account/ }).click();
  await page.getByRole("menuitem", { name: "Sign out" }).click();
  await page.getByLabel("E-mail address").fill(person.email);
  await page.getByLabel("Password", { exact: true }).fill(person.password);
  await page.keyboard.press("Enter");
  await page.getByLabel("Code", { exact: true }).waitFor();
}

test("an app is set up, required at the next sign-in, replaceable by a recovery code, and removed", async () => {
  app.expectComplaint(
    /status of 4(?:01|22) .*\/(?:sessions\/web|account\/second-factor|changes\/list|notifications\/poll)/,
  );
  const { page } = app;
  const person = await app.addPerson("Fay");
  await app.signIn(person);
  const { secret, codes } = await setUp(person);
  assert.equal((await page.content()).includes(codes[0] ?? ""), false, "they are shown once");
  await signInAgain(person);
  const code = page.getByLabel("Code", { exact: true });
  await hasFocus(code);
  assert.equal(await page.getByText("This code is wrong").count(), 0, "nobody has written one yet");
  assert.deepEqual(await axeProblems(page), []);
  await code.fill("000000");
  await page.keyboard.press("Enter");
  await page.getByText("This code is wrong").waitFor();
  await code.fill(codeOf(secret, "next"));
  await page.keyboard.press("Enter");
  await page.waitForURL(/\/(?:files|settings)/);
  await signInAgain(person);
  await page.getByLabel("Code", { exact: true }).fill(codes[0] ?? "");
  await page.keyboard.press("Enter");
  await page.waitForURL(/\/(?:files|settings)/);
  await app.open("/settings/security");
  await page.getByText("9 recovery codes left").waitFor();
  await page.getByRole("button", { name: "Turn off" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Current password").fill(person.password);
  await dialog.getByLabel("Code", { exact: true }).fill(codes[1] ?? "");
  await dialog.getByRole("button", { name: "Turn off" }).click();
  await page.getByRole("button", { name: "Set up an app" }).waitFor();
  assert.deepEqual(await ok(person.api, "GET", "/account/second-factor"), {
    on: false,
    since: null,
    app: false,
    passkeys: 0,
    recovery_codes_left: 0,
  });
});

test("an administrator removes a lost second factor, and the page fits a phone", async () => {
  app.expectComplaint(
    /status of 4(?:01|22) .*\/(?:sessions\/web|account\/second-factor|changes\/list|notifications\/poll)/,
  );
  const { page } = app;
  // Removing the second factor ends the person's sessions.
  app.expectComplaint(/status of 401/);
  const person = await app.addPerson("Gus");
  await page.setViewportSize(sizes.phone);
  await app.signIn(person);
  const { codes } = await setUp(person, false);
  assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), sizes.phone.width);
  const other = await app.another();
  await other.goto(app.server.url);
  await other.getByLabel("E-mail address").fill(person.email);
  await other.getByLabel("Password", { exact: true }).fill(person.password);
  await other.keyboard.press("Enter");
  await other.getByLabel("Code", { exact: true }).fill(codes[0] ?? "");
  await ok(app.api, "PATCH", `/admin/users/${person.email}`, { second_factor: false });
  await other.keyboard.press("Enter");
  await other.waitForURL(/\/files/);
  await page.setViewportSize(sizes.desktop);
});
